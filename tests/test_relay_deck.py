"""A relay's members in their rings: put in place by their sound, changed without a jump, given up and taken up again."""

from __future__ import annotations

import numpy as np
import pytest

from playout.relay_align import ONE
from playout.relay_choice import Limits
from playout.relay_deck import Deck, Voice, faded, louder
from playout.relay_rings import NOBODY, LiveRing, MemberRing
from playout.rings import BLOCK

RATE = 48_000
START = 1_000 * BLOCK
LIMITS = Limits(delay=RATE // 2, silence=RATE, settle=RATE // 5)
STEP = 4 * BLOCK
_NOISE = np.random.default_rng(7).standard_normal((13 * RATE, 2))
SOUND = (np.apply_along_axis(np.convolve, 0, _NOISE, np.hanning(12), "same") * 300_000).astype(np.int32)


class Studio:
    """A programme, members that bring it later each by its own time, and a deck that makes one of them."""

    def __init__(self, *late: int, limits: Limits = LIMITS, sound: np.ndarray = SOUND) -> None:
        self.sound, self.limits = sound, limits
        self.late = list(late)
        self.rings = [MemberRing(4) for _ in late]
        for ring in self.rings:
            ring.begin()
        self.live = LiveRing(500)
        self.deck = Deck(self.rings, self.live, limits)
        self.time = 0  # samples since the beginning
        self.gain = [1.0] * len(late)
        self.dead: set[int] = set()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / STEP)):
            self.time += STEP
            for number, ring in enumerate(self.rings):
                first = self.time - STEP - self.late[number]
                if number not in self.dead and first >= 0:
                    piece = self.sound[first : first + STEP] * self.gain[number]
                    ring.write(piece.astype(np.int32), self.ns)
            self.deck.write(START + self.time, self.ns)

    @property
    def ns(self) -> int:
        return self.time * 125_000 // 6

    def heard(self, seconds: float) -> np.ndarray | None:
        """What was given for the last seconds."""
        count = round(seconds * RATE)
        return self.live.read(START + self.time - count, count)

    def place(self, heard: np.ndarray) -> int:
        """How late the programme is heard, when its last sample is the deck's newest."""
        first = self.time - len(heard)
        for late in range(4 * RATE):
            at = first - late
            if at >= 0 and (self.sound[at : at + 50] == heard[:50]).all():
                return late
        raise AssertionError("it is not the programme")


def test_a_relay_is_heard_as_long_after_it_came_as_the_settings_say_sample_by_sample():
    studio = Studio(0)
    studio.run(2)
    heard = studio.heard(1)
    late = studio.place(heard)
    assert abs(late - LIMITS.delay) <= STEP
    first = studio.time - RATE - late
    assert (heard == studio.sound[first : first + RATE]).all()


def test_members_are_put_in_place_to_the_sample_and_changed_without_a_jump():
    studio = Studio(0, 7_337)
    studio.run(3.6)
    late = studio.place(studio.heard(1))
    assert studio.deck.choice.member == 0 and studio.live.place(1)[0]
    studio.dead.add(0)
    studio.run(2)
    assert studio.deck.choice.member == 1
    heard = studio.heard(2.5)
    first = studio.time - len(heard) - late
    assert np.abs(heard - studio.sound[first : first + len(heard)]).max() <= 1


def test_a_member_that_falls_silent_is_left_before_anybody_hears_it():
    studio = Studio(0, 4_800)
    studio.run(3.6)
    late = studio.place(studio.heard(1))
    studio.gain[0] = 0
    studio.run(2)
    heard = studio.heard(2.5)
    first = studio.time - len(heard) - late
    assert studio.deck.choice.member == 1
    assert np.abs(heard - studio.sound[first : first + len(heard)]).max() <= 1


def test_one_that_is_less_loud_takes_over_as_loud_as_the_one_before():
    studio = Studio(0, 7_337)
    studio.gain[1] = 0.5
    studio.run(3.6)
    late = studio.place(studio.heard(1))
    studio.dead.add(0)
    studio.run(2)
    assert studio.deck.choice.member == 1
    heard = studio.heard(2.5)
    first = studio.time - len(heard) - late
    wanted = studio.sound[first : first + len(heard)]
    assert np.abs(heard - wanted).max() <= np.abs(wanted).max() / 1_000


def test_what_is_made_louder_stays_within_full_scale():
    full = np.array([[(1 << 23) - 1, -(1 << 23)], [100, -100]], np.int32)
    assert louder(full, 2 * ONE).tolist() == [[(1 << 23) - 1, -(1 << 23)], [200, -200]]


def test_where_every_member_is_gone_the_last_of_it_fades_and_nothing_follows():
    studio = Studio(0)
    studio.run(2)
    studio.dead.add(0)
    studio.run(0.3)
    assert studio.heard(0.2) is not None
    studio.run(0.6)
    assert studio.deck.choice.member is None and studio.live.chosen == NOBODY
    assert studio.heard(0.2) is None
    last = studio.live.read(studio.live.head - BLOCK, BLOCK)
    assert np.abs(last[-5:]).max() < np.abs(last[:100]).max() / 10


def test_a_relay_that_failed_is_given_again_once_it_was_well_for_a_while():
    studio = Studio(0)
    studio.run(2)
    studio.gain[0] = 0
    studio.run(1.5)
    assert studio.heard(0.1) is None and studio.deck.states == ("silent",)
    studio.gain[0] = 1
    studio.run(0.16)
    assert studio.heard(0.1) is None
    studio.run(0.5)
    assert studio.heard(0.1) is not None


def test_neither_another_deck_nor_another_connection_of_the_one_heard_costs_a_sample():
    studio = Studio(0, 4_800)
    studio.run(3.6)
    late = studio.place(studio.heard(1))
    studio.deck = Deck(studio.rings, studio.live, LIMITS)
    studio.run(0.6)
    assert studio.deck.choice.member == 0
    studio.rings[0].begin()
    studio.run(1)
    heard = studio.heard(2.5)
    first = studio.time - len(heard) - late
    assert np.abs(heard - studio.sound[first : first + len(heard)]).max() <= 1


def test_another_programme_is_given_no_place():
    studio = Studio(0, 0)
    other = np.roll(SOUND, 7 * RATE, axis=0)[:, ::-1]
    studio.dead = {1}
    for _ in range(20):
        studio.run(0.2)
        at = studio.time - RATE // 5
        studio.rings[1].write(other[at : at + RATE // 5], studio.ns)
    assert studio.live.place(1)[0] == 0 and studio.deck.choice.member == 0


def test_one_that_moved_a_little_is_followed_and_one_that_brings_something_else_loses_its_place():
    studio = Studio(0, 4_800)
    studio.run(3.6)
    before = studio.live.place(1)[1]
    studio.late[1] += 100
    studio.run(2)
    assert studio.live.place(1)[:2] == (1, before - 100)
    studio.late[1] = -3 * RATE  # another part of it
    studio.run(3.6)
    assert studio.live.place(1)[0] == 0


def test_a_last_word_of_one_long_gone_does_not_bring_back_what_was_heard():
    studio = Studio(0, 4_800)
    studio.run(3.6)
    studio.dead.add(0)
    studio.run(2)
    assert studio.deck.choice.member == 1
    studio.rings[0].write(SOUND[:1_152], studio.ns)  # a decoder that is closed gives what it kept
    studio.dead.add(1)
    studio.run(1.2)
    assert studio.deck.choice.member is None and studio.heard(0.1) is None


def test_one_that_stopped_and_goes_on_too_late_is_placed_anew():
    studio = Studio(0)
    studio.run(2)
    studio.dead.add(0)
    studio.run(2)
    assert studio.deck.states == ("absent",)
    studio.dead.clear()
    studio.late[0] = 2 * RATE
    studio.run(1.5)
    assert studio.deck.states == ("good",) and studio.heard(0.5) is not None


@pytest.mark.parametrize(("value", "state"), [(1 << 20, "frozen"), (0, "silent")])
def test_one_and_the_same_value_is_no_programme(value, state):
    studio = Studio(0)
    studio.run(2)
    studio.dead.add(0)
    for _ in range(40):
        studio.rings[0].write(np.full((STEP, 2), value, dtype=np.int32), studio.ns)
        studio.run(STEP / RATE)
    assert studio.deck.states == (state,) and studio.deck.choice.member is None


def test_a_block_gives_way_to_another_in_a_straight_line():
    one, two = (np.full((BLOCK, 2), value, dtype=np.int32) for value in (48_000, -48_000))
    made = faded(one, two)
    assert made[0, 0] == 48_000 and made[BLOCK // 2, 1] == 0 and made[-1, 0] == -47_800
    assert faded(None, None).any() == False  # noqa: E712


def test_what_a_ring_no_longer_holds_is_given_to_nobody():
    ring = MemberRing(4)
    ring.write(SOUND[: 5 * RATE], 7)
    assert ring.read(0, 10) is None and ring.read(5 * RATE - 10, 11) is None
    assert (ring.read(2 * RATE, RATE) == SOUND[2 * RATE : 3 * RATE]).all()
    assert (ring.turn, ring.first, ring.written, ring.arrived) == (0, 0, 5 * RATE, 7)


def test_what_did_not_come_is_silence_and_counted():
    ring = MemberRing(4)
    ring.pause(480, 1)
    assert ring.lost == 480 and not ring.read(0, 480).any()


def test_a_place_before_what_a_ring_holds_is_late():
    voice = Voice(MemberRing(4), turn=1, base=0)
    voice.ring.begin()
    voice.ring.write(SOUND[: 6 * RATE], 0)
    assert voice.sight(RATE, 0).ahead == 0 and voice.sight(5 * RATE, 0).ahead == RATE


def test_a_relay_gives_no_block_of_which_a_part_is_not_there():
    live = LiveRing(8, members=1, name="cnr")
    live.put(480, SOUND[:480])
    assert live.read(470, 20) is None and (live.read(500, 10) == SOUND[20:30]).all()
    live.put_state(0, 2, -5)
    assert live.state(0) == (2, -5) and live.place(0) == (0, 0, 0)


def test_a_source_whose_clock_is_faster_is_followed_and_the_others_places_with_it():
    studio = Studio(0, 4_800, 0)
    studio.dead.add(2)
    studio.run(3.6)
    first, second = (studio.live.place(k)[1] for k in (0, 1))

    class Fast:
        def seen(self, n, ahead):
            return 1 if n % (20 * BLOCK) == 0 else 0

    studio.deck._drift = Fast()
    studio.run(0.6)
    assert studio.live.place(0)[1] == first - 3 and studio.live.place(1)[1] == second - 3
    heard = studio.heard(0.3).astype(np.int64)
    assert (
        np.abs(np.diff(heard, axis=0)).max()
        <= np.abs(np.diff(studio.sound.astype(np.int64), axis=0)).max() * 1.1
    )


def test_people_change_the_member_by_a_wish_without_a_jump_and_it_stays():
    studio = Studio(0, 7_337)
    studio.run(3.6)
    late = studio.place(studio.heard(1))
    peak, alike = studio.live.seen(1)
    assert 500_000 < peak < 3_000_000 and alike == 1_000
    assert studio.live.since <= START + studio.time - 3 * RATE
    studio.live.ask(1, 1)
    changed = START + studio.time
    studio.run(1)
    assert studio.deck.choice.member == 1 == studio.live.chosen
    assert changed <= studio.live.since <= changed + STEP
    heard = studio.heard(2)
    first = studio.time - len(heard) - late
    assert np.abs(heard - studio.sound[first : first + len(heard)]).max() <= 1


def test_a_wish_for_a_member_that_is_not_good_is_forgotten():
    studio = Studio(0, 4_800)
    studio.dead.add(1)
    studio.run(2)
    studio.live.ask(1, 1)
    studio.run(0.2)
    assert studio.deck.choice.member == 0
    studio.dead.clear()
    studio.run(2)
    assert studio.deck.choice.member == 0, "it was asked for when it was not there"


def test_a_marker_speaks_of_the_same_sample_by_whichever_way_it_comes_and_is_told_once():
    studio = Studio(0, 7_337)
    studio.run(0.2)
    studio.rings[1].mark(studio.rings[1].written + 5 * RATE, 1)
    assert studio.live.marked() == (0, 0), "nobody knows yet where it belongs"
    studio.run(3.4)
    first, says = studio.live.marked()
    assert says == 1 and first == studio.deck.voices[1].base + studio.rings[1].marked()[1]
    at = first - studio.deck.voices[0].base
    studio.rings[0].mark(at + RATE, 1)
    studio.run(0.1)
    assert studio.live.marked() == (first, 1), "the same, by another way"
    studio.rings[0].mark(at + RATE + 1, 1)
    studio.run(0.1)
    assert studio.live.marked() == (first + RATE + 1, 1)
    studio.rings[0].mark(at + RATE + 1, 0)
    studio.run(0.1)
    assert studio.live.marked() == (first + RATE + 1, 0)
    studio.rings[0].mark(at + 9 * RATE, 0)
    studio.rings[0].begin()
    studio.run(0.1)
    assert studio.live.marked() == (first + RATE + 1, 0), "of a connection that is over"
    studio.rings[0].mark(at + 9 * RATE, 0)
    assert studio.deck.voices[0].turn != studio.rings[0].turn, "what came before is heard to its end"
    studio.run(0.1)
    assert studio.live.marked() == (first + RATE + 1, 0), "of one whose place is not known"
