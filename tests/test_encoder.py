"""What a coder is given of a channel's blocks: in order, and as soon as it has a whole frame to do."""

import numpy as np
import pytest

from playout.encoder import blocks
from playout.rings import BLOCK, AirRing
from playout.ts_mux import SLOT

START = 480_000


def sound(index, count=BLOCK):
    place = np.arange(index, index + count) % 9_000
    return np.stack((place, -place), 1).astype(np.int16)


class Mixer:
    """Renders a block at each rest, unless it skips it; notes what each rest was told."""

    def __init__(self, skips=(), at=START):
        self.air, self.told, self.next, self.skips = AirRing(8), [], at, skips

    def rest(self, missing):
        self.told.append(missing)
        while self.next in self.skips:
            self.next += BLOCK
        self.air.put(self.next, sound(self.next), 0)
        self.next += BLOCK


@pytest.mark.parametrize("span", [BLOCK, SLOT, 5 * BLOCK])
def test_every_block_comes_in_its_place_and_as_soon_as_its_span_is_whole(span):
    mixer = Mixer()
    pieces = blocks(mixer.air, mixer.rest, span)
    for k in range(40):
        index, pcm = next(pieces)
        whole = (index // span + 1) * span
        assert index == START + (k + 1) * BLOCK and np.array_equal(pcm, sound(index))
        assert whole <= mixer.next < whole + BLOCK or mixer.next == START + 2 * BLOCK


def test_it_is_woken_once_a_span_and_told_what_is_missing():
    mixer = Mixer()
    pieces = blocks(mixer.air, mixer.rest, SLOT)
    for _ in range(13):
        next(pieces)
    assert mixer.told[0] == 1, "nothing was rendered yet"
    assert mixer.told[1:9] == [3, 2, 1, 2, 1, 2, 1, 3]


def test_blocks_that_never_came_are_passed_over():
    mixer = Mixer(skips=(START + 3 * BLOCK, START + 4 * BLOCK))
    pieces = blocks(mixer.air, mixer.rest, 2 * BLOCK)
    heard = [next(pieces) for _ in range(5)]
    assert [(index - START) // BLOCK for index, _ in heard] == [1, 2, 5, 6, 7]
    assert all(np.array_equal(pcm, sound(index)) for index, pcm in heard)


def test_who_was_away_for_longer_than_the_ring_lasts_goes_on_at_what_is_left():
    mixer = Mixer()
    pieces = blocks(mixer.air, mixer.rest)
    first, _ = next(pieces)
    for _ in range(30):
        mixer.rest(0)
    again, pcm = next(pieces)
    assert again > first + 20 * BLOCK and np.array_equal(pcm, sound(again))
