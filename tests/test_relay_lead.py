"""Two players of one relay: both give the same samples, whoever leads, and none is lost where the one that leads is killed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_relay_deck import LIMITS, RATE, SOUND, START, STEP

from playout.lanes import relay_sight
from playout.relay_deck import Deck
from playout.relay_lead import LACKS, LATELY, MODEST, TAKES, Lead, packet
from playout.relay_rings import NOBODY, LiveRing, MemberRing
from playout.rings import BLOCK

AHEAD = 30 * BLOCK
N = START


class Player:
    """One of the two: its own connections, each as late as `late` says."""

    def __init__(
        self, *late: int, second: bool = False, paired: bool = True, sound: np.ndarray = SOUND
    ) -> None:
        self.late, self.sound, self.dead = late, sound, set()
        self.rings = [MemberRing(4) for _ in late]
        for ring in self.rings:
            ring.begin()
        self.live = LiveRing(900, name="cnr")
        self.lead = Lead(relay="cnr", second=second, paired=paired)
        self.deck = Deck(self.rings, self.live, LIMITS, self.lead)
        self.told, self.asleep = 0, False

    def come(self, time: int) -> None:
        for number, ring in enumerate(self.rings):
            first = time - STEP - self.late[number]
            if number not in self.dead and first >= 0:
                ring.write(self.sound[first : first + STEP], time * 125_000 // 6)

    def turn(self, time: int) -> list[bytes]:
        """One round: what it tells."""
        self.deck.write(START + time + AHEAD, time * 125_000 // 6)
        new = [at for at in self.lead.own if at > self.told]
        self.told = max(new, default=self.told)
        parts = ((at + part, self.live.read(at + part, 240)) for at in new for part in (0, 240))
        return [packet("cnr", at, pcm, second=self.lead.second) for at, pcm in parts]


class Pair:
    def __init__(self, *players: Player) -> None:
        self.players, self.time = list(players), 0

    def run(self, seconds: float, on_air: bool = True) -> None:
        for _ in range(round(seconds * RATE / STEP)):
            self.time += STEP
            for one in self.players:
                one.come(self.time)
            for one in [one for one in self.players if not one.asleep]:
                for data in one.turn(self.time):
                    for other in self.players:
                        other.lead.hear(data, START + self.time + AHEAD)
            if on_air:  # nothing is made later than a mixer asks for it
                assert all(one.asleep or one.live.head >= START + self.time for one in self.players)

    def heard(self, seconds: float) -> list[np.ndarray]:
        count = round(seconds * RATE)
        return [one.live.read(START + self.time - count, count) for one in self.players]


def place(pcm: np.ndarray) -> int:
    """Where in the programme it begins; every sample of it is the programme's."""
    found = next(at for at in range(len(SOUND)) if (SOUND[at : at + 20] == pcm[:20]).all())
    assert (SOUND[found : found + len(pcm)] == pcm).all()
    return found


def test_both_give_the_same_samples_and_when_the_one_that_leads_is_killed_the_other_goes_on_at_the_next():
    both = Pair(Player(0), Player(1_333, second=True))
    both.run(1.5, on_air=False)
    both.run(3)
    one, other = both.heard(2)
    assert (one == other).all()
    assert (both.players[0].lead.leads, both.players[1].lead.leads) == (True, False)
    assert [relay_sight(player.live).leads for player in both.players] == [True, False]
    at, head = place(one), both.time
    both.players.pop(0)
    both.run(1)
    (after,) = both.heard(1)
    assert place(after) == at + 2 * RATE + both.time - head - RATE, "no jump"
    assert both.players[0].lead.leads


def test_who_comes_back_follows_the_one_that_went_on_and_leads_when_that_is_killed():
    both = Pair(Player(0), Player(700, second=True))
    both.run(3, on_air=False)
    both.players.pop(0)
    both.run(0.5)
    both.players.insert(0, Player(2_500))
    both.run(0.6, on_air=False)
    both.run(2)
    one, other = both.heard(1)
    assert (one == other).all() and not both.players[0].lead.leads and both.players[1].lead.leads
    at, head = place(one), both.time
    both.players.pop()
    both.run(1.2)
    (after,) = both.heard(1)
    assert place(after) == at + RATE + both.time - head - RATE


def test_one_whose_ways_fail_gives_what_the_other_gives_and_nothing_is_given_where_both_do():
    both = Pair(Player(0, 900), Player(100, 300, second=True))
    both.run(4, on_air=False)
    both.players[0].dead = {0, 1}
    both.run(2)
    one, other = both.heard(1)
    assert (one == other).all() and both.players[1].lead.leads and place(one)
    both.players[1].dead = {0, 1}
    both.run(1, on_air=False)
    assert both.players[0].live.chosen == both.players[1].live.chosen == NOBODY
    assert not any(player.lead.leads for player in both.players)
    ends = [player.live.head for player in both.players]
    assert ends[0] == ends[1], "both fall at the same block"


def test_one_that_was_held_up_follows_what_the_other_made_meanwhile():
    both = Pair(Player(0), Player(700, second=True))
    both.run(3.5, on_air=False)
    both.players[0].asleep = True
    both.run(0.5)
    both.players[0].asleep = False
    both.run(1)
    one, other = both.heard(1.4)
    assert (one == other).all() and place(one)
    assert (both.players[0].lead.leads, both.players[1].lead.leads) == (False, True)


def test_an_order_to_hear_another_way_changes_both_at_the_same_sample():
    both = Pair(Player(0, 900), Player(200, 500, second=True))
    both.run(4, on_air=False)
    for player in both.players:
        player.live.ask(1, 1)
    both.run(1)
    one, other = both.heard(0.9)
    assert (one == other).all() and [player.deck.choice.member for player in both.players] == [1, 1]


def test_a_player_that_is_alone_waits_for_nobody():
    alone = Lead(relay="cnr")
    assert alone.patience(N, able=True) == alone.patience(N, able=False) == 0
    alone.newest = N - LATELY + 1
    assert (alone.patience(N, able=True), alone.patience(N, able=False)) == (TAKES[0], LACKS[1])
    assert alone.patience(N + 1, able=True) == 0, "its guest is gone"
    second = Lead(relay="cnr", second=True, paired=True)
    assert (second.patience(N, able=True), second.patience(N, able=False)) == (TAKES[1], LACKS[1])
    second.made(N)
    assert (second.patience(N, able=True), second.patience(N, able=False)) == (0, LACKS[0])
    assert TAKES[0] < TAKES[1] < LACKS[0] < LACKS[1] < AHEAD


def test_the_second_of_a_pair_leaves_it_to_the_first_to_begin():
    for lead in (Lead(relay="cnr"), Lead(relay="cnr", paired=True), Lead(relay="cnr", second=True)):
        assert lead.begins(N, N)
    second = Lead(relay="cnr", second=True, paired=True)
    assert not second.begins(N + MODEST - 1, N) and second.begins(N + MODEST, N) and second.begins(N, None)


def test_where_both_lead_the_second_gives_way():
    first, second = Lead(relay="cnr", paired=True), Lead(relay="cnr", second=True, paired=True)
    for lead, other in ((first, second), (second, first)):
        lead.made(N)
        lead.made(N + BLOCK)
        tell(lead, other, N)
    assert first.block(N + 2 * BLOCK) is None and second.block(N + 2 * BLOCK) is None
    assert (first.leads, second.leads) == (True, False)
    first.left()
    assert not first.leads
    second.made(N + 5 * BLOCK)
    assert second.block(N + 6 * BLOCK) is None and second.leads, "what was told before says nothing of now"


def tell(lead: Lead, other: Lead, n: int, parts: tuple[int, ...] = (0, 240)) -> None:
    for part in parts:
        other.hear(packet("cnr", n + part, SOUND[part : part + 240], second=lead.second), n)


@pytest.mark.parametrize("parts", [(0, 240), (240, 0)])
def test_a_block_comes_in_two_packets_in_either_order(parts):
    first, second = Lead(relay="cnr"), Lead(relay="cnr", second=True)
    tell(first, second, N, parts[:1])
    assert second.block(N) is None
    tell(first, second, N, parts[1:])
    assert (second.block(N) == SOUND[:BLOCK]).all() and second.block(N) is None
    tell(first, first, N)
    assert first.block(N) is None, "its own"


def test_what_is_not_the_others_or_of_another_time_is_left_alone():
    lead = Lead(relay="cnr", second=True)
    good = packet("cnr", N, SOUND[:240])
    for data in (
        b"",
        good[:-1],
        packet("xi", N, SOUND[:240]),
        b"\x90" + good[1:],
        packet("cnr", N + 1, SOUND[:240]),
    ):
        lead.hear(data, N)
        lead.hear(packet("cnr", N + 240, SOUND[240:480]), N)
        assert lead.block(N) is None
        lead = Lead(relay="cnr", second=True)
    for far in (N + 21 * RATE, N - 21 * RATE):
        tell(Lead(relay="cnr"), lead, far)
        lead.hear(packet("cnr", far, SOUND[:240]), N)
        lead.hear(packet("cnr", far + 240, SOUND[:240]), N)
    assert lead.newest == N + 21 * RATE
    far = (1 << 32) * 7 // BLOCK * BLOCK
    lead.hear(packet("cnr", far, SOUND[:240]), far + 960)
    lead.hear(packet("cnr", far + 240, SOUND[240:480]), far + 960)
    assert (lead.block(far) == SOUND[:480]).all(), "time stamps come round"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=600))
def test_what_is_kept_of_the_other_is_bounded(told):
    lead = Lead(relay="cnr", second=True)
    for at, whole in told:
        lead.hear(packet("cnr", N + at * BLOCK, SOUND[:240]), N)
        if whole:
            lead.hear(packet("cnr", N + at * BLOCK + 240, SOUND[:240]), N)
    assert len(lead._told) <= 256 and len(lead._parts) <= 256
    lead.block(N + 401 * BLOCK)
    assert not lead._told
