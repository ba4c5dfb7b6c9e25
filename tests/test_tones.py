"""Attention tones: each kind is told from the others, none clicks, none is too loud."""

import numpy as np
import pytest

from emergency.messages import AlertKind
from emergency.tones import attention, joined

KINDS: list[tuple[AlertKind, int]] = [("actual", 1), ("actual", 2), ("actual", 3), ("drill", 1), ("daily", 0)]


@pytest.mark.parametrize(("kind", "level"), KINDS)
def test_a_tone_stays_in_range_and_begins_and_ends_softly(kind: AlertKind, level: int) -> None:
    tone = attention(kind, level)
    assert 0.5 < np.abs(tone).max() <= 1
    assert abs(tone[0]) < 1e-6 and abs(tone[-1]) < 1e-6
    assert 48_000 <= len(tone) <= 5 * 48_000
    assert np.abs(np.diff(tone)).max() < 0.25


def test_every_kind_sounds_different() -> None:
    tones = {attention(kind, level).tobytes() for kind, level in KINDS}
    assert len(tones) == len(KINDS)
    assert (
        attention("actual", 0).tobytes()
        == attention("actual", 4).tobytes()
        == attention("actual", 3).tobytes()
    )
    assert attention("drill", 1).tobytes() == attention("drill", 3).tobytes()


def test_a_siren_sweeps_and_a_drill_beeps_at_one_kilohertz() -> None:
    def strongest(sound: np.ndarray) -> float:
        return float(np.argmax(np.abs(np.fft.rfft(sound))) * 48_000 / len(sound))

    siren = attention("actual", 1)
    assert strongest(siren[:4_800]) < 700 < 1_000 < strongest(siren[21_600:26_400])
    assert abs(strongest(attention("drill", 0)) - 1_000) < 5


def test_joined_pieces_are_followed_by_a_pause() -> None:
    got = joined([np.ones(10), np.ones(5)], 1)
    assert got.tolist() == [1.0] * 10 + [0.0] * 48 + [1.0] * 5 + [0.0] * 48
