"""One slot against what is due: every kind of difference by its own name."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witness_kit import T0, Media, datagram, music, plan_of, programme, speech, write_flac

from safety.compare import PAD, SILENCE, compare, describe, is_tone, likely_lags, noisiness, peak
from safety.judge import Hit, Version, in_force, judge, nothing
from safety.messages import SLOT
from safety.ring import Ring, index_near, parse
from safety.shelf import Shelf
from schedules.plan import Plan, Take
from schedules.render import NotReady
from station.files import hash_of
from station.words import ChannelId, Misheard, SampleIndex, Sha256

SOUND = (music(1, 2) >> 8).astype(np.int16)
DUE = SOUND[4_800 - PAD : 9_600 + PAD]
GOT = SOUND[4_800:9_600]
ALL = np.ones(SLOT, dtype=np.bool_)


def said(got: np.ndarray) -> tuple[str, str]:
    found = compare(np.clip(got, -32768, 32767).astype(np.int16), ALL, DUE)
    return found.sign, found.cause


def test_rounding_and_a_small_gain_error_are_good() -> None:
    assert said(GOT + 1) == ("good", "")
    assert said(np.round(GOT * 1.05)) == ("good", "")
    assert compare(GOT * 0, ALL, DUE * 0).sign == "pause"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda x: x * [0, 1], "left channel lost"),
        (lambda x: x * [1, 0], "right channel lost"),
        (lambda x: x[:, ::-1], "channels swapped"),
        (lambda x: np.repeat((x.astype(np.int32).sum(axis=1) >> 1)[:, None], 2, axis=1), "stereo lost"),
        (lambda x: np.round(x * 0.5), "level −6 dB"),
        (lambda x: np.round(x * 1.5), "level +4 dB"),
    ],
)
def test_a_damaged_programme_says_how(change: object, cause: str) -> None:
    assert said(change(GOT)) == ("degraded", cause)  # type: ignore[operator]


def test_noise_is_not_an_intruder_and_a_tone_is_no_programme() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1 * np.abs(GOT).mean(), GOT.shape)
    assert said(np.round(GOT + noise)) == ("degraded", "noise")
    tone = np.sin(np.arange(SLOT) / 7)[:, None] * [4_000, 4_000]
    assert said(tone) == ("empty", "tone")
    assert not is_tone(np.zeros(SLOT))
    assert noisiness(np.random.default_rng(2).normal(0, 1, SLOT)) > 0.5 > 0.4 > noisiness(tone[:, 0])


def test_what_is_too_short_to_name_is_said_to_differ() -> None:
    assert describe(GOT[:100] + 50, GOT[:100]) == ("foreign", "samples differ")
    assert describe(GOT[:1000] * 0, GOT[:1000] * 0 + 4) == ("pause", "")
    assert describe(GOT * 0 + SILENCE, GOT)[0] == "silent"
    assert describe(GOT, GOT * 0)[0] == "foreign"
    assert describe(GOT * 0 + 4, GOT * 0)[0] == "foreign"


def test_what_is_as_quiet_as_nothing_fits_no_pause_elsewhere() -> None:
    due = DUE.copy()
    due[PAD + 2_500 : PAD + 3_500] = 0
    got = due[PAD : PAD + SLOT].copy()
    got[2_000:2_300] = SILENCE
    found = compare(got, ALL, due)
    assert (found.sign, found.bad) == ("silent", (2_000, 2_300))


def test_a_click_is_not_taken_for_a_sample_from_far_away() -> None:
    got = GOT.copy()
    got[2_000] = SOUND[4_800 + 2_700]
    found = compare(got, ALL, DUE)
    assert (found.sign, found.cause, found.lag) == ("foreign", "samples differ", 0)


def test_lost_samples_within_a_slot_are_no_stretch() -> None:
    have = ALL.copy()
    have[1_000:1_240] = False
    assert compare(GOT * have[:, None], have, DUE).sign == "degraded"
    have[:1_240] = False
    assert compare(GOT * have[:, None], have, DUE).bad == (0, 1_240)


def test_a_datagram_that_is_no_rtp_is_misheard() -> None:
    good = datagram(T0, GOT[:240])
    assert (parse(good).pcm == GOT[:240]).all()
    extended = bytes([good[0] | 0x10]) + good[1:12] + struct.pack("!HHI", 0xBEDE, 1, 0x10010000) + good[12:]
    assert (parse(extended).pcm == GOT[:240]).all()
    for bad in (
        b"",
        good[:11],
        b"\x00" + good[1:],
        good[:-1],
        bytes([good[0] | 0x10]) + good[1:12],
        bytes([good[0] | 0x20]) + good[1:12],
    ):
        with pytest.raises(Misheard):
            parse(bad)


def test_the_ring_sorts_doubles_and_refuses_what_lies_far_away() -> None:
    ring = Ring()
    assert not ring.read(T0, 10)[1].any()
    packets = [parse(datagram(T0 + k * 240, GOT[k * 240 : (k + 1) * 240])) for k in range(20)]
    for packet in (packets[3], packets[0], packets[0], *packets[::-1]):
        ring.add(packet, T0)
    assert ring.doubled == 3
    pcm, have = ring.read(T0 - 100, SLOT + 200)
    assert (pcm[100:-100] == GOT).all()
    assert have.sum() == SLOT
    ring.add(packets[0], T0 + 40 * 48_000)
    assert ring.misplaced == 1
    assert index_near(5, (1 << 32) + 10) == (1 << 32) + 5


def test_a_file_is_used_only_once_its_checksum_was_seen(tmp_path: Path) -> None:
    sound = speech(12, 1)
    path = tmp_path / "a.flac"
    write_flac(path, sound)
    sha = Sha256(hash_of(path))
    shelf = Shelf(lambda _sha: path)
    with pytest.raises(NotReady):
        shelf.pcm(sha, 0, 10)
    shelf.verified(sha)
    assert shelf.length(sha) == len(sound)
    for start, count in ((0, 4_800), (4_000, 9_000), (400_000, 4_800), (100, 50), (len(sound) - 7, 7)):
        assert (shelf.pcm(sha, start, count) == sound[start : start + count]).all()
    with pytest.raises(NotReady):
        shelf.pcm(sha, len(sound) - 5, 10)
    assert not shelf.is_verified(sha)
    shelf.verified(sha)
    path.unlink()
    with pytest.raises(NotReady):
        shelf.length(sha)
    shelf.close()


def off_air() -> Plan:
    take = Take(
        item="night",
        start=SampleIndex(T0),
        end=SampleIndex(T0 + 100 * 48_000),
        kind="silence",
        title="",
        approval="rundown:0",
    )
    return Plan(channel=ChannelId("fm1"), revision=1, start=take.start, end=take.end, takes=(take,), media=())


def test_planned_off_air_time_is_planned_whether_packets_come_or_not() -> None:
    known = (Version(plan=off_air(), overlays=(), since=SampleIndex(T0)),)
    zeros, none = np.zeros((SLOT, 2), np.int16), np.zeros(SLOT, np.bool_)
    slot = T0 // SLOT + 30
    assert judge(known, Media(), nothing, slot, zeros, ALL, 0)[0].sign == "planned"
    assert judge(known, Media(), nothing, slot, zeros, none, 0)[0].sign == "planned"
    assert judge(known, Media(), nothing, slot, GOT, ALL, 0)[0].sign == "foreign"
    assert in_force((), T0) == ()


def test_where_the_medium_cannot_be_read_only_the_recognised_is_judged() -> None:
    media = Media(song=music(3, 1), filler=music(3, 2))
    plan = plan_of(media, "song")
    known = (Version(plan=plan, overlays=(), since=SampleIndex(T0)),)
    got, slot = programme(plan, media)[4_800:9_600], T0 // SLOT + 1
    media.missing.add(media.sha("song"))
    assert judge(known, media, nothing, slot, got, ALL, 0)[0].cause == "medium song00000000 is not verified"
    assert judge(known, media, nothing, slot, got, ~ALL, 0)[0].sign == "lost"
    right = judge(known, media, lambda _s: Hit(sha256=media.sha("song"), offset=SLOT), slot, got, ALL, 0)[0]
    assert (right.sign, right.cause) == ("good", "recognised")
    other = judge(known, media, lambda _s: Hit(sha256=media.sha("filler"), offset=0), slot, got, ALL, 0)[0]
    assert (other.sign, other.heard) == ("wrong", "filler")


@pytest.mark.parametrize(
    ("late", "cause"),
    [(1, "1 sample doubled"), (-1, "1 sample missing"), (2, "2 samples doubled"), (700, "700 samples doubled")],
)  # fmt: skip
def test_samples_doubled_or_left_out_are_counted_and_the_rest_is_in_its_new_place(
    late: int, cause: str
) -> None:
    got = np.concatenate([GOT[:2_000], SOUND[4_800 + 2_000 - late : 4_800 + SLOT - late]])
    found = compare(got, ALL, DUE)
    assert (found.sign, found.cause, found.lag) == ("degraded", cause, late)
    assert found.bad is not None and 2_000 <= found.bad[0] <= 2_005 and found.bad[1] == SLOT
    after = SOUND[9_600 - late : 9_600 + SLOT - late]
    due = SOUND[9_600 - PAD : 9_600 + SLOT + PAD]
    assert compare(after, ALL, due, late).sign == "good"


def test_a_shift_that_ends_within_the_slot_does_not_last() -> None:
    got = GOT.copy()
    got[1_000:2_000] = SOUND[4_800 + 997 : 4_800 + 1_997]
    found = compare(got, ALL, DUE)
    assert found.lag == 0 and found.sign != "good"


def test_two_steps_of_sixteen_bits_are_rounding_and_three_are_not() -> None:
    assert said(GOT * [0, 1] + [0, 2]) == ("degraded", "left channel lost")
    assert said(GOT * [0, 1] + [0, 3])[1] != "left channel lost"
    middle = np.repeat((GOT.astype(np.int32).sum(axis=1) >> 1)[:, None], 2, axis=1)
    assert said(middle + 2) == ("degraded", "stereo lost") and said(middle + 3)[1] != "stereo lost"
    assert said(GOT[:, ::-1] + 2) == ("degraded", "channels swapped")
    assert said(GOT[:, ::-1] + 3)[1] != "channels swapped"


@pytest.mark.parametrize(
    ("first", "last", "sign"), [(0, 4_799, "lost"), (1, 4_800, "lost"), (1, 4_799, "degraded")]
)
def test_a_loss_that_reaches_an_edge_may_go_on(first: int, last: int, sign: str) -> None:
    have = ALL.copy()
    have[first:last] = False
    found = compare(GOT * have[:, None], have, DUE)
    assert (found.sign, found.bad) == (sign, (first, last))


@pytest.mark.parametrize(("level", "sign"), [(33, "pause"), (34, "good")])
def test_what_is_below_minus_sixty_decibels_is_a_pause(level: int, sign: str) -> None:
    faint = np.full((SLOT, 2), level, np.int16)
    assert compare(faint, ALL, np.full((SLOT + 2 * PAD, 2), level, np.int16)).sign == sign


# -- shifts of every kind of sound ------------------------------------------------------------------

LONG = 24_000
T = np.arange(LONG) / 48_000


def both_sides(wave: np.ndarray) -> np.ndarray:
    return np.repeat(np.round(wave / np.abs(wave).max() * 8_000)[:, None], 2, axis=1).astype(np.int16)


def tones(*pitches: float) -> np.ndarray:
    return both_sides(sum(np.sin(2 * np.pi * pitch * T) for pitch in pitches))  # type: ignore[arg-type]


RNG = np.random.default_rng(5)
NOISE = RNG.normal(0, 1, LONG)
SOUNDS = {
    "noise": both_sides(NOISE),
    "rumble": both_sides(np.convolve(NOISE, np.hanning(400), "same")),
    "room": (both_sides(NOISE) / 260).astype(np.int16),  # below what is audible
    "swell": both_sides(NOISE * np.exp((np.arange(LONG) % SLOT - SLOT) / 300)),
    "speech": (speech(0.5, 2) >> 8).astype(np.int16),
    "music": (music(0.5, 2) >> 8).astype(np.int16),
    "chord": tones(261.63, 329.63, 392.0, 523.25),
    "hum": tones(50.0, 997.0),
    "tone": tones(440.0),
    "sweep": both_sides(np.sin(2 * np.pi * (100 * T + 800 * T**2))),
    "fade": both_sides(np.sin(2 * np.pi * 440 * T) * T),
    "clicks": both_sides(RNG.random(LONG) < 1 / 600),
}


def moved(sound: np.ndarray, at: int, cut: int, late: int) -> tuple[np.ndarray, np.ndarray]:
    """A slot that from sample `cut` on is `late`, and what is due."""
    tail = sound[at + cut - late : at + SLOT - late]
    return np.concatenate([sound[at : at + cut], tail]), sound[at - PAD : at + SLOT + PAD]


@settings(max_examples=120)
@given(
    name=st.sampled_from(sorted(SOUNDS)),
    at=st.integers(PAD + 100, LONG - SLOT - 2 * PAD),
    cut=st.integers(0, SLOT - 1),
    late=st.integers(-PAD, PAD),
)
def test_no_shift_of_any_sound_is_foreign(name: str, at: int, cut: int, late: int) -> None:
    got, due = moved(SOUNDS[name], at, cut, late)
    found = compare(got, ALL, due)
    assert found.sign in ("good", "pause", "degraded") or (
        found.bad is not None
        and (found.bad[1] - found.bad[0] < 16 or peak(got[slice(*found.bad)]) <= SILENCE)
    )
    if found.lag:  # and from here on all is in its new place
        assert (np.abs(got - due[PAD - found.lag :][:SLOT].astype(int))[found.bad[0] :] <= 2).all()  # type: ignore[index]


@pytest.mark.parametrize("name", ["noise", "rumble", "room", "speech", "music", "chord", "sweep", "fade"])
@pytest.mark.parametrize("late", [-1_900, -6, 1, 700, PAD])
def test_a_shift_of_sound_that_does_not_repeat_is_found_to_the_sample(name: str, late: int) -> None:
    got, due = moved(SOUNDS[name], 6_000, 1_000, late)
    found = compare(got, ALL, due)
    assert (found.sign, found.lag) == ("degraded", late)


def test_a_shift_that_is_rounded_otherwise_lasts_too() -> None:
    got, due = moved(SOUNDS["noise"], 6_000, 1_000, 700)
    assert compare(got + np.int16(2), ALL, due).lag == 700


@settings(max_examples=30)
@given(
    name=st.sampled_from(sorted(set(SOUNDS) - {"clicks", "room"})),
    late=st.integers(-PAD, PAD),
    gain=st.sampled_from([1.0, 0.6]),
)
def test_a_sound_at_another_level_is_among_the_likely_lags(name: str, late: int, gain: float) -> None:
    whole, due = moved(SOUNDS[name], 6_000, 0, late)
    got = np.round(whole * gain).astype(np.int16)
    assert any(
        describe(got, due[PAD - k :][:SLOT])[0] in ("good", "degraded", "pause")
        for k in likely_lags(got, due)
    )


@pytest.mark.parametrize(("name", "before"), [("room", "speech"), ("chord", "noise"), ("music", "hum")])
def test_something_else_at_the_beginning_does_not_hide_the_place_of_the_rest(name: str, before: str) -> None:
    got = SOUNDS[name][5_000 - 333 : 19_000 - 333].copy()
    got[:4_000] = SOUNDS[before][:4_000]
    assert 333 in likely_lags(got, SOUNDS[name][5_000 - PAD : 19_000 + PAD])
