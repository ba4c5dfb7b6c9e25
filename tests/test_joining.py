"""A player that begins beside its twin is not heard before it is its equal; alone, or when the other is gone, at once."""

import struct
from types import SimpleNamespace

import attrs
import pytest

from playout.joining import GONE, LOWER, UNTOLD, Airing, Joining, last_said, sends
from playout.lanes import Lane
from playout.link import SetOverlays, SetPlan
from playout.rings import IDLE_BLOCK, shared_words
from playout.standby import quiet_plan
from playout.store import Heads, Shelf
from schedules.plan import Fallen, Medium, Overlay, Plan, Take

NOW = 81_000_000_000_000 // 480 * 480
SECOND = 1_000_000_000
JOINS = 4 * SECOND // 10  # lead, the mixer's time to obey, and the tick after
LOOP = Medium(sha256="c" * 64, samples=48_000)
ALERT = Overlay(
    id="a",
    mode="replace",
    start=NOW,
    end=NOW + 4_800_000,
    priority=1,
    approval="alert:a",
    sequence=("d" * 64,),
)


def a_plan(revision=1):
    take = Take(
        item="x",
        start=NOW - 48_000,
        end=NOW + 4_800_000,
        kind="programme",
        title="x",
        approval="t:x",
        media=LOOP.sha256,
    )
    return Plan(
        channel="fm1", revision=revision, start=take.start, end=take.end, takes=(take,), media=(LOOP,)
    )


class Air:
    """What is rendered: blocks and their flags."""

    def __init__(self, head=NOW + 1_920):
        self.head, self.flags = head, {}

    def look(self, index):
        return (None, self.flags.get(index, 0)) if index % 480 == 0 and index < self.head else None


class Pair:
    """The player that begins, and the files of its twin."""

    def __init__(self, home, *, twin_sends=True):
        self.own, self.twin = home / "radio.b", home / "radio"
        self.own.mkdir()
        self.twin.mkdir()
        self.sample, self.ns = NOW, 0
        self.other = Airing(self.twin)
        if twin_sends:
            self.other.said(NOW)
        plan = a_plan()
        self.lane = Lane(
            channel="fm1", air=Air(), plan=plan, rings=range(0),
            overlays=SetOverlays(channel="fm1", revision=1, overlays=()), held=plan,
        )  # fmt: skip
        self.loaded, self.heard = {LOOP.sha256}, []
        memory = SimpleNamespace(settled=lambda sha256: sha256 in self.loaded, loaded=lambda: self.loaded)
        chain = SimpleNamespace(lanes={"fm1": self.lane}, memory=memory, seats=[], heard=self.hear)
        self.joining = Joining(
            chain, shared_words(1), self.own, self.twin, lambda: self.sample, lambda: self.ns
        )

    def hear(self, message):
        """As the middle of a player does."""
        self.heard.append(message)
        if isinstance(message, SetOverlays):
            self.lane.overlays = message
        else:
            self.lane.held = message.plan

    def told(self):
        self.lane.plan_epoch = "run 1"

    def pass_by(self, ns, *, twin=True):
        """Time goes by, tick by tick; the twin sends on or not."""
        for _ in range(ns // 100_000_000):
            self.ns += 100_000_000
            self.sample += 4_800
            self.lane.air.head += 4_800 * (self.lane.air.head > 0)
            if twin:
                self.other.said(self.sample)
            self.joining.tick()

    @property
    def open(self):
        assert self.lane.sending == self.joining.open
        return self.joining.open


def test_alone_it_is_heard_at_once_and_says_that_it_sends(tmp_path):
    pair = Pair(tmp_path, twin_sends=False)
    assert pair.open and not sends(pair.own, NOW)
    pair.joining.tick()
    assert sends(pair.own, NOW)


@pytest.mark.parametrize("off", [-GONE, GONE])
def test_a_twin_that_said_so_long_ago_or_in_time_to_come_does_not_send(tmp_path, off):
    Airing(tmp_path).said(NOW + off)
    assert last_said(tmp_path) == NOW + off
    assert not sends(tmp_path, NOW) and sends(tmp_path, NOW + off - off // abs(off))
    assert not sends(tmp_path / "nobody", NOW)


def test_beside_its_twin_it_waits_until_it_was_told_what_is_wanted(tmp_path):
    pair = Pair(tmp_path)
    pair.pass_by(2 * SECOND)
    assert not pair.open and not sends(pair.own, pair.sample)
    pair.told()
    pair.pass_by(JOINS - SECOND // 10)
    assert not pair.open, "what was rendered before it was told is sent first"
    pair.pass_by(SECOND // 10)
    assert pair.open and sends(pair.own, pair.sample) and pair.heard == []


def test_when_its_twin_falls_silent_it_is_heard_whatever_it_knows(tmp_path):
    pair = Pair(tmp_path)
    pair.pass_by(29 * SECOND // 10, twin=False)
    assert not pair.open
    pair.pass_by(SECOND // 10, twin=False)
    assert pair.open


def test_when_its_twin_is_dead_it_is_heard_at_the_next_tick(tmp_path):
    pair = Pair(tmp_path)
    words = list(struct.unpack("<3q", (pair.twin / "sending").read_bytes()))
    words[2] += 1
    (pair.twin / "sending").write_bytes(struct.pack("<3q", *words))
    assert not sends(pair.twin, NOW), "another process has its number"
    pair.pass_by(SECOND // 10, twin=False)
    assert pair.open


def test_a_player_of_a_version_before_pairs_sends_what_it_mixes(tmp_path):
    Heads(tmp_path / "heads", ["fm1"]).write("fm1", NOW + 1_920)
    assert sends(tmp_path, NOW) and last_said(tmp_path) == NOW + 1_920
    assert not sends(tmp_path, NOW + 2 * GONE)
    Airing(tmp_path)
    assert not sends(tmp_path, NOW), "one that has the file says so itself"


@pytest.mark.parametrize("broken", [b"", b"\0" * 8, b"\xff" * 24])
def test_a_file_that_says_nothing_is_nobodys(tmp_path, broken):
    (tmp_path / "sending").write_bytes(broken)
    assert not sends(tmp_path, NOW)


@pytest.mark.parametrize(
    "unlike",
    [
        lambda pair: setattr(pair.lane, "following", a_plan(2)),
        lambda pair: setattr(
            pair.lane, "overlays", SetOverlays(channel="fm1", revision=2, overlays=(ALERT,))
        ),
        lambda pair: setattr(pair.lane, "air", Air(0)),
    ],
    ids=["another plan waits", "an alert's sound is not loaded", "nothing is mixed yet"],
)
def test_it_is_not_equal_while_it_would_sound_otherwise(tmp_path, unlike):
    pair = Pair(tmp_path)
    pair.told()
    unlike(pair)
    pair.pass_by(12 * SECOND // 10)
    assert not pair.open
    pair.lane.following, pair.lane.air = None, Air(pair.sample + 1_920)
    pair.loaded.add("d" * 64)
    pair.pass_by(JOINS)
    assert pair.open


def test_on_a_lower_rung_it_waits_for_its_file_but_not_for_ever(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    pair.lane.rungs = (Fallen(take=pair.lane.plan.takes[0].id, start=NOW, rung="filler"),)
    pair.pass_by(LOWER)
    assert not pair.open
    pair.pass_by(JOINS)
    assert pair.open


def test_what_has_to_be_decoded_first_is_waited_for(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    pair.lane.rings, pair.loaded = range(1), set()
    pair.joining._chain.seats.append(SimpleNamespace(stream=None, generation=0, ring=None))
    pair.pass_by(SECOND)
    assert not pair.open


@pytest.mark.parametrize(("flags", "off"), [(0b0001, 0), (0b0010, 100), (0b0100, 240), (0b1000, 479)])
def test_while_a_block_to_be_sent_is_marked_it_waits_but_not_for_ever(tmp_path, flags, off):
    pair = Pair(tmp_path)
    pair.told()
    pair.sample += off
    marked = range(NOW, NOW + 48_000 * 20, 48_000)
    pair.lane.air.flags = {index + at: flags for index in marked for at in range(0, 48_000, 480)}
    pair.pass_by(LOWER)
    assert not pair.open
    pair.pass_by(SECOND // 10)
    assert pair.open


def test_an_idle_block_is_no_lower_step(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    pair.lane.air.flags = {NOW + at: IDLE_BLOCK for at in range(0, 96_000, 480)}
    pair.pass_by(JOINS)
    assert pair.open


def test_what_becomes_unequal_again_begins_to_wait_anew(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    pair.pass_by(SECOND // 5)
    pair.lane.following = a_plan(2)
    pair.pass_by(SECOND // 10)
    pair.lane.following = None
    pair.pass_by(JOINS - SECOND // 10)
    assert not pair.open
    pair.pass_by(SECOND // 10)
    assert pair.open


def test_a_silent_stream_has_no_file_to_wait_for(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    pair.lane.plan = quiet_plan("fm1", NOW)
    pair.pass_by(JOINS)
    assert pair.open


def test_where_no_station_speaks_the_files_of_the_twin_are_believed(tmp_path):
    pair = Pair(tmp_path)
    shelf, newer = Shelf(pair.twin), a_plan(7)
    overlays = SetOverlays(channel="fm1", revision=3, overlays=(ALERT,), epoch="run 1")
    shelf.keep_plan(newer)
    shelf.keep_overlays(overlays)
    pair.pass_by(UNTOLD)
    assert pair.heard == []
    pair.pass_by(SECOND // 10)
    assert pair.heard == [overlays, SetPlan(channel="fm1", plan=newer)]
    assert not pair.open, "the alert is not loaded yet"
    pair.pass_by(3 * SECOND)
    assert len(pair.heard) == 2, "what is the same is not told again"
    pair.loaded.add("d" * 64)
    pair.pass_by(JOINS)
    assert pair.open


def test_what_the_twin_is_told_meanwhile_is_believed_a_second_later(tmp_path):
    pair = Pair(tmp_path)
    shelf = Shelf(pair.twin)
    first = SetOverlays(channel="fm1", revision=3, overlays=(ALERT,), epoch="run 1")
    shelf.keep_overlays(first)
    pair.pass_by(UNTOLD + SECOND // 10)
    shelf.keep_overlays(attrs.evolve(first, revision=4))
    pair.pass_by(9 * SECOND // 10)
    assert pair.heard == [first]
    pair.pass_by(SECOND // 5)
    assert [one.revision for one in pair.heard] == [3, 4]


def test_a_twin_that_has_no_files_yet_has_nothing_to_be_believed(tmp_path):
    pair = Pair(tmp_path)
    pair.pass_by(UNTOLD + JOINS)
    assert pair.heard == [] and pair.open


def test_an_alert_to_come_is_no_reason_to_wait(tmp_path):
    pair = Pair(tmp_path)
    pair.told()
    later = attrs.evolve(ALERT, start=NOW + 480_000, end=NOW + 960_000)
    pair.lane.overlays = SetOverlays(channel="fm1", revision=2, overlays=(later,))
    pair.pass_by(JOINS)
    assert pair.open
