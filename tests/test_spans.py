"""Where the sound of a file lies in what its decoder gives: conventions, gaps, clocks that jump."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from playout.spans import PRIMING, Places, Span, coder, declared, lossless, mute_frame

RATE = 48_000


def test_the_conventions_are_those_of_the_manual():
    assert PRIMING == {
        "mp1": 481, "mp2": 481, "mp3": 1_105, "aac": 1_024, "aac_latm": 1_024, "ac3": 256, "ac3_fixed": 256, "eac3": 256, "opus": 312,
    }  # fmt: skip


def test_a_time_stamp_is_believed_beyond_fifty_milliseconds_and_up_to_ten_seconds():
    for late, place, gaps, jumps in (
        (2_400, 0, 0, 0),
        (2_401, 2_401, 1, 0),
        (480_000, 480_000, 1, 0),
        (480_001, 0, 0, 1),
    ):
        places = Places(RATE, absolute=False)
        places.place(Fraction(7), 1_024)
        assert places.place(Fraction(7) + Fraction(1_024 + late, RATE), 1_024) == 1_024 + place
        assert (len(places.gaps), places.jumps) == (gaps, jumps)


def test_what_bears_no_time_is_counted():
    places = Places(RATE, absolute=False)
    assert [places.place(None, 1_152) for _ in range(3)] == [0, 1_152, 2_304]
    assert places.gaps == [] and places.jumps == 0


@given(st.lists(st.integers(-2_000, 2_000), min_size=1, max_size=30), st.integers(0, 10**6))
def test_time_stamps_that_tremble_lose_and_add_nothing(tremor, origin):
    places = Places(RATE, absolute=False)
    begin = Fraction(origin, 90_000)
    places.place(begin, 1_024)
    for k, off in enumerate(tremor, 1):
        assert places.place(begin + Fraction(k * 1_024 + off, RATE), 1_024) == k * 1_024
    assert places.gaps == []


def test_what_is_missing_by_the_time_stamps_leaves_its_place():
    places = Places(RATE, absolute=False)
    places.place(Fraction(5), 1_024)
    assert places.place(Fraction(6), 1_024) == 48_000
    assert places.gaps == [(1_024, 46_976)]
    assert places.place(None, 1_024) == 49_024


def test_another_clock_goes_on_where_the_one_before_ended():
    for stamp in (Fraction(3_600), Fraction(-3_600)):
        places = Places(RATE, absolute=False)
        places.place(Fraction(5), 1_024)
        assert places.place(stamp, 1_024) == 1_024
        assert places.place(stamp + Fraction(1_024, RATE), 1_024) == 2_048
        assert (places.gaps, places.jumps) == ([], 1)


def test_times_of_an_mp4_count_from_its_beginning():
    places = Places(RATE, absolute=True)
    assert places.place(Fraction(2_112, RATE), 960) == 2_112
    early = Places(RATE, absolute=True)
    assert early.place(Fraction(-312, RATE), 960) == 0


def test_the_coder_is_read_from_its_own_header():
    assert [coder("mp3float", bytes((0xFF, byte))) for byte in (0xFF, 0xFD, 0xFB)] == ["mp1", "mp2", "mp3"]
    assert (
        coder("mp2", b"") == "mp2" and coder("mp2", b"\0\0") == "mp2" and coder("aac", b"\xff\xf1") == "aac"
    )
    assert coder("mp3", b"\xff\xf9") == "mp3"  # layer 0 does not exist
    assert {"mp1", "mp2", "mp3"} <= set(PRIMING)


def test_a_mute_frame_keeps_header_and_size_and_has_no_checksum():
    made = mute_frame(b"\xff\xfc\xa4\x00", 768)
    assert (len(made), made[:4], any(made[4:])) == (768, b"\xff\xfd\xa4\x00", False)


def test_what_is_declared_is_the_sum_of_the_spans():
    assert declared((Span(5, 10), Span(None, 3))) == 13
    assert declared((Span(5, 10), Span(0, None))) is None
    assert lossless("pcm_s16le") and lossless("flac") and not lossless("aac")
