"""What came of a relay, told to the witnesses of the machine: sample by sample, and nothing that is not it."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_relayed import SECONDS, Shelf, relayed
from witness_kit import RATE, T0, Bench, findings, music, speech

from playout.relay_lead import Lead, packet
from playout.relay_reference import Reference, joined
from playout.relay_rings import LiveRing
from playout.rtp import ssrc_of
from safety.relay_ear import LENGTH, Came, RelayEar, WithRelays, parse
from schedules.covers import Span, covered
from schedules.filling import filling
from schedules.plan import Fallen
from schedules.relays import checksum
from schedules.render import NotReady, render
from station.relay_ports import references
from station.settings import Ports
from station.words import Misheard

SSRC = ssrc_of("relay:cnr")
NOISE = np.random.default_rng(4).integers(-(1 << 23), 1 << 23, (9_600, 2)).astype(np.int32)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_datagram_of_somebody_else_is_taken_for_a_relays(data):
    with pytest.raises(Misheard):
        parse(data, SSRC)


def test_every_sample_comes_back_as_it_was_told():
    stamp, pcm = parse(packet("cnr", (7 << 32) + 480, NOISE[:240]), SSRC)
    assert stamp == 480 and (pcm == NOISE[:240]).all()
    with pytest.raises(Misheard):
        parse(packet("cnr", 480, NOISE[:240]), SSRC + 1)


def test_what_was_told_is_there_at_its_index_and_nowhere_else():
    came = Came("cnr")
    came.add(packet("cnr", T0, NOISE[:240]), T0 - 9_000)
    came.add(packet("cnr", T0 + 480, NOISE[480:720]), T0)
    came.add(packet("cnr", T0 + LENGTH, NOISE[:240]), T0)  # of another time
    came.add(b"rubbish", T0)
    assert (came.read(T0, 240) == NOISE[:240]).all() and came.misheard == 1
    assert came.read(T0, 241) is None and came.read(T0 + LENGTH, 10) is None
    known = WithRelays(Shelf(a=speech(1, 1)), {checksum("cnr"): came})
    assert (known.pcm(checksum("cnr"), T0, 240) == NOISE[:240]).all()
    with pytest.raises(NotReady):
        known.pcm(checksum("cnr"), T0, 300)
    assert known.length("a".ljust(64, "0")) == RATE and known.is_verified("a".ljust(64, "0"))


def test_a_player_tells_each_block_once_to_whoever_listens_on_this_machine():
    live, where = LiveRing(64, members=1, name="cnr"), ("239.193.250.1", 21_590)
    live.put(T0 - 480, NOISE[:480])  # before anybody told
    lead, twin = Lead(relay="cnr"), Lead(relay="cnr", second=True)
    told, theirs = Reference(live, where, lead), Reference(LiveRing(8), where, twin)
    ears = [RelayEar({"cnr": where}) for _ in range(2)]
    for at in (0, 480, 1_440):
        live.put(T0 + at, NOISE[at : at + 480])
        lead.made(T0 + at)
    live.put(T0 + 1_920, NOISE[:480])  # that the other made
    told.tell()
    told.tell()
    deadline = time.monotonic() + 2
    while any(one.came[checksum("cnr")].read(T0 + 1_440, 480) is None for one in ears):
        assert time.monotonic() < deadline
        for one in ears:
            one.drain(T0)
    for one in ears:
        came = one.came[checksum("cnr")]
        assert (came.read(T0, 960) == NOISE[:960]).all() and came.misheard == 0
        assert came.read(T0 - 480, 10) is None and came.read(T0 + 960, 10) is None
        assert came.read(T0 + 1_920, 10) is None
        one.close()
    for one in (told, theirs):
        one.hear(T0)
    assert (twin.block(T0) == NOISE[:480]).all() and lead.block(T0) is None, "nobody hears himself"
    told.close()
    theirs.close()


def test_a_group_that_cannot_be_joined_is_told_and_leaves_no_socket_behind():
    with pytest.raises(OSError):
        joined("192.0.2.1", 21_592)
    with pytest.raises(OSError):
        joined("127.0.0.1", 21_592)
    joined("239.193.250.1", 21_592).close()


def test_without_a_group_a_relay_goes_on_without_the_other_player(capfd):
    live, lead = LiveRing(8, name="cnr"), Lead(relay="cnr", paired=True)
    told = Reference(live, ("192.0.2.1", 21_592), lead)
    live.put(T0, NOISE[:480])
    lead.made(T0)
    told.hear(T0)
    told.tell()
    assert lead.leads and "the other player cannot be heard" in capfd.readouterr().err
    told.close()


def test_each_relay_has_a_group_of_its_own_and_only_its_chain_hears_it():
    sections = [SimpleNamespace(id=name, chain=chain) for name, chain in (("a", "x"), ("b", "y"), ("c", "x"))]
    made = references(SimpleNamespace(received=lambda: sections), Ports(8_600), "x")
    assert made == {"a": ("239.193.33.1", 8_690), "c": ("239.193.33.3", 8_692)}
    assert socket.inet_aton(made["a"][0])[0] == 239


def heard(tmp_path, sound):
    """What a witness finds that was told what came: speech."""
    came, brought = Came("cnr"), speech(SECONDS, 9).astype(np.int32)
    for at in range(0, len(brought) // 240 * 240, 240):
        came.add(packet("cnr", T0 + at, brought[at : at + 240]), T0 + at)
    media = Shelf(programme=speech(SECONDS, 1), filler=music(2, 2))
    known, plan = WithRelays(media, {checksum("cnr"): came}), relayed(media)
    bench = Bench(tmp_path, known)
    bench.tell(plan)
    bench.tape.play(sound(plan, known))
    return findings(bench.run(T0 + (SECONDS - 1) * RATE))


def as_due(plan, known, *falls):
    return render(plan, (), falls, known, plan.start, SECONDS * RATE)


def test_a_relay_that_is_heard_as_it_came_is_normal(tmp_path):
    assert [one for one in heard(tmp_path, as_due) if one[3] != "no plan known"] == []


def test_what_is_not_what_came_is_foreign_also_within_a_relay(tmp_path):
    def spliced(plan, known):
        made = as_due(plan, known)
        made[3 * RATE : 4 * RATE] = (music(1, 8)[:RATE] >> 8).astype(np.int16)
        return made

    assert ("FOREIGN", 30, 40) in {one[:3] for one in heard(tmp_path, spliced)}


def test_a_player_that_fell_though_something_came_is_wrong(tmp_path):
    def fallen(plan, known):
        made = as_due(plan, known)
        down = Fallen(take=plan.takes[0].id, start=plan.start, rung="filler")
        made[RATE:] = as_due(plan, known, down)[RATE:]
        return made

    assert any(state == "WRONG" and "filler" in cause for state, *_, cause in heard(tmp_path, fallen))


def test_what_is_heard_of_a_session_is_known_from_what_is_foreign_in_it_and_from_what_was_dumped(tmp_path):
    came, brought = Came("cnr"), speech(SECONDS, 9).astype(np.int32)
    for at in range(0, len(brought) // 240 * 240, 240):
        came.add(packet("cnr", T0 + at, brought[at : at + 240]), T0 + at)
    media = Shelf(programme=speech(SECONDS, 1), filler=music(SECONDS, 2))
    known, plan = WithRelays(media, {checksum("cnr"): came}), relayed(media)
    lasting = attrs.evolve(plan.takes[0], approval="session:fm1:1")
    thrown = Span(media=checksum("cnr"), at=T0 + 3 * RATE, until=T0 + 4 * RATE)
    cover = attrs.evolve(
        plan, takes=covered([lasting], [thrown], lambda a, b: filling([plan.media[-2]], {}, 1, a, b))
    )
    heard = as_due(cover, known)
    whole = as_due(attrs.evolve(plan, takes=(lasting,)), known)
    heard[2 * RATE : 2 * RATE + RATE // 2] = (music(1, 8)[: RATE // 2] >> 8).astype(np.int16)
    heard[3 * RATE + RATE // 2 : 4 * RATE] = whole[
        3 * RATE + RATE // 2 : 4 * RATE
    ]  # the dump that came too late
    bench = Bench(tmp_path, known)
    bench.tell(cover)
    bench.tape.play(heard)
    runs = bench.run(T0 + (SECONDS - 1) * RATE)
    found = [(run.state, run.first - T0 // 4_800, run.last - T0 // 4_800, run.due) for run in runs]
    assert ("FOREIGN", 20, 25, "session:fm1:1") in found
    assert [(state, due) for state, first, _, due in found if 35 <= first < 40] == [
        ("FOREIGN", "standing:filler")
    ]
    assert {due for state, *_, due in found if state == "NORMAL"} == {"session:fm1:1", "standing:filler"}
