"""What a coder is given of a channel's blocks: whole frames, in order, as soon as they are there."""

from itertools import pairwise

import numpy as np
import pytest

from playout.encoder import TS_FRAME, blocks
from playout.rings import BLOCK, AirRing

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


@pytest.mark.parametrize("size", [BLOCK, TS_FRAME, 5 * BLOCK])
def test_frames_follow_one_another_and_are_there_as_soon_as_their_last_block(size):
    mixer = Mixer()
    pieces, heard = blocks(mixer.air, mixer.rest, size), []
    for _ in range(12):
        heard.append(next(pieces))
        index, pcm = heard[-1]
        assert len(pcm) == size and mixer.next - (index + size) < BLOCK
    assert {b[0] - a[0] for a, b in pairwise(heard)} == {size}
    begin = heard[0][0]
    assert np.array_equal(np.concatenate([pcm for _, pcm in heard]), sound(begin, 12 * size))


def test_how_long_it_rests_is_what_is_missing():
    mixer = Mixer()
    pieces = blocks(mixer.air, mixer.rest, TS_FRAME)
    for _ in range(5):
        next(pieces)
    assert mixer.told[1:] == [3, 2, 1, 2, 1, 3, 2, 1, 2, 1, 2, 1][: len(mixer.told) - 1]


def test_a_block_that_never_came_takes_what_was_held_with_it_and_the_next_are_in_place():
    mixer = Mixer(skips=(START + 3 * BLOCK, START + 4 * BLOCK))
    pieces = blocks(mixer.air, mixer.rest, 2 * BLOCK)
    heard = [next(pieces) for _ in range(3)]
    assert [(index - START) // BLOCK for index, _ in heard] == [1, 5, 7]
    assert all(np.array_equal(pcm, sound(index, 2 * BLOCK)) for index, pcm in heard)


def test_who_was_away_for_longer_than_the_ring_lasts_goes_on_at_what_is_left():
    mixer = Mixer()
    pieces = blocks(mixer.air, mixer.rest, BLOCK)
    first, _ = next(pieces)
    for _ in range(30):
        mixer.rest(0)
    again, pcm = next(pieces)
    assert again > first + 20 * BLOCK and np.array_equal(pcm, sound(again))
