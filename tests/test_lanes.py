"""When a player may go on air, change plans, and return to a file: how far rings and memory are."""

import socket
from pathlib import Path

import attrs
import numpy as np
import pytest

from playout.crew import HUNG, Child
from playout.decoder import UNASKED, sound, warm_up
from playout.lanes import (
    Lane,
    Seat,
    covered,
    hear_member,
    kept_in_memory,
    primed,
    ready,
    relay_sight,
    returns,
    sample_of_media,
)
from playout.link import HearMember, MemberSight, RelaySight, SetOverlays
from playout.memory import Memory
from playout.relay_rings import LiveRing
from playout.rings import ENDED, FAILED, FILLING, AirRing, DecodedRing, shared_words
from playout.roots import Roots
from playout.streams import wanted
from schedules.plan import Fallen, Medium, Overlay, Plan, Take
from schedules.relays import medium_of
from station.words import Misheard

A, L, O = ("a" * 64, "b" * 64, "c" * 64)  # noqa: E741
START = 480_000
MEDIA = tuple(Medium(sha256=s, samples=480_000) for s in (A, L))
TAKE = Take(item="x", start=START, end=START + 480_000, kind="programme", title="", approval="t", media=A)
PLAN = Plan(channel="fm1", revision=1, start=START, end=TAKE.end, takes=(TAKE,), media=MEDIA, loop=L)
OVER = Overlay(
    id="o", mode="replace", start=START + 9_600, end=START + 96_000, priority=1, approval="a", sequence=(O,)
)


@pytest.fixture
def memory(tmp_path):
    return Memory(Roots(tmp_path))


def lane_of(**more):
    return Lane(
        channel="fm1", air=AirRing(4), plan=PLAN, rings=range(1),
        overlays=SetOverlays(channel="fm1", revision=1, overlays=()), **more,
    )  # fmt: skip


def seat_of(first=0, seconds=0.0, state=FILLING):
    """A seat whose decoder is this far, counted from the medium's sample `first`."""
    seat = Seat(DecodedRing(200_000), generation=1, stream=wanted(PLAN, START)[0])
    seat.ring.clear(1, first)
    seat.ring._head[2] = first + round(seconds * 48_000)  # what is decoded is not looked at here
    seat.ring.state = state
    return seat


@pytest.mark.parametrize(
    ("first", "seconds", "state", "may"),
    [
        (0, 1.0, FILLING, True), (0, 0.9, FILLING, False), (0, 0.5, ENDED, True), (0, 0.0, FAILED, True),
        (4_800, 2.0, FILLING, False),  # the first tenth of a second was skipped: it would be heard as a fall
    ],
)  # fmt: skip
def test_a_take_is_ready_when_its_first_second_is_there_without_a_hole_or_cannot_be_had(
    first, seconds, state, may
):
    seat, lane = seat_of(first, seconds, state), lane_of()
    assert ready([seat], seat.stream, START, lane) is may


def test_a_restart_waits_for_the_loop_only_where_the_file_is_not_there_but_a_new_plan_always(memory):
    lane = lane_of()
    good, bad, late = seat_of(0, 2), seat_of(0, 0, FAILED), seat_of(0, 0)
    assert primed([good], lane, PLAN, START, memory, spare=False)
    assert not primed([good], lane, PLAN, START, memory, spare=True)
    assert not primed([bad], lane, PLAN, START, memory, spare=False)
    memory.loaded_now(L, None, "there is none", 0)
    assert primed([good], lane, PLAN, START, memory, spare=True)
    assert primed([bad], lane, PLAN, START, memory, spare=False)
    assert not primed([late], lane, PLAN, START, memory, spare=False)


def test_an_overlay_about_to_sound_must_be_in_memory_and_is_loaded_before_any_loop(memory):
    lane = lane_of()
    assert covered(lane, START, memory)
    lane.overlays = attrs.evolve(lane.overlays, overlays=(OVER,), media=(Medium(sha256=O, samples=9),))
    assert not covered(lane, START, memory)
    assert covered(lane, START - 96_000, memory) and covered(lane, OVER.end, memory)
    assert list(kept_in_memory([lane_of(), lane])) == [O, L]
    memory.loaded_now(O, 0, "", 0)
    assert covered(lane, START, memory)


def test_a_take_returns_to_its_file_three_times_and_then_stays_down():
    lane = lane_of(rungs=(Fallen(take=TAKE.id, start=START, rung="loop"),))
    assert list(returns([seat_of(0, 1.9)], lane)) == []
    for _ in range(3):
        (up,) = returns([seat_of(0, 2)], lane)
        assert up == Fallen(take=TAKE.id, start=START + 0, rung="file")
    assert list(returns([seat_of(0, 2)], lane)) == []
    lane.rungs = ()
    assert list(returns([seat_of(0, 2)], lane)) == []


def test_a_child_is_hung_when_its_beat_is_old_but_not_while_its_parent_was_held_up():
    pulse = shared_words(1)
    child = Child("mixer", lambda _: None, lambda _: None, pulse)
    assert not child.hung(10 * HUNG, 0)  # it does not run
    child.pid = 1
    pulse[0] = 5 * HUNG
    assert not child.hung(6 * HUNG, 0)
    assert child.hung(6 * HUNG + 1, 0)
    assert not child.hung(6 * HUNG + 1, 6 * HUNG)
    silent = Child("loader", lambda _: None, lambda _: None)
    silent.pid = 1
    assert not silent.hung(99 * HUNG, 0)


def test_a_decoder_warms_up_with_a_file_of_its_lane_and_does_without_where_there_is_none(memory, tmp_path):
    lane = lane_of()
    assert sample_of_media(lane, memory, film=False) == str(memory.roots.path(A, None))
    assert sample_of_media(lane, memory, film=True) == ""
    ring, (ours, theirs) = DecodedRing(), socket.socketpair()
    piece = np.full((24_000, 2), 7, np.int32)

    def pour(order, start, at_work, told):
        assert (order.paths, start) == (("x",), 0)
        while True:
            yield piece

    warm_up(ring, theirs, pour, "x")
    assert ring.room() < len(piece), "full, and no more than that"
    assert ring.generation == UNASKED
    assert ring.read(1, 0, 480) is None, "nobody who was promised something takes it"
    ours.send(b"an order")
    ring.clear(3, 0)
    warm_up(ring, theirs, pour, "x")
    assert ring.written == 0, "an order is not kept waiting"
    warm_up(ring, theirs, sound, str(tmp_path / "none.flac"))
    ours.close()
    theirs.close()


def test_a_take_returns_to_its_relay_as_often_as_that_is_given_again():
    relay = medium_of("cnr", "")
    one = attrs.evolve(TAKE, media=relay.sha256, offset=START)
    live, lane, seats = LiveRing(members=2, name="cnr"), lane_of(), [Seat(DecodedRing(9_600))]
    lane.plan = attrs.evolve(PLAN, takes=(one,), media=(relay,))
    lane.lives = {relay.sha256: live}
    lane.rungs = (Fallen(take=one.id, start=START, rung="filler"),)
    lane.air.put(START, np.zeros((480, 2), np.int16), 0)
    assert list(returns(seats, lane)) == []
    for k in range(5):
        live.put(START + 480 * (k + 1), np.zeros((480, 2), np.int32))
        assert list(returns(seats, lane)) == [Fallen(take=one.id, start=START + 480 + 4_800, rung="file")]
    live.chosen = 1
    live.put_place(1, 3, -7, 1 << 16)
    live.put_state(1, 5, 48_000)
    live.put_seen(1, 1 << 22, 987)
    live.since = START
    away = MemberSight(state="absent", placed=False, ahead_ms=0, peak=-9_600)
    well = MemberSight(state="good", placed=True, ahead_ms=1_000, peak=-602, alike=987)
    assert relay_sight(live) == RelaySight(
        relay="cnr", heard=1, members=(away, well), since=START, wish=0, leads=False
    )
    live.mark(START + 9, 1)
    assert (relay_sight(live).marker, relay_sight(live).says) == (START + 9, "out")
    nobody = relay_sight(LiveRing(members=1, name="x"))
    assert (nobody.heard, nobody.since) == (None, None)


def test_a_wish_about_a_relay_reaches_its_ring_and_one_about_another_is_refused():
    live, lane = LiveRing(members=2, name="cnr"), lane_of()
    lane.lives = {medium_of("cnr", "").sha256: live}
    hear_member({lane.channel: lane}, HearMember(relay="cnr", member=1, number=7))
    assert (live.wish, live.wished(), live.wished()) == (7, 1, None), "once for each wish"
    for wrong in ({"relay": "x"}, {"member": 2}, {"member": -1}):
        wish = attrs.evolve(HearMember(relay="cnr", member=0, number=8), **wrong)
        with pytest.raises(Misheard, match="has no way"):
            hear_member({lane.channel: lane}, wish)
    for number in (0, -1, 1 << 63):
        with pytest.raises(Misheard, match="no number of a wish"):
            hear_member({lane.channel: lane}, HearMember(relay="cnr", member=0, number=number))
    live.ask(9, 5)
    assert live.wished() is None, "a ring that somebody wrote into believes nobody"


def test_a_relay_is_no_file_to_decode():
    relay = medium_of("cnr", "")
    lane = lane_of()
    lane.plan = attrs.evolve(
        PLAN, takes=(attrs.evolve(TAKE, media=relay.sha256, offset=START),), media=(relay,), loop=None
    )
    assert wanted(lane.plan, START) == []
    assert sample_of_media(lane, Memory(Roots(Path("/m"))), film=False) == ""
