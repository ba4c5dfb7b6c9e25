"""Of two players of a channel the witness hears what a receiver of both does: each sample once, the better rung first."""

from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from twisted.internet import defer

from playout.rtp import FRAME, HEAD, PACKET, lay_header, ssrc_of, stepped
from safety.messages import ReportSlots, SlotRun
from safety.reporting import Outbox
from safety.ring import Packet, Ring, parse
from station import pieces
from station.wire import from_plain
from station.words import Misheard, instant_of

NOW = 81_000_000_000_000 // 480 * 480


def packet(value, step=0, index=NOW):
    return Packet(index // FRAME & 0xFFFF, index & 0xFFFF_FFFF, np.full((FRAME, 2), value, np.int16), step)


def heard(*packets, start=NOW, count=FRAME):
    ring = Ring(48_000)
    for one in packets:
        ring.add(one, NOW)
    pcm, have = ring.read(start, count)
    assert have.all()
    return sorted(set(pcm[:, 0].tolist())), ring.doubled


def test_of_two_copies_the_better_rung_is_heard_whichever_came_first():
    assert heard(packet(1, step=2), packet(5)) == ([5], 1)
    assert heard(packet(5), packet(1, step=2)) == ([5], 1)
    assert heard(packet(3, step=1), packet(1, step=2), packet(2, step=3)) == ([3], 2)


def test_of_two_copies_on_one_rung_the_first_is_heard():
    assert heard(packet(5), packet(6)) == ([5], 1)
    assert heard(packet(5, step=2), packet(6, step=2)) == ([5], 1)


def test_what_only_one_of_them_brought_is_heard_too():
    either = heard(packet(5), packet(6, index=NOW + FRAME), count=2 * FRAME)
    assert either == ([5, 6], 0)


def test_a_place_that_is_used_again_knows_nothing_of_the_last_time():
    ring = Ring(48_000)
    ring.add(packet(5), NOW)
    later = NOW + 48_000
    ring.add(packet(1, step=3, index=later), later)
    ring.add(packet(7, step=2, index=later), later)
    assert set(ring.read(later, FRAME)[0][:, 0]) == {7}


def test_copies_on_one_step_that_are_not_the_same_are_noted():
    ring = Ring(48_000)
    for one in (packet(5), packet(5), packet(7, index=NOW + 240), packet(1, step=2, index=NOW + 240)):
        ring.add(one, NOW)
    assert ring.differed is None, "the same; another step"
    ring.add(packet(6, index=NOW + 480), NOW)
    ring.add(packet(5, index=NOW + 480), NOW)
    assert ring.differed == NOW + 480
    ring.add(packet(6), NOW)
    assert ring.differed == NOW + 480, "the last one counts"


def laid(step):
    room = memoryview(bytearray(PACKET))
    lay_header(room, 0, NOW, ssrc_of("fm1"))
    room[HEAD:] = bytes(PACKET - HEAD)
    return stepped(room, step)


@pytest.mark.parametrize("step", range(7))
def test_the_step_of_the_ladder_is_read_where_the_player_says_it(step):
    assert parse(laid(step)).step == step and len(parse(laid(step)).pcm) == FRAME


@pytest.mark.parametrize(("coarse", "step"), [(0, 0), (1, 4), (2, 5), (3, 6)])
def test_a_player_of_an_older_version_says_four_steps_and_they_are_the_same(coarse, step):
    data = bytearray(laid(2))
    data[HEAD + 4 : HEAD + 8] = bytes((0x10, coarse, 0, 0))
    assert parse(bytes(data)).step == step


@pytest.mark.parametrize(
    "extension",
    [b"\xbe\xde\x00\x00", b"\x10\x00\x00\x01\x10\x03\x00\x00", b"\xbe\xde\x00\x01\x20\x03\x00\x00"],
    ids=["no words", "another profile", "another element"],
)
def test_extensions_of_others_are_passed_over(extension):
    plain = laid(0)
    data = bytes((plain[0] | 0x10,)) + plain[1:HEAD] + extension + b"\x10\x03" * (2 * FRAME)
    assert parse(data).step == 0


def test_an_extension_that_is_cut_off_is_no_sound():
    for length in range(HEAD, HEAD + 8):
        with pytest.raises(Misheard):
            parse(laid(3)[:length])


def test_that_copies_differ_is_told_with_the_next_report_and_kept_by_the_station():
    asked = []
    peer = SimpleNamespace(ask=lambda do, **fields: asked.append(fields["body"]) or defer.Deferred())
    outbox = Outbox(peer, "fm1", "p", real_return=False)
    outbox.differed = NOW
    outbox.add([SlotRun(first=1, last=2, state="NORMAL", heard="", due="", cause="")])
    outbox.send()
    report = from_plain(asked[0], ReportSlots)
    world = SimpleNamespace(measured={})
    pieces.noted(world, report)
    assert (report.differed, world.measured["fm1"].differed) == (NOW, instant_of(NOW))
    pieces.noted(world, attrs.evolve(report, differed=None))
    assert world.measured["fm1"].differed is None
