"""What a simulated terminal believes and does, with orders written by the product's codec and read by its own."""

import asyncio
import random
import socket
import struct

import attrs
import pytest

from devices import sim_wire as wire
from devices.fefd import Frame, Reader, Signature, area_target, covers, crc32_mpeg2, encode, seal, to_sign
from devices.fefd_bodies import (
    ENDED,
    HEARD,
    PLAYING,
    Start,
    answer_from,
    heartbeat_from,
    query_body,
    start_body,
    status_from,
    stop_body,
    task_from,
    volume_body,
)
from devices.profile import load_profile
from devices.sim_listen import NEEDED, Ear, endpoint
from devices.sim_town import Options, Town
from station.clock import wall_us

PROFILE = load_profile("gengfu-sim")
STATION = "43404220000000103010101"
CODES = ["63404221002010314010401", "63404221002020314010401"]
EBM = STATION + "202611220001"
URL = "rtp://127.0.0.1:27990"


def sign(data):
    return (b"good" + crc32_mpeg2(data).to_bytes(4, "big")).ljust(64, b"\0")


class Line:
    """The transport of one terminal; gives what it said as the product reads it."""

    def __init__(self):
        self.reader, self.data, self.aborted = Reader(PROFILE, header=11), b"", False

    def write(self, data):
        self.data += data

    def abort(self):
        self.aborted = True

    def said(self):
        data, self.data = self.data, b""
        return self.reader.feed(data)


class World:
    def __init__(self, **options):
        self.loop = asyncio.new_event_loop()
        made = Options(host="127.0.0.1", port=1, **({"settle_s": 0.0} | options))
        self.town = Town(CODES, lambda data, signature: signature == sign(data), made, self.loop)
        self.lines = []
        for terminal in self.town.terminals:
            self.lines.append(Line())
            terminal.connection_made(self.lines[-1])
            self.lines[-1].said()

    def tell(self, data, who=0):
        self.town.terminals[who].data_received(data)
        return self.lines[who].said()

    def turn(self, seconds=0.0):
        self.loop.run_until_complete(asyncio.sleep(seconds))


@pytest.fixture
def world():
    made = World()
    yield made
    made.town.close()
    made.turn()
    made.loop.close()


def order(
    business=1, body=None, *, session=1, area="340422000000", at=None, signer=sign, signs="before-block"
):
    frame = Frame(
        session=session,
        kind=1,
        source=STATION,
        targets=(area_target(area),),
        business=business,
        body=start() if body is None else body,
        signature=Signature(at=seconds() if at is None else at, certificate="0" * 12, value=b""),
    )
    value = signer(to_sign(frame, signs))
    return encode(attrs.evolve(frame, signature=attrs.evolve(frame.signature, value=value)), PROFILE)


def start(*, begins=0, ends=60, url=URL, volume=255, ebm=EBM):
    return start_body(
        Start(
            ebm_id=ebm,
            kind=4,
            level=1,
            event="11B03",
            volume=volume,
            start=seconds() + begins,
            end=seconds() + ends,
            auxiliaries=((61, url.encode()),),
        )
    )


def seconds():
    return wall_us() // 1_000_000


def tasks(frames):
    return [(task_from(f.body).ebm_id, task_from(f.body).state) for f in frames if f.business == PROFILE.task]


def test_a_sound_order_is_answered_and_its_playing_reported(world):
    said = world.tell(order(session=9))
    assert [(f.kind, f.business, f.session, f.source) for f in said[:1]] == [(2, 1, 9, CODES[0])]
    assert answer_from(said[0].body).result == 0
    assert tasks(said) == [(EBM, PLAYING)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: order(signer=lambda data: bytes(64)), "signature"),
        (lambda: order(area="340422100202"), "address"),
        (lambda: order(area="000000000000"), "address"),
        (lambda: order(at=seconds() - 400), "time"),
        (lambda: order(at=seconds() + 400), "time"),
        (lambda: order(body=start(ends=0)), "over"),
        (lambda: order(body=start(url="rtp://10.0.0.1:5004")), "stream"),
        (lambda: order(body=start(url="http://127.0.0.1/a")), "stream"),
        (lambda: order(body=start()[:20]), "body"),
        (lambda: order(body=start()[:-5]), "body"),
        (lambda: order(business=0x55), "unknown"),
        (
            lambda: encode(
                attrs.evolve(
                    Frame(
                        session=3,
                        kind=1,
                        source=STATION,
                        targets=(area_target("340422000000"),),
                        business=1,
                        body=start(),
                    )
                ),
                PROFILE,
            ),
            "unsigned",
        ),
    ],
)
def test_what_it_does_not_believe_it_does_not_answer(world, data, why):
    assert world.tell(data()) == []
    assert world.town.rejected == {why: 1}
    assert world.town.terminals[0].playing is None


def test_a_replayed_order_is_not_obeyed_twice_nor_an_older_one(world):
    first = order(session=5)
    assert world.tell(first)
    assert world.tell(first) == []
    assert world.tell(order(session=4)) == []
    assert world.town.rejected == {"replayed": 2}
    world.town.terminals[0].connection_made(world.lines[0])
    world.lines[0].said()
    assert world.tell(first) == [], "a new connection does not make an old order new"


def test_a_thousand_forged_orders_are_obeyed_by_nobody_and_the_true_ones_among_them_by_all(world):
    dice, obeyed = random.Random(11), 0
    for k in range(1, 1_001):
        forged = bytearray(order(session=2 * k, body=start(ebm=STATION + f"{k:012d}")))
        where = dice.randrange(4, len(forged) - 4)
        forged[where] ^= 1 << dice.randrange(8)
        world.town.terminals[0].transport = line = Line()
        if where not in (10, 11) and not 68 < len(forged) - where <= 78:  # time and serial: not covered
            world.town.terminals[0].data_received(seal(bytes(forged[:-4]), PROFILE))
        assert not line.data, f"byte {where}"
        world.town.terminals[0]._held.clear()
        if k % 50 == 0:
            world.town.terminals[0].data_received(
                order(session=2 * k + 1, body=start(ebm=STATION + f"{k:012d}"))
            )
            obeyed += bool(line.data)
    assert obeyed == 20


def test_a_damaged_stream_ends_the_connection(world):
    assert world.tell(b"GET / HTTP/1.1\r\n") == []
    assert world.lines[0].aborted
    world.town.terminals[1].data_received(b"\xfe\xfd" + bytes(20))
    assert world.lines[1].aborted
    assert world.town.rejected == {"mark": 1, "length": 1}


def test_an_order_in_pieces_is_understood(world):
    data = order()
    assert world.tell(data[:7]) == world.tell(data[7:100]) == []
    assert tasks(world.tell(data[100:] + order(session=2, business=2, body=stop_body(EBM)))) == [
        (EBM, PLAYING),
        (EBM, ENDED),
    ]


def test_a_stop_for_another_broadcast_is_answered_and_changes_nothing(world):
    world.tell(order())
    said = world.tell(order(session=2, business=2, body=stop_body("9" * 35)))
    assert len(said) == 1
    assert world.town.terminals[0].playing is not None


def test_volumes_are_obeyed_within_their_bounds(world):
    assert len(world.tell(order(business=3, body=volume_body(10)))) == 1
    assert world.tell(order(session=2, business=3, body=b"\x70")) == []
    world.tell(order(session=3, body=start(volume=44)))
    world.town.terminals[0].beat()
    beat = heartbeat_from(world.lines[0].said()[-1].body)
    assert (beat.volume, beat.state, beat.first) == (44, 2, False)


def answered(fault):
    """What the product hears of a start order from a terminal with a fault: (kind, source, result) of its answer, tasks, hung up."""
    made = World(faults=((fault, 1.0),) if fault else ())
    try:
        said = made.tell(order())
        answers = [(f.source, answer_from(f.body).result) for f in said if f.kind == 2]
        return answers, tasks(said), made.lines[0].aborted, made.town.figures()["broadcasts"]
    finally:
        made.town.close()
        made.turn()
        made.loop.close()


@pytest.mark.parametrize(
    ("fault", "answers", "plays", "hung"),
    [
        ("", [(CODES[0], 0)], True, False), ("silent", [], False, False), ("cut", [], False, False), ("garbage", [], False, False),
        ("other", [("9" + CODES[0][1:], 0)], True, False), ("refuse", [(CODES[0], 1)], False, False), ("reboot", [], False, True), ("stuck", [(CODES[0], 0)], False, False),
    ],
)  # fmt: skip
def test_each_fault_of_a_terminal_is_heard_as_it_is_meant(fault, answers, plays, hung):
    heard, told, aborted, broadcasts = answered(fault)
    assert (heard, bool(told), aborted) == (answers, plays, hung)
    assert [one["acknowledged"] for one in broadcasts] in ([0 if fault else 1], [])


def test_faults_strike_the_share_that_was_asked_the_same_each_time():
    town = World(faults=(("stuck", 0.5), ("cut", 0.5))).town
    many = [town._fault() for _ in range(2_000)]
    assert 900 < many.count("stuck") < 1_100 and 400 < many.count("cut") < 600
    again = World(faults=(("stuck", 0.5), ("cut", 0.5))).town
    assert many == [again._fault() for _ in range(2_000)]
    for one in (town, again):
        one.close()
        one.loop.close()


@pytest.mark.parametrize(("covered", "signs"), [(0, "before-block"), (12, "through-serial")])
def test_terminals_believe_only_what_is_signed_as_their_kind_is(covered, signs):
    made = World(covered=covered)
    try:
        for session, kind in enumerate(("before-block", "through-serial"), 1):
            assert bool(made.tell(order(session=session, signs=kind))) is (kind == signs)
        assert made.town.rejected == {"signature": 1}
    finally:
        made.town.close()
        made.turn()
        made.loop.close()


def test_a_question_needs_no_signature_and_is_answered_with_what_is(world):
    ask = Frame(session=0, kind=1, source=STATION, targets=(CODES[0],), business=4, body=query_body(1, 6))
    world.tell(order())
    status = world.tell(encode(ask, PROFILE))[0]
    assert status.targets == (STATION,)
    found = dict(status_from(status.body).values)
    assert (found[1], found[6], found[0x60][-1]) == (b"\x50", b"\x02", PLAYING)
    assert world.tell(encode(ask, PROFILE), who=1) == [], "it was not asked"
    assert world.tell(encode(attrs.evolve(ask, kind=2), PROFILE)) == []


@pytest.mark.slow
def test_it_waits_for_its_start_and_stops_at_its_end(world):
    said = world.tell(order(body=start(begins=1, ends=2)))
    assert tasks(said) == []
    world.turn(2.2)
    assert tasks(world.lines[0].said()) == [(EBM, PLAYING), (EBM, ENDED)]


def test_a_stop_before_it_began_keeps_it_silent():
    world = World(settle_s=0.02)
    try:
        world.tell(order())
        said = world.tell(order(session=2, business=2, body=stop_body(EBM)))
        world.turn(0.05)
        assert tasks(said + world.lines[0].said()) == []
        world.tell(order(session=3))
        world.turn(0.05)
        assert tasks(world.lines[0].said()) == [(EBM, PLAYING)]
    finally:
        world.town.close()
        world.turn()
        world.loop.close()


def test_another_start_takes_the_place_of_what_plays(world):
    world.tell(order())
    other = STATION + "202611220002"
    assert tasks(world.tell(order(session=2, body=start(ebm=other)))) == [(other, PLAYING)]
    assert [len(b.players) for b in world.town.broadcasts.values()] == [0, 1]
    world.tell(order(session=3, body=start(ebm=other, ends=90)))
    assert len(world.town.broadcasts) == 2


def test_heard_is_said_only_after_enough_that_is_loud(world):
    world.tell(order())
    world.town._hear()
    assert tasks(world.lines[0].said()) == []
    ear = world.town._ears[URL]
    loud = struct.pack(">960h", *([9_000, -9_000] * 480))
    for k in range(NEEDED // 480):
        assert tasks(world.lines[0].said()) == []
        ear.take(struct.pack(">BBHII", 0x80, 96, 65_530 + k & 0xFFFF, 0, 0) + loud)
    world.town._hear()
    assert tasks(world.lines[0].said()) == [(EBM, HEARD)]
    world.town._hear()
    assert tasks(world.lines[0].said()) == []
    assert (ear.packets, ear.lost) == (NEEDED // 480, 0)
    told = world.town.figures()
    assert told["broadcasts"][0]["heard"] == 1
    assert sum(told["broadcasts"][0]["acknowledged_after"].values()) == 1


def test_the_ear_counts_lost_packets_and_passes_over_what_is_no_rtp(world):
    ear = Ear("rtp://127.0.0.1:27991", world.loop)
    quiet = bytes(1_920)
    for sequence in (1, 2, 5, 40_000, 40_001):
        ear.take(struct.pack(">BBHII", 0x80, 96, sequence, 0, 0) + quiet)
    ear.take(b"short")
    ear.take(bytes(100))
    with_extension = struct.pack(">BBHII", 0x91, 96, 40_002, 0, 0) + bytes(4) + b"\0\0\0\1" + bytes(4) + quiet
    ear.take(with_extension)
    ear.close()
    assert (ear.packets, ear.lost, ear.loud, ear.samples) == (6, 2, 0, 6 * 480)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("rtp://239.1.2.3:5004", ("239.1.2.3", 5004)),
        ("rtp://239.1.2.3", None),
        ("rtp://name:5004", None),
        ("udp://239.1.2.3:5004", None),
        ("rtp://239.1.2.3:99999", None),
        ("rtp://8.8.8.8:5004", None),
    ],
)
def test_only_multicast_and_loopback_streams_are_joined(url, place):
    assert endpoint(url) == place


def test_the_two_codecs_agree_on_checksums_and_wildcards():
    dice = random.Random(2)
    for _ in range(300):
        data = dice.randbytes(dice.randrange(80))
        assert wire.crc(data) == crc32_mpeg2(data)
        code = "".join(dice.choice("012") for _ in range(23))
        kept = dice.randrange(24)
        target = (dice.choice("0" + code[0]) + code[1:])[:kept].ljust(23, "0")
        assert covers(target, code) is bool(
            {wire.wild(target)} & wire.prefixes_of(code) and wire.wild(target)[1]
        )


def test_the_dead_and_the_late_are_the_same_for_the_same_seed():
    def shape(seed):
        loop = asyncio.new_event_loop()
        options = Options(host="", port=1, seed=seed, dead=0.3, late=0.3)
        town = Town([f"{k:023d}" for k in range(200)], lambda *_: True, options, loop)
        loop.close()
        return [(one.code, one.late) for one in town.alive]

    assert shape(1) == shape(1) != shape(2)
    assert 120 < len(shape(1)) < 160


@pytest.mark.slow
def test_terminals_dial_again_until_somebody_is_there_and_beat_evenly():
    world, heard = World(heartbeat_s=0.5), []

    class Station(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport, self.reader = transport, Reader(PROFILE, header=11)

        def data_received(self, data):
            heard.extend((self, frame) for frame in self.reader.feed(data))

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world.town._options = attrs.evolve(world.town._options, port=port)
    for terminal in world.town.terminals:
        terminal.transport = None
    world.town.open()
    world.turn(0.3)
    server = world.loop.run_until_complete(world.loop.create_server(Station, "127.0.0.1", port))
    world.turn(2.0)
    assert {frame.source for _, frame in heard} == set(CODES)
    firsts = [heartbeat_from(frame.body).first for _, frame in heard if frame.business == PROFILE.heartbeat]
    assert firsts.count(True) >= 2, "each said that it has just come on line"
    assert firsts.count(False) >= 2, "each beats on"
    assert len({id(link) for link, _ in heard}) >= 2
    server.close()
    world.town.close()
    world.turn(0.1)
    world.loop.close()


def test_of_broadcasts_long_over_only_the_figures_stay(world):
    ebms = [STATION + f"20261122{number:04d}" for number in range(1, 7)]
    for number, ebm in enumerate(ebms, 1):
        world.tell(order(session=number, body=start(ebm=ebm)))
    assert len(world.town.broadcasts) == 3
    told = world.town.figures()["broadcasts"]
    assert [one["ebm_id"] for one in told] == ebms
    assert all(one["acknowledged"] == 1 for one in told), "and nothing is forgotten"
