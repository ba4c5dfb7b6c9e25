"""A sound card's clock is followed: the samples between samples are what they ought to be, and the lag stays where it is wanted."""

import numpy as np
import pytest

from playout import drift
from playout.card import JUMP, TARGET, Feeder
from playout.drift import MOST_PPM, ONE, Resampler, Servo
from playout.rings import BLOCK, AirRing

START = 48_000 * 1_000_000
NOISE = np.random.default_rng(5).integers(-32_768, 32_768, (2_000, 2)).astype(np.int16)


@pytest.fixture(autouse=True)
def made_anew():
    """Each test makes the table of coefficients itself."""
    drift._table.cache_clear()


def test_at_the_same_pace_every_sample_is_as_it_was():
    made = Resampler.read(NOISE, 0, ONE, 1_500)
    assert (made == NOISE[Resampler.before : Resampler.before + 1_500]).all()


@pytest.mark.parametrize(("hz", "most_db"), [(1_000, -85), (15_000, -70)])
def test_between_samples_a_tone_is_the_same_tone(hz, most_db):
    step, fraction = ONE + ONE * 97 // 1_000_000, ONE // 3

    def tone(at):
        return 20_000 * np.sin(2 * np.pi * hz * at / 48_000)

    pcm = np.rint(tone(np.arange(20_100)))[:, None].repeat(2, 1).astype(np.int16)
    count = 20_000
    assert Resampler.span(fraction, step, count) + Resampler.before <= len(pcm)
    made = Resampler.read(pcm, fraction, step, count)[:, 0]
    due = tone(Resampler.before + (fraction + step * np.arange(count)) / ONE)
    assert 10 * np.log10(np.mean((made - due) ** 2) / np.mean(due**2)) < most_db


def test_the_span_is_what_is_read_and_not_more():
    for fraction, step in ((0, ONE), (ONE - 1, ONE), (ONE // 2, ONE + ONE // 2_000)):
        need = Resampler.before + Resampler.span(fraction, step, BLOCK)
        Resampler.read(NOISE[:need], fraction, step, BLOCK)
        with pytest.raises(IndexError):
            Resampler.read(NOISE[: need - 1], fraction, step, BLOCK)


def test_what_is_too_loud_between_samples_is_cut_and_does_not_turn_over():
    pcm = np.array(
        [[32_767, -32_768]] * 16 + [[-32_768, 32_767]] * 4 + [[32_767, -32_768]] * 16, dtype=np.int16
    )
    made = Resampler.read(pcm, ONE // 2, ONE, 4)
    assert made[1].tolist() == [-32_768, 32_767] and made[3].tolist() == [-32_768, 32_767]


def test_coefficients_are_a_sinc_under_a_kaiser_window_and_add_up_to_one():
    table = drift._table()
    assert table.shape == (4_096, 32) and (table.sum(1) == 1 << 30).all()
    assert table[0].tolist() == [0] * 15 + [1 << 30] + [0] * 16
    away = np.arange(-15, 17) - np.arange(4_096)[:, None] / 4_096
    window = np.i0(9 * np.sqrt(1 - np.minimum(1, (away / 16) ** 2))) / np.i0(9)
    due = np.sinc(away) * window * 2**30
    assert np.abs(table - due).max() < 2**30 * 2e-4, "what rounding left over went to one of them"
    assert np.abs(np.sort(np.abs(table - due), 1)[:, :-1]).max() <= 0.5


def test_sums_are_rounded_to_the_nearest():
    fraction, step = 1_234_567_890, ONE + 987_654
    made = Resampler.read(NOISE // 2, fraction, step, 1_000)
    at = fraction + step * np.arange(1_000)
    taps = (NOISE // 2)[(at >> 32)[:, None] + np.arange(32)].astype(float)
    due = (taps * drift._table()[at >> 20 & 4_095][:, :, None]).sum(1) / 2**30
    assert np.abs(made - due).max() <= 0.5


def test_a_servo_goes_half_a_millionth_faster_for_each_sample_and_smooths_over_128_looks():
    servo = Servo(TARGET)
    assert servo.step(TARGET + 200) == ONE + ONE * 100_000 // 10**9
    servo.begin()
    assert servo.step(TARGET - 3) == ONE - ONE * 1_500 // 10**9 - 1
    servo.begin()
    servo.step(TARGET)
    assert servo.step(TARGET + 256) == ONE + ONE * 1_000 // 10**9
    assert servo.step(TARGET) == ONE + ONE * 992 // 10**9
    servo.begin()
    assert servo.step(TARGET + 10**6) == ONE + ONE * 500 // 10**6, "and 500 at most"


def test_a_servo_does_not_believe_in_absurd_clocks():
    servo = Servo(TARGET)
    assert servo.step(TARGET) == ONE
    for lag, ppm in ((TARGET + 10**6, MOST_PPM), (TARGET - 10**6, -MOST_PPM)):
        servo.begin()
        assert servo.step(lag) == ONE + ONE * ppm // 10**6


@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_a_card_that_is_off_is_followed_for_ten_minutes_without_a_jump(ppm):
    servo, lag, lags = Servo(TARGET), float(TARGET), []
    for k in range(60_000):  # 10 ms each: what the head gains, and what was read for the card's 480 samples
        burst = 480 * (k % 5)  # the head moves by several blocks at a time
        step = servo.step(round(lag) + burst - 960)
        lag += 480 - 480 * (1 + ppm / 1e6) * step / ONE
        lags.append(lag)
    assert max(abs(one - TARGET) for one in lags) < 300
    assert abs(lags[-1] - lags[-6_000]) < 10  # and it has come to rest


def test_the_feeder_follows_the_head_and_jumps_only_when_it_must():
    ring = AirRing()
    feeder = Feeder(ring)
    ramp = np.arange(BLOCK)

    def render(count):
        for _ in range(count):
            at = max(ring.head, START)
            left = ((at - START + ramp) % 30_000).astype(np.int16)
            ring.put(at, np.stack((left, -left), 1), 0)

    render(40)
    first = feeder.more()
    assert first[0, 0] == 40 * BLOCK - TARGET and not feeder.jumped
    for _ in range(200):
        render(1)
        pcm = feeder.more()
        assert np.abs(np.diff(pcm[:, 0].astype(int))).max() <= 2 or pcm[:, 0].max() > 29_000
    assert not feeder.jumped
    for _ in range(60):
        feeder.more()
    assert feeder.more() is None  # the card asks for what is not rendered yet
    render(100)
    assert feeder.more() is not None and feeder.jumped > JUMP - TARGET
