"""The gain to a channel's loudness."""

from hypothesis import given
from hypothesis import strategies as st

from playout.gain import CEILING, MOST, TARGET, gain_to, q31

CENTI = st.integers(-6_999, 300)


def test_the_gain_is_the_difference_where_there_is_room():
    assert gain_to(-2_300, -1_800, -300) == -500
    assert gain_to(-1_600, -2_000, -1_000) == 400
    assert gain_to(-1_600, -2_000, -300) == 200  # the true peak would pass -1 dBTP
    assert gain_to(-2_300, -7_000, -7_000) == 0  # nothing was measured
    assert gain_to(-1_600, -5_000, -4_000) == MOST == 1_200


@given(st.integers(-3_100, -900), CENTI, CENTI)
def test_no_peak_passes_the_ceiling_and_no_gain_the_target(target, loudness, peak):
    gain = gain_to(target, loudness, peak)
    assert peak + gain <= CEILING and loudness + gain <= target and gain <= MOST


def test_the_target_is_that_of_r_128():
    assert (TARGET, CEILING) == (-2_300, -100)


def test_a_gain_as_a_take_has_it():
    assert (q31(-2_000), q31(2_000)) == (round((1 << 31) / 10), 10 << 31)
    assert q31(0) == 1 << 31 and abs(q31(-602) - (1 << 30)) < 1 << 20 and q31(MOST) < 1 << 33
