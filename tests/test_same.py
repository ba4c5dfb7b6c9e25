"""The header of an EAS SAME message: strict writing, tolerant reading, times, words, and the sound of it."""

from __future__ import annotations

import datetime
import hashlib

import attrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emergency import same, same_audio, same_words
from emergency.same import Header
from station.words import Instant, Misheard, Refused, Text

HEADER = Header(
    originator="WXR",
    event="TOR",
    locations=("024031", "124005"),
    valid_minutes=30,
    day=319,
    hour=14,
    minute=23,
    sender="KGNF/NWS",
)
TEXT = "ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
NOW = Instant(1_795_342_800_000_000)  # 2026-11-22 10:20 UTC

headers = st.builds(
    Header,
    originator=st.sampled_from(same.ORIGINATORS),
    event=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    locations=st.lists(
        st.text("0123456789", min_size=6, max_size=6), min_size=1, max_size=31, unique=True
    ).map(tuple),
    valid_minutes=st.integers(0, 6_000).map(same.valid_time),
    day=st.integers(1, 366),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    sender=st.text("ABCXYZ019/ ", min_size=1, max_size=8).filter(lambda name: name == name.rstrip() and name),
)


@given(headers)
def test_what_is_written_is_read_back_and_strict(header: Header) -> None:
    reading = same.read(same.write(header))
    assert reading.header == header and reading.strict
    assert len(same.write(header)) == 35 + 7 * len(header.locations) <= same.LONGEST


def test_31_locations_are_strict() -> None:
    most = attrs.evolve(HEADER, locations=tuple(f"{n:06d}" for n in range(31)))
    assert same.read(same.write(most)).strict and len(same.write(most)) == same.LONGEST == 252


def test_the_layout_is_the_standards() -> None:
    assert same.write(HEADER) == TEXT == str(HEADER)
    assert same.read(TEXT).header == HEADER


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"originator": "ABC"}, "originator 'ABC'"),
        ({"event": "T0R"}, "three capitals"),
        ({"locations": ()}, "0 locations"),
        ({"locations": tuple(f"{n:06d}" for n in range(32))}, "32 locations"),
        ({"locations": ("24031",)}, "Not six digits: '24031'"),
        ({"locations": ("1", "2", "3", "4")}, "Not six digits: '1', '2', '3'\\."),
        ({"locations": ("024031", "024031")}, "twice"),
        ({"valid_minutes": 20}, "Valid for 20 min"),
        ({"valid_minutes": 75}, "Valid for 75 min"),
        ({"valid_minutes": 0}, "Valid for 0 min"),
        ({"valid_minutes": 6_000}, "Valid for 6000 min"),
        ({"day": 0}, "no day 0"),
        ({"hour": 24}, "24:23"),
        ({"minute": 60}, "14:60"),
        ({"sender": "A-B"}, "sender 'A-B'"),
        ({"sender": "KGNF "}, "sender 'KGNF '"),
        ({"sender": ""}, "sender ''"),
    ],
)
def test_nothing_is_written_that_the_standard_does_not_allow(change: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        same.write(attrs.evolve(HEADER, **change))
    assert refused.value.text.zh


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("noise " + TEXT, "before or behind"),
        (TEXT + "\n+OK", "before or behind"),
        (TEXT[4:], "before or behind"),
        (TEXT[:-1], "last dash"),
        (TEXT.replace("KGNF/NWS", "KGNF"), "4 characters"),
        (TEXT.replace("KGNF/NWS", "KGNF-NWS"), "sender 'KGNF-NWS'"),
        (TEXT.replace("-024031", "-24031"), "Zeros are missing"),
        (TEXT.replace("-024031", "-124005"), "read once"),
        (TEXT.replace("+0030", "+0020"), "Valid for 20"),
        (TEXT.replace("WXR", "ABC"), "originator"),
        (TEXT.replace("TOR", "TO?"), "three capitals"),
        (TEXT.replace("-3191423", "-3672561"), "no day 367"),
        (TEXT.replace("-124005", "".join(f"-{n:06d}" for n in range(40))), "41 locations"),
    ],
)
def test_departures_are_read_and_told(text: str, remark: str) -> None:
    reading = same.read(text)
    assert not reading.strict and remark in " ".join(one.en for one in reading.remarks)
    assert reading.header.event.startswith("TO") and len(reading.header.locations) <= 31
    assert all(one.zh for one in reading.remarks)


@given(st.one_of(st.text(max_size=80), st.text("ZC-+0123WXRTO ", max_size=300)))
def test_reading_never_raises_anything_but_misheard(text: str) -> None:
    """Fuzz: the same by the million in `make fuzz`."""
    try:
        reading = same.read(text)
    except Misheard as misheard:
        assert misheard.text.zh
    else:
        assert len(reading.header.locations) <= 31 and len(str(reading.header)) <= same.LONGEST + 16


def test_long_hostile_text_takes_no_time() -> None:
    for text in ("-" * 10**6, "ZCZC-WXR-TOR" + "-000000" * 10**5, "ZCZC-" * 10**5):
        with pytest.raises(Misheard):
            same.read(text)


# --- times -----------------------------------------------------------------------------------------------------------


def test_the_year_is_that_which_brings_it_nearest() -> None:
    def utc(*numbers: int) -> int:
        return int(datetime.datetime(*numbers, tzinfo=datetime.UTC).timestamp()) * 1_000_000

    assert same.issued_at(HEADER, NOW) == utc(2026, 11, 15, 14, 23)
    new_year = attrs.evolve(HEADER, day=366, hour=23, minute=59)
    assert same.issued_at(new_year, Instant(utc(2025, 1, 1))) == utc(2024, 12, 31, 23, 59)
    first = attrs.evolve(HEADER, day=1, hour=0, minute=1)
    assert same.issued_at(first, Instant(utc(2026, 12, 31, 23))) == utc(2027, 1, 1, 0, 1)
    assert same.expires_at(HEADER, NOW) - same.issued_at(HEADER, NOW) == 30 * 60 * 1_000_000


def test_a_time_that_does_not_exist_is_misheard() -> None:
    with pytest.raises(Misheard, match="24:23"):
        same.issued_at(attrs.evolve(HEADER, hour=24), NOW)


@given(st.integers(1, 83_950 * 86_400).map(lambda second: EPOCH + datetime.timedelta(seconds=second)))
@example(EPOCH.replace(year=2096, month=12, day=31, hour=23))
@example(EPOCH.replace(year=2027, month=1, day=1))
@example(EPOCH.replace(year=1971, month=1, day=1))
@example(EPOCH.replace(year=2101, month=1, day=1))
def test_a_stamp_is_what_the_calendar_says_and_comes_back(when: datetime.datetime) -> None:
    at = Instant((when - EPOCH) // datetime.timedelta(microseconds=1))
    day, hour, minute = same.stamp(at)
    assert (day, hour, minute) == (when.timetuple().tm_yday, when.hour, when.minute)
    assert 0 <= at - same.issued_at(attrs.evolve(HEADER, day=day, hour=hour, minute=minute), at) < 60_000_000


def test_valid_times_are_rounded_up_to_what_can_be_said() -> None:
    asked = (-5, 0, 1, 15, 16, 59, 60, 61, 90, 91, 360, 361, 5_970, 9_999)
    said = (15, 15, 15, 15, 30, 60, 60, 90, 90, 120, 360, 390, 5_970, 5_970)
    assert tuple(map(same.valid_time, asked)) == said


def test_one_alert_passed_on_is_known_by_all_but_its_sender() -> None:
    assert same.same_alert(HEADER, attrs.evolve(HEADER, sender="WXYZ/FM"))
    turned = attrs.evolve(HEADER, locations=HEADER.locations[::-1])
    assert not same.same_alert(HEADER, turned)
    assert not same.same_alert(HEADER, attrs.evolve(HEADER, minute=24))


# --- words -----------------------------------------------------------------------------------------------------------


def test_codes_are_three_capitals_with_words_in_both_languages_and_values_of_cap() -> None:
    events = same_words.same_events()
    assert len(events) == len(same_words.event_codes()) == len({one.words.en for one in events.values()})
    for code, one in events.items():
        assert len(code) == 3 and code.isupper() and one.words.en and one.words.zh
        assert one.kind in ("national", "test", "admin", "emergency", "warning", "watch", "statement")
        assert one.severity in ("Extreme", "Severe", "Moderate", "Minor")
        assert one.urgency in ("Immediate", "Expected", "Future", "Past")
        assert one.certainty in ("Observed", "Likely", "Possible", "Unlikely")
    assert {"EAN", "NPT", "RMT", "RWT"} <= {code for code, one in events.items() if one.listed}


def test_the_last_letter_of_natural_events_says_warning_watch_or_statement() -> None:
    """47 CFR 11.31(e): W, A and S; those of civil events follow no rule."""
    ends = {"warning": "W", "watch": "A", "statement": "S"}
    odd = {"SVR", "TOR", "FLS", "POS"}
    for code, one in same_words.same_events().items():
        if one.kind in ends and code not in odd:
            assert code.endswith(ends[one.kind]), code


def test_places_are_told_with_part_state_and_county() -> None:
    assert same_words.place_words("000000") == Text("United States", "美国全境")
    assert same_words.place_words("048000").en == "Texas"
    assert same_words.place_words("124031") == Text(
        "northwest of county 031 of Maryland", "马里兰州第 031 县西北部"
    )
    named = {"24031": Text("Montgomery County", "蒙哥马利县")}
    assert same_words.place_words("024031", named).zh == "马里兰州蒙哥马利县"
    assert same_words.place_words("099000").en == "unlisted state 99"
    assert same_words.place_words("x24000").en == "part x of Maryland"


def test_a_header_is_one_sentence_in_each_language() -> None:
    said = same_words.sentence(HEADER)
    assert said.en.startswith("Tornado Warning, from: National Weather Service; for: county 031 of Maryland;")
    assert "有效 0 小时 30 分" in said.zh and "国家气象局" in said.zh
    unknown = same_words.sentence(attrs.evolve(HEADER, event="XYZ", originator="ABC"))
    assert "unknown event XYZ" in unknown.en and "未知发布方 ABC" in unknown.zh


# --- sound -----------------------------------------------------------------------------------------------------------


def crossings(sound: np.ndarray) -> np.ndarray:
    """Where the sound passes zero upwards, by a line between the samples."""
    low, high = sound[:-1].astype(float), sound[1:].astype(float)
    at = np.flatnonzero((low < 0) & (high >= 0))
    return at - low[at] / (high[at] - low[at])


def test_a_burst_has_the_standards_tones_and_no_jump() -> None:
    """Truth from outside: zero crossings counted, not the codec's own phase."""
    rate = 48_000
    sound = same_audio.burst(TEXT, rate)
    bits = np.unpackbits(np.frombuffer(b"\xab" * 16 + TEXT.encode(), np.uint8), bitorder="little")
    assert abs(len(sound) / rate - len(bits) * 6 / 3125) < 1 / rate
    waves = np.diff(crossings(sound)) / rate
    assert np.allclose(np.sort(1 / waves)[[20, -20]], [1562.5, 6250 / 3], rtol=0.01)
    assert abs(len(waves) + 1 - sum(4 if bit else 3 for bit in bits)) <= 1
    steepest = 16_384 * 2 * np.pi * (6250 / 3) / rate
    assert np.abs(np.diff(sound.astype(int))).max() <= steepest + 1


def test_the_sound_is_the_same_to_the_bit_for_ever() -> None:
    made = {rate: same_audio.activation(HEADER, rate) for rate in (22_050, 48_000)}
    sums = {
        rate: hashlib.sha256(sound.astype("<i2").tobytes()).hexdigest()[:16] for rate, sound in made.items()
    }
    assert sums == GOLDEN


GOLDEN = {22_050: "451315cf5ed99bf3", 48_000: "bd9c1f9ef1724e68"}


def test_the_attention_signal_is_853_and_960_hz() -> None:
    sound = same_audio.attention(8_000, 8)
    spectrum = np.abs(np.fft.rfft(sound))
    loudest = set(np.argsort(-spectrum)[:2] / 8)
    assert loudest == {853.0, 960.0} and len(sound) == 64_000
    for seconds in (7, 26):
        with pytest.raises(Refused, match="8 to 25 s"):
            same_audio.attention(8_000, seconds)


def test_an_activation_has_its_parts_in_order_with_pauses_between() -> None:
    rate = 8_000
    speech = np.full(rate, 5_000, np.int16)
    sound = same_audio.activation(HEADER, rate, message=speech)
    loud = np.flatnonzero(np.abs(sound.astype(int)) > 0)
    pauses = np.flatnonzero(np.diff(loud) > rate // 4)
    assert len(pauses) == 3 + 1 + 1 + 2  # after three headers, the tone, the speech, and between three ends
    assert np.all(np.diff(loud)[pauses] >= rate * 0.99)
    bare = same_audio.activation(HEADER, rate, attention_s=0, end=False)
    assert len(sound) - len(bare) > 10 * rate
    both = same_audio.joined([bare, bare], rate, pause_ms=500)
    assert len(both) == 2 * (len(bare) + rate // 2)


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(Refused, match="8000 to 192000"):
        same_audio.burst(TEXT, 7_999)
    with pytest.raises(Refused, match="ASCII"):
        same_audio.burst("ZCZC-暴雨", 8_000)
    with pytest.raises(Refused, match="three capitals"):
        same_audio.activation(attrs.evolve(HEADER, event="tor"), 8_000)
