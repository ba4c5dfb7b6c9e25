"""EAS SAME heard: bursts and messages in noise, at wrong speeds, clipped, cut off; and nothing heard where nothing was sent."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emergency import same, same_audio, same_grammar
from emergency.same import Header
from emergency.same_demod import Burst, Demodulator, as_sound
from emergency.same_monitor import BurstHeard, EndHeard, Event, Message, Monitor
from emergency.same_tones import Ear, Tones, bit_samples, leaning
from emergency.same_words import event_codes
from station.words import Refused

HEADER = same.read("ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-").header
LONG = attrs.evolve(HEADER, event="CEM", locations=tuple(f"{n:06d}" for n in range(24_001, 24_032)))
RATE = 11_025
POWER = 16_384**2 / 2  # of a burst


def sent(header: Header = HEADER, *, rate: int = RATE, end: bool = False) -> np.ndarray:
    return same_audio.activation(header, rate, attention_s=0, end=end).astype(float)


def noisy(sound: np.ndarray, snr_db: float, seed: int = 0) -> np.ndarray:
    """White noise over the whole band, its power set against that of a burst."""
    return sound + np.random.default_rng(seed).normal(size=len(sound)) * np.sqrt(POWER / 10 ** (snr_db / 10))


def samples(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)


def heard(sound: np.ndarray, rate: int = RATE, block: int = 2_000) -> list[Event]:
    monitor = Monitor(rate)
    data = samples(sound)
    events = [event for at in range(0, len(data), block) for event in monitor.feed(data[at : at + block])]
    return events + monitor.finish()


def messages(events: list[Event]) -> list[Message]:
    return [event for event in events if isinstance(event, Message)]


def texts(sound: np.ndarray, rate: int = RATE) -> list[str]:
    return [message.text for message in messages(heard(sound, rate))]


def test_a_clean_message_is_heard_with_its_bursts_and_ends() -> None:
    events = heard(sent(end=True))
    (message,) = messages(events)
    assert message.text == same.write(HEADER) and message.reading.header == HEADER and message.reading.strict
    assert (message.bursts, message.alike, message.valid) == (3, 3, True)
    assert message.certainty > 0.99 and abs(message.speed - 1) < 0.003 and message.clearness_db > 15
    assert abs(message.begin / RATE - (0.5 + 128 * 6 / 3125)) < 0.001
    assert [event.number for event in events if isinstance(event, EndHeard)] == [1, 2, 3]
    assert sum(isinstance(event, BurstHeard) for event in events) == 3


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_every_usual_rate_is_understood_in_noise(rate: int) -> None:
    assert texts(noisy(sent(rate=rate), 3), rate) == [same.write(HEADER)]


def stretched(sound: np.ndarray, speed: float) -> np.ndarray:
    return np.interp(np.arange(int(len(sound) / speed)) * speed, np.arange(len(sound)), sound)


@pytest.mark.parametrize("speed", [0.95, 1.05])
def test_senders_five_percent_fast_or_slow_are_understood_in_noise(speed: float) -> None:
    (message,) = messages(heard(noisy(stretched(sent(rate=16_000), speed), 3), 16_000))
    assert message.text == same.write(HEADER) and abs(message.speed - speed) < 0.004


def wow(sound: np.ndarray, rate: int) -> np.ndarray:
    """A tape whose speed swings by 2 %."""
    at = np.arange(len(sound))
    return np.interp(at + rate * 0.02 / 7 * np.sin(7 * at / rate), at, sound)


def fallen(sound: np.ndarray, seconds: list[tuple[float, float]], rate: int = RATE) -> np.ndarray:
    """Silence from … to."""
    made = sound.copy()
    for begin, end in seconds:
        made[int(begin * rate) : int(end * rate)] = 0
    return made


def crackling(sound: np.ndarray) -> np.ndarray:
    made, rng = sound.copy(), np.random.default_rng(4)
    for at in rng.integers(0, len(sound), 12):
        made[at : at + 200] = rng.normal(size=200)[: len(made[at : at + 200])] * 20_000
    return made


def echoing(sound: np.ndarray) -> np.ndarray:
    made = sound * 0.6
    made[8:] += 0.4 * sound[:-8]
    return made


DAMAGE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "clipped": lambda sound: np.clip(sound, -500, 500) * 30,
    "clipped with noise as loud": lambda sound: np.clip(noisy(sound, 0), -3_000, 3_000),
    "noise twice as loud": lambda sound: noisy(sound, -3),
    "with a constant": lambda sound: sound * 0.3 + 20_000,
    "60 dB down": lambda sound: sound * 0.001,
    "with hum": lambda sound: sound * 0.3 + 12_000 * np.sin(np.arange(len(sound)) * 2 * np.pi * 50 / RATE),
    "with a whistle": lambda sound: (
        sound * 0.5 + 4_000 * np.sin(np.arange(len(sound)) * 2 * np.pi * 1_700 / RATE)
    ),
    "with an echo": echoing,
    "on a bad tape": lambda sound: wow(sound, RATE),
    "crackling": crackling,
    "first half preamble lost": lambda sound: fallen(sound, [(0, 0.62)]),
    "holes": lambda sound: fallen(sound, [(1.0, 1.03), (3.1, 3.13), (5.0, 5.02)]),
    "second burst lost": lambda sound: fallen(sound, [(2.2, 3.9)]),
    "only the last burst": lambda sound: fallen(sound, [(0, 4.0)]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_header_is_heard_once_and_right(name: str) -> None:
    assert texts(DAMAGE[name](sent())) == [same.write(HEADER)]


def test_what_one_burst_says_is_told_but_not_valid_by_the_rule() -> None:
    (message,) = messages(heard(fallen(sent(), [(2.2, 9)])))
    assert (message.bursts, message.alike, message.valid) == (1, 1, False)


def test_bursts_that_are_all_wrong_alone_are_right_together() -> None:
    """Odds add up: voting by whole characters could not do this."""
    all_heard = [messages(heard(noisy(sent(rate=22_050), -5, seed), 22_050)) for seed in range(4)]
    right = [message for found in all_heard for message in found if message.text == same.write(HEADER)]
    assert len(right) >= 3 and any(message.alike == 0 for message in right)


def test_31_locations_are_understood_with_noise_as_loud_as_the_sender() -> None:
    assert texts(noisy(sent(LONG), 0)) == [same.write(LONG)]


def test_several_messages_in_one_sound_stay_apart() -> None:
    other = attrs.evolve(HEADER, event="SVR", minute=24)
    both = np.concatenate([sent(end=True), sent(other, end=True)])
    assert texts(both) == [same.write(HEADER), same.write(other)]
    assert texts(np.concatenate([sent(), sent(other)])) == [same.write(HEADER), same.write(other)]


def test_another_header_after_two_bursts_of_one_is_a_message_of_its_own() -> None:
    other = attrs.evolve(HEADER, minute=24)
    both = np.concatenate([sent()[: int(4.0 * RATE)], sent(other)])
    found = messages(heard(both))
    assert [message.text for message in found] == [same.write(HEADER), same.write(other)]
    assert [message.bursts for message in found] == [2, 3]


def test_a_burst_that_says_next_to_nothing_is_not_shown() -> None:
    monitor = Monitor(RATE)
    faint = same_grammar.likeliest(odds_of(str(HEADER)[4:], 1.0), event_codes())
    burst = Burst(
        kind="header", begin=0, end=9_000, speed=1, clearness_db=1, odds=np.zeros((45, 8)), heard=faint
    )
    assert monitor._header(attrs.evolve(burst, heard=attrs.evolve(faint, weight=3.0))) == []
    assert monitor.finish() == []


def test_the_same_header_sent_again_is_told_again() -> None:
    assert texts(np.concatenate([sent(end=True)] * 2)) == [same.write(HEADER)] * 2


def test_a_fourth_burst_of_the_same_is_no_second_message() -> None:
    whole = sent()
    assert texts(np.concatenate([whole, whole[int(RATE * 4.4) :]])) == [same.write(HEADER)]


def test_how_blocks_are_cut_changes_nothing() -> None:
    sound = noisy(sent(end=True), 3)
    once = [(type(event), event.begin, event.end) for event in heard(sound, block=len(sound))]
    assert once == [(type(event), event.begin, event.end) for event in heard(sound, block=333)]


def test_floats_are_heard_like_whole_numbers_and_what_is_no_number_is_silence() -> None:
    monitor = Monitor(RATE)
    sound = sent() / 32_768
    events = monitor.feed(np.array([np.nan, np.inf, -np.inf, 5.0])) + monitor.feed(sound) + monitor.finish()
    assert [message.text for message in messages(events)] == [same.write(HEADER)]
    assert as_sound(np.array([np.nan, np.inf, 5.0])).tolist() == [0, 0, 1]


def test_a_sound_that_ends_in_a_header_is_no_header_and_the_next_sound_is_heard() -> None:
    monitor = Monitor(RATE)
    monitor.feed(samples(sent()[: int(1.2 * RATE)]))
    assert messages(monitor.finish()) == []
    events = monitor.feed(samples(sent())) + monitor.finish()
    assert [message.text for message in messages(events)] == [same.write(HEADER)]


def test_a_sound_that_ends_with_its_last_bit_is_heard() -> None:
    sound = sent()
    last = np.flatnonzero(np.abs(sound) > 0)[-1] + 1
    assert texts(sound[:last]) == [same.write(HEADER)]
    (message,) = messages(heard(sound[:last]))
    assert message.bursts == 3


def test_a_message_is_told_within_a_second_of_its_third_burst() -> None:
    monitor, sound = Monitor(RATE), samples(noisy(sent(end=True), 10))
    for at in range(0, len(sound), 500):
        told = messages(monitor.feed(sound[at : at + 500]))
        if told:
            assert (at + 500 - told[0].end) / RATE < 1.0
            return
    pytest.fail("never told")


def test_an_end_of_message_alone_is_heard() -> None:
    ends = [
        event for event in heard(same_audio.bursts("NNNN", RATE).astype(float)) if isinstance(event, EndHeard)
    ]
    assert [end.number for end in ends] == [1, 2, 3] and heard(np.zeros(RATE)) == []


def test_ends_of_two_messages_are_counted_apart() -> None:
    ends = same_audio.bursts("NNNN", RATE).astype(float)
    gap = np.zeros(6 * RATE)
    numbers = [event.number for event in heard(np.concatenate([ends[: len(ends) // 3], gap, ends]))]  # type: ignore[union-attr]
    assert numbers == [1, 1, 2, 3]


def test_rates_that_cannot_carry_the_tones_are_refused() -> None:
    for rate in (4_000, 200_000, 0):
        with pytest.raises(Refused, match="8000 to 192000"):
            Demodulator(rate)


# --- nothing sent, nothing heard -------------------------------------------------------------------------------------


def melody(seconds: int, rng: np.random.Generator) -> np.ndarray:
    """Tones of changing height with overtones, among them those of SAME, keyed at about its rhythm."""
    pieces = []
    for _ in range(seconds * 20):
        at = np.arange(RATE // 20) / RATE
        hertz = rng.choice([1_562.5, 2_083.3, *rng.uniform(80, 3_000, 3)])
        pieces.append(sum(np.sin(2 * np.pi * hertz * part * at) / part for part in (1, 2, 3)))
    return np.concatenate(pieces) * 6_000


def modem(seconds: int, rng: np.random.Generator) -> np.ndarray:
    """Random bits in the very modulation, without a preamble: the hardest thing to be silent about."""
    at = np.arange(seconds * RATE)
    bits = rng.integers(0, 2, int(seconds * 3125 / 6) + 2)
    waves = np.where(bits[at * 3125 // (6 * RATE)], 4, 3)
    return np.sin(2 * np.pi * at * waves * 3125 / (6 * RATE)) * 16_000


@pytest.mark.parametrize(
    "make", [melody, modem, lambda seconds, rng: rng.normal(size=seconds * RATE) * 8_000]
)
def test_nothing_is_heard_in_noise_melodies_and_random_bits(make: Callable[..., np.ndarray]) -> None:
    """A short version of bench/same.py --false."""
    assert heard(make(60, np.random.default_rng(5)), block=RATE) == []


@given(
    hnp.arrays(np.int16, st.integers(0, 6_000)) | hnp.arrays(np.float32, st.integers(0, 3_000)),
    st.integers(8_000, 192_000),
)
@settings(max_examples=20)
def test_the_demodulator_never_raises_and_keeps_little(block: np.ndarray, rate: int) -> None:
    """Fuzz: hostile samples at any rate; what is kept stays within seconds of sound."""
    monitor = Monitor(rate)
    for _ in range(3):
        monitor.feed(block)
        assert len(monitor._ears._sound) < 7 * rate and len(monitor._ears._at_work) <= 6
    monitor.finish()


def test_preambles_without_end_are_bounded_in_what_is_kept() -> None:
    monitor = Monitor(8_000)
    endless = same_audio.burst("ZCZC-WXR-TOR" + "-024031" * 60 + "ZCZC" * 30, 8_000)
    for _ in range(2):
        monitor.feed(endless)
        assert len(monitor._ears._sound) < 8 * 8_000 and len(monitor._group) <= 3
    assert messages(monitor.finish()) == []


# --- the pieces ------------------------------------------------------------------------------------------------------


def odds_of(text: str, strength: float = 10.0) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(text.encode(), np.uint8), bitorder="little").reshape(-1, 8)
    return (2.0 * bits - 1) * strength


@given(st.integers(1, 31), st.sampled_from(event_codes()), st.integers(0, 10**6))
@settings(max_examples=25)
def test_the_likeliest_header_of_clear_bits_is_what_they_say(places: int, event: str, first: int) -> None:
    header = attrs.evolve(
        HEADER, event=event, locations=tuple(f"{first % 900_000 + n:06d}" for n in range(places))
    )
    found = same_grammar.likeliest(odds_of(str(header)[4:]), event_codes())
    assert found.text == str(header) and found.certainty > 0.9 and found.weight > 100


def test_codes_that_no_table_has_are_still_read() -> None:
    odd = "ZCZC-XYZ-QQQ-024031+0030-3191423-KGNF/NWS-"
    found = same_grammar.likeliest(odds_of(odd[4:]), event_codes())
    assert found.text == odd and found.certainty > 0.9


def test_a_sender_of_another_length_is_read() -> None:
    for name in ("KGNF", "ABCDEFGHIJ"):
        text = f"ZCZC-EAS-RWT-024031+0030-3191423-{name}-"
        after = np.random.default_rng(1).normal(size=(6, 8))
        odds = np.concatenate([odds_of(text[4:]), after])
        assert same_grammar.likeliest(odds, event_codes()).text == text


def test_a_header_that_may_go_on_is_not_called_complete() -> None:
    text = str(HEADER)
    assert same_grammar.likeliest(odds_of(text[4:30]), event_codes()).lead <= 0
    assert same_grammar.likeliest(odds_of(text[4:] + "\x00\x7f\x01"), event_codes()).lead > 12
    assert same_grammar.likeliest(odds_of(str(LONG)[4:]), event_codes()).lead > 12


def test_bits_of_chance_weigh_less_than_nothing() -> None:
    rng = np.random.default_rng(2)
    weights = [same_grammar.likeliest(rng.normal(size=(60, 8)) * 2, event_codes()).weight for _ in range(20)]
    assert max(weights) < 0
    assert same_grammar.likeliest(np.zeros((2, 8)), event_codes()).certainty < 0.01


def test_bits_that_agree_are_told_from_bits_that_do_not() -> None:
    one, other = odds_of("TOR-024031"), odds_of("SVR-048999")
    assert same_grammar.same_bits(one, one[:5]) > 20
    assert same_grammar.same_bits(one, other) < -20
    assert same_grammar.together([one, other[:3]]).shape == one.shape
    assert same_grammar.weight_of("TOR", one[:2]) > 9


def test_an_ear_hears_alike_when_one_tone_is_faint() -> None:
    rng = np.random.default_rng(1)
    sent_bits = rng.integers(0, 2, 400).astype(bool)
    mark = np.where(sent_bits, 0.1, 0.0) + np.abs(rng.normal(size=400)) * 0.01
    space = np.where(sent_bits, 0.0, 0.8) + np.abs(rng.normal(size=400)) * 0.01
    ear = Ear.of(mark, space, sent_bits)
    assert np.all((ear.odds(mark, space) > 0) == sent_bits)
    assert ear.odds(np.array([0.1]), np.array([0.0]))[0] > 0 > ear.odds(np.array([0.0]), np.array([0.8]))[0]


def test_a_crackle_says_little() -> None:
    sent_bits = np.arange(96) % 2 == 0
    ear = Ear.of(np.where(sent_bits, 0.5, 0.02), np.where(sent_bits, 0.02, 0.5), sent_bits)
    clear = ear.odds(np.full(8, 0.5), np.full(8, 0.02))
    crackle = ear.odds(np.full(8, 2.0), np.full(8, 1.5))
    assert clear.min() > 9 and np.abs(crackle).max() < 3


def test_silence_leans_to_neither_side() -> None:
    assert leaning(np.zeros(3), np.zeros(3)).tolist() == [0, 0, 0]
    tones = Tones.at_speed(np.zeros(0, np.float32), bit_samples(RATE))
    assert [value.tolist() for value in tones.loudness(np.array([-5.0, 3.0]), 20.0)] == [[0, 0], [0, 0]]


def bursts_of(sound: np.ndarray, rate: int = RATE) -> list[Burst]:
    ears = Demodulator(rate)
    return [*ears.feed(samples(sound)), *ears.finish()]


@pytest.mark.parametrize("speed", [0.945, 1.0, 1.055])
def test_a_burst_is_placed_to_a_sixth_of_a_bit_and_its_speed_to_a_thousandth(speed: float) -> None:
    bit = bit_samples(RATE)
    length = len(same.write(HEADER)) * 8 * bit
    found = bursts_of(noisy(stretched(sent(), speed), 10))
    assert len(found) == 3
    for number, burst in enumerate(found):
        begin = 0.5 * RATE + 128 * bit + number * (128 * bit + length + RATE)
        assert abs(burst.begin - begin / speed) < bit / 6
        assert abs(burst.end - (begin + length) / speed) < bit / 6
        assert abs(burst.speed - speed) < 0.001


@pytest.mark.parametrize("snr_db", [-3, 0, 6])
def test_clearness_is_that_of_the_tones_over_the_noise_in_a_bits_width(snr_db: float) -> None:
    expected = snr_db + 10 * np.log10(bit_samples(RATE) / 2)
    found = [burst.clearness_db for burst in bursts_of(noisy(sent(), snr_db))]
    assert len(found) == 3 and abs(float(np.mean(found)) - expected) < 1


@pytest.mark.parametrize("lost", [1, 2, 3, 5, 6, 7])
def test_a_letter_lost_of_a_code_that_only_one_fits_leaves_it_certain(lost: int) -> None:
    text = "ZCZC-WXR-DMO-024031+0030-3191423-KGNF/NWS-"
    odds = odds_of(text[4:])
    odds[lost] = 0
    found = same_grammar.likeliest(odds, event_codes())
    assert found.text == text and found.certainty > 0.9


@pytest.mark.parametrize("lost", [11, 14, 22, 27, 29, 36])
def test_a_letter_lost_elsewhere_leaves_nothing_certain(lost: int) -> None:
    odds = odds_of("-WXR-DMO-024031+0030-3191423-KGNF/NWS-")
    odds[lost] = 0
    assert same_grammar.likeliest(odds, event_codes()).certainty < 0.6
