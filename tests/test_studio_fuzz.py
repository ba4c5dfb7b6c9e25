"""Fuzz of the wires of studio, clock and modem. A thousand inputs here for each, FUZZ=1000000 by `make fuzz`; nothing escapes, bounded CPU and memory."""

import random

import pytest
from fuzz_kit import COUNT, campaign, damaged

from devices import mqtt, sony9, swp08, vdcp
from devices.amcp import AmcpWire
from devices.amcp import Command as Words
from devices.at_modem import AtWire, Command, Give
from devices.mqtt_messages import Volume, report_filters
from devices.mqtt_wire import Follow, MqttWire
from devices.mqtt_wire import Give as Order
from devices.nmea import NmeaWire, read, resolve, rmc, stamp, write, zda
from devices.sim_amcp import Server
from devices.sim_modem import Modem
from devices.sim_mqtt import Server as Broker
from devices.sim_sony9 import Deck
from devices.sim_swp08 import Router as Pb
from devices.sim_uecp import Coder
from devices.sim_vdcp import Server as Video
from devices.sim_videohub import Router
from devices.sms import Deliver, Joiner, Submit, parts
from devices.sms import read as read_pdu
from devices.sms import write as pdu
from devices.sony9 import Sony9Wire
from devices.swp08 import Connect, DumpRequest, Interrogate, Swp08Wire
from devices.turns import ENDS, Answered, Declined, Garbled, Reply, Stray, Told
from devices.uecp import Ask, Send, UecpWire
from devices.uecp_elements import Pty, Request, elements_of, mec_of
from devices.vdcp import VdcpWire
from devices.videohub import ROUTING, Ping, Query, Route, VideohubWire
from station.words import Misheard

KINDS = (Answered, Declined, Garbled, Stray, Told, Reply)

THING = "63404221000000314010401"
LOUD = Volume(id="a", session=1, at=0, to=(THING,), volume=9)

# a wire, a device that answers it, questions
WIRES = {
    "sms": (
        AtWire,
        Modem,
        [Command("AT+CSQ"), Give(pdu(Submit(number="10086", text="a")))],
    ),
    "swp08": (Swp08Wire, lambda: Pb(64), [Interrogate(dest=3), Connect(dest=3, source=4), DumpRequest()]),
    "vdcp": (VdcpWire, Video, [vdcp.play(), vdcp.status(), vdcp.has("SLATE"), vdcp.position()]),
    "sony9": (Sony9Wire, Deck, [sony9.PLAY, sony9.STATUS, sony9.TIME, sony9.DEVICE_TYPE]),
    "videohub": (VideohubWire, lambda: Router(4), [Query(ROUTING), Route(((1, 2),)), Ping()]),
    "amcp": (AmcpWire, Server, [Words(("VERSION",)), Words(("CLS",)), Words(("PLAY", "1-10", "AMB"))]),
    "mqtt": (
        MqttWire,
        lambda: Broker(seconds=lambda: 0),
        [mqtt.Connect(client="x"), Follow(report_filters("terminal")), Order("terminal", LOUD)],
    ),
    "uecp": (lambda: UecpWire(1, 1), Coder, [Send((Pty(pty=1),)), Ask(Request(mec=7))]),
}


def seeds(name):
    """What the device really says to each question, and to whoever connects."""
    make, device, asks = WIRES[name]
    told, session = [], device().session()
    told += session.greeting()
    for ask in asks:
        wire = make()
        for said in session.heard(wire.asked(ask)):
            told.append(said)
            for heard in wire.feed(said):
                told += session.heard(heard.data) if isinstance(heard, Reply) else []
    return [one for one in told if one]


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_what_a_device_says(name):
    make, _, asks = WIRES[name]
    others, answered = seeds(name), []
    wire = make()

    def hear(chance):
        nonlocal wire
        if wire.waiting or len(answered) % 20 == 0:
            wire = make()
        wire.asked(chance.choice(asks))
        waiting = wire.waiting
        data = b"".join(
            damaged(chance, chance.choice(others), others) for _ in range(chance.choice((1, 1, 3)))
        )
        cut = chance.randrange(len(data) + 1)
        said = wire.feed(data[:cut]) + wire.feed(data[cut:]) + (wire.cut() if wire.holding else [])
        assert all(isinstance(one, KINDS) for one in said)
        assert not wire.holding
        assert wire.waiting == (waiting and not any(isinstance(one, ENDS) for one in said))
        answered.append(any(isinstance(one, Answered) for one in said))

    campaign(name, hear)
    assert 0 < sum(answered) < len(answered)  # some are still answers, most are not


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_a_stream_of_anything_is_bounded(name):
    chance, wire = random.Random(name), WIRES[name][0]()
    for _ in range(COUNT // 10):
        for one in wire.feed(chance.randbytes(chance.randrange(2_000))):
            assert isinstance(one, KINDS)
    held = len(getattr(wire, "_held", b""))
    assert held < 10_000


def test_fuzz_what_a_receiver_says():
    wire, told = NmeaWire(), []
    others = [write(make("GN", at * 10**6)) for at in (1_795_305_600, 951_868_799) for make in (rmc, zda)]

    def hear(chance):
        data = b"".join(damaged(chance, chance.choice(others), others) for _ in range(2))
        for one in wire.feed(data):
            assert isinstance(one, (Told, Stray))
            if isinstance(one, Told):
                told.append(True)
                assert read(write(one.value).strip()) == one.value
                said = stamp(one.value)
                assert (
                    said is None
                    or resolve(said, 1_795_305_600_000_000) is not None
                    or said.day > 28
                    or 0 in (said.day, said.month)
                    or said.month > 12
                )

    campaign("nmea", hear)
    assert told


CAME = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
PDUS = [
    bytes.fromhex(CAME),
    bytes.fromhex("00062A0D91683108108300F0621122415000236211224150102300"),
    bytes.fromhex("00440381" + "21F30008" + "62112200000000" + "0C" + "050003010201" + "5BFF53BF5BFF"),
    *(pdu(one) for one in parts("+8613800138000", "暴雨红色预警" * 20, 9, valid=11)),
    *(pdu(one) for one in parts("10086", "flood €" * 30, 9)),
]


def test_fuzz_messages():
    joiner, good = Joiner(4), []

    def hear(chance):
        data, sent = damaged(chance, chance.choice(PDUS), PDUS), chance.random() < 0.5
        try:
            found = read_pdu(data, sent=sent)
        except Misheard as misheard:
            assert misheard.text.zh
            return
        good.append(True)
        if isinstance(found, Deliver):
            assert len(joiner.add(found) or "") < 50_000

    campaign("pdu", hear)
    assert 0 < len(good) < COUNT


READERS = {
    "uecp": lambda data: [mec_of(one) for one in elements_of(data)],
    "swp08": lambda data: swp08.read(data or b"\0"),
    "vdcp": lambda data: vdcp.meaning(
        vdcp.Message(kind=3, code=0x80 | (data or b"\0")[0] & 0x1F, data=data[1:])
    ),
    "sony9": lambda data: sony9.meaning(sony9.TIME, sony9.Message(kind=7, code=4, data=data[:15])),
    "status": lambda data: sony9.meaning(sony9.STATUS, sony9.Message(kind=7, code=0x20, data=data[:15])),
}


@pytest.mark.parametrize("name", READERS)
def test_fuzz_what_stands_inside_whole_frames(name):
    """Checksums keep most damage out; here nothing does."""
    good = []

    def hear(chance):
        data = bytes(
            chance.choice((chance.randrange(256), chance.randrange(24))) for _ in range(chance.randrange(14))
        )
        try:
            READERS[name](data)
        except Misheard as misheard:
            assert misheard.text.en and misheard.text.zh
        else:
            good.append(True)

    campaign(name, hear)
    assert 0 < len(good) < COUNT
