"""MQTT: the standard's own bytes, packets and payloads read as they were written, the schema and the reader of one mind, hostile streams, a simulated server under every fault."""

import json
import random
import re
from pathlib import Path

import attrs
import jsonschema
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_kit import Room, served, wired
from wire import KEY, STRANGER

from devices import mqtt, mqtt_face, mqtt_messages
from devices.mqtt import (
    ConnAck,
    Connect,
    Disconnect,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    Reader,
    SubAck,
    Subscribe,
    Will,
    decode,
    encode,
)
from devices.mqtt_messages import Answer, Query, Show, Start, Status, Stop, Task, Volume, read, to_sign, write
from devices.mqtt_wire import Follow, Give, MqttWire, Tell
from devices.sim_mqtt import Server, field, framed
from devices.sim_sm2 import PublicKey
from devices.turns import Answered, Declined, Garbled, Reply, Silent, Stray, Told
from devices.wire_tool import _parser
from emergency import sm2
from station import wire_entry
from station.words import Misheard

DOCS = Path(__file__).parent.parent / "docs" / "protocols"
PAGE = (DOCS / "mqtt.md").read_text("utf-8")
SCHEMA = json.loads((DOCS / "mqtt.schema.json").read_text("utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
TERMINAL, SCREEN = "63404221000000314010401", "63404221000000314020401"
EBM = "43404220000000314010101202611220001"
NOW = 1_795_305_600
HEAD = {"id": "a1", "session": 7, "at": NOW, "to": (TERMINAL,)}
VOLUME = Volume(**HEAD, volume=60)
START = Start(**HEAD, ebm=EBM, kind=4, level=1, event="11B03", start=NOW, end=NOW + 600, stream="rtp://224.2.2.2:17036", volume=80)  # fmt: skip
SHOW = Show(**{**HEAD, "to": (SCREEN,)}, ebm=EBM, kind=4, level=1, event="11B03", start=NOW, end=NOW + 600, text="暴雨红色预警")  # fmt: skip
DONE = Answer(code=TERMINAL, id="a1", result="done")


def block(kind):
    return re.search(rf"^```{kind}\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)[1]


# ---- packets ------------------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_page_is_read():
    (packet,) = Reader().feed(bytes.fromhex(block("hex")))
    topic = f"gengfu/1/terminal/{TERMINAL}/order"
    assert packet == Publish(topic=topic, payload=write(VOLUME), qos=1, packet=5) and read(packet.payload) == VOLUME  # fmt: skip
    assert encode(packet) == bytes.fromhex(block("hex")) and read(block("json").encode()) == DONE


@pytest.mark.parametrize(
    ("packet", "wanted"),
    [
        (Publish(topic="a/b", payload=b"", qos=1, packet=10), "32 07 0003612f62 000a"),  # figure 3.11
        (Publish(topic="a", payload=b"x", retain=True), "31 04 000161 78"),
        (Publish(topic="a", payload=b"", qos=1, again=True, packet=1), "3a 05 000161 0001"),
        (Connect(client="c", keep_alive=10, user="u", password=b"p", will=Will(topic="w", payload=b"l", qos=1)), "10 19 00044d515454 04 ce 000a 000163 000177 00016c 000175 000170"),  # figure 3.6
        (Connect(client="c", keep_alive=0, clean=False), "10 0d 00044d515454 04 00 0000 000163"),
        (Connect(client="", keep_alive=1, will=Will(topic="w", payload=b"", retain=True)), "10 11 00044d515454 04 26 0001 0000 000177 0000"),
        (ConnAck(code=5), "20 02 00 05"), (ConnAck(code=0, present=True), "20 02 01 00"), (PubAck(packet=0x1234), "40 02 1234"),
        (Subscribe(packet=10, filters=(("a/b", 1), ("c/d", 0))), "82 0e 000a 0003612f62 01 0003632f64 00"),  # figure 3.22
        (SubAck(packet=10, codes=(0, 0x80)), "90 04 000a 00 80"), (PingReq(), "c000"), (PingResp(), "d000"), (Disconnect(), "e000"),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_packets_have_the_bytes_of_the_standard(packet, wanted):
    assert encode(packet) == bytes.fromhex(wanted)
    assert Reader().feed(bytes.fromhex(wanted)) == [packet]


def test_a_password_stands_in_no_log():
    assert "secret" not in repr(Connect(client="c", user="u", password=b"secret"))


@pytest.mark.parametrize(
    ("size", "length"), [(3, "03"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001")]
)
def test_lengths_are_those_of_the_standard(size, length):
    data = encode(Publish(topic="a", payload=bytes(size - 3)))
    assert data[1 : 1 + len(length) // 2] == bytes.fromhex(length) and len(Reader().feed(data)) == 1


name = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0+#"), min_size=1, max_size=5)
number, qos, blob = st.integers(1, 0xFFFF), st.integers(0, 1), st.binary(max_size=5)
packets = st.one_of(
    st.builds(Connect, client=name, keep_alive=st.integers(0, 0xFFFF), clean=st.booleans(), user=name, password=st.none() | blob, will=st.none() | st.builds(Will, topic=name, payload=blob, qos=qos, retain=st.booleans())),
    st.builds(ConnAck, code=st.integers(1, 255)), st.builds(Publish, topic=name, payload=blob, retain=st.booleans()),
    st.builds(Publish, topic=name, payload=blob, qos=st.just(1), again=st.booleans(), packet=number), st.builds(PubAck, packet=number),
    st.builds(Subscribe, packet=number, filters=st.lists(st.tuples(name, qos), min_size=1, max_size=2).map(tuple)),
    st.builds(SubAck, packet=number, codes=st.lists(st.sampled_from((0, 1, 128)), min_size=1, max_size=3).map(tuple)),
    st.sampled_from((PingReq(), PingResp(), Disconnect())),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(packets, max_size=3), st.data())
def test_a_stream_cut_anywhere_gives_its_packets(wanted, data):
    stream, reader, found = b"".join(map(encode, wanted)), Reader(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == wanted and not reader.holding and reader.deaf is None


@pytest.mark.parametrize(
    "wrong",
    [
        "0000", "f000", "5002 0001", "a002 0001", "1100", "8000", "c001 00", "3000", "30ffffffff7f", "30818008", "3005 0003 2b2f62",
        "3002 0000", "3003 0001 00", "3003 0001 ff", "3003 0005 61", "3805 000161 0001", "3205 000161 0000", "3405 000161 0001", "3605 000161 0001",
        "100d 00044d515454 03 02 0000 000163", "100d 00044d515454 04 03 0000 000163", "100d 00044d515454 04 0a 0000 000163", "100d 00044d515454 04 12 0000 000163", "100d 00044d515454 04 42 0000 000163",
        "100d 00044d515454 04 22 0000 000163", "100c 00044d515454 04 00 0000 0000", "1012 00044d515454 04 16 0000 0000 000177 000178",
        "2002 0200", "2002 0101", "2003 000000", "4002 0000", "8202 0001", "8206 0001 000161 02", "8206 0001 000161 03", "9002 0001", "9003 0001 02",
    ],
)  # fmt: skip
def test_what_the_standard_forbids_makes_a_connection_deaf(wrong):
    reader, good = Reader(), encode(PingResp())
    assert reader.feed(good + bytes.fromhex(wrong)) == [PingResp()]
    assert reader.deaf.code == "mqtt" and reader.deaf.text.zh and not reader.holding
    assert reader.feed(good) == []


def test_the_longest_packet_is_waited_for_and_a_longer_one_is_not():
    for size, deaf in ((mqtt.MOST, False), (mqtt.MOST + 1, True)):
        length = bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])
        reader = Reader()
        assert reader.feed(b"\x30" + length) == [] and (reader.deaf is not None) is deaf
        assert reader.holding is not deaf
    assert decode(0xC0, b"") == PingReq()


@pytest.mark.parametrize(
    "packet",
    [
        Publish(topic="", payload=b""), Publish(topic="a/+", payload=b""), Publish(topic="#", payload=b""), Publish(topic="a\0", payload=b""), Publish(topic="\ud800", payload=b""),
        Publish(topic="a" * 65_536, payload=b""), Publish(topic="a", payload=bytes(mqtt.MOST)), Publish(topic="a", payload=b"", qos=2, packet=1),
        Publish(topic="a", payload=b"", qos=1), Publish(topic="a", payload=b"", packet=1), Publish(topic="a", payload=b"", again=True),
        Connect(client="c", password=b"p"), Connect(client="", clean=False), Connect(client="c", keep_alive=65_536), Connect(client="c", keep_alive=-1),
        Connect(client="c", will=Will(topic="+", payload=b"")), Subscribe(packet=1, filters=()), Subscribe(packet=1, filters=(("a", 2),)), PubAck(packet=65_536), SubAck(packet=0, codes=(0,)),
    ],
)  # fmt: skip
def test_what_no_packet_can_say_is_not_written(packet):
    with pytest.raises(ValueError, match=r"."):
        encode(packet)


def test_fuzz_packets():
    seeds = [encode(one) for one in (Publish(topic="a/b", payload=b"x" * 9, qos=1, packet=10), Connect(client="c", user="u", password=b"p", will=Will(topic="w", payload=b"l")), Subscribe(packet=1, filters=(("a", 1),)), SubAck(packet=1, codes=(1,)), ConnAck(code=0))]  # fmt: skip
    found = 0

    def ask(chance: random.Random):
        nonlocal found
        reader = Reader()
        data = b"".join(damaged(chance, chance.choice(seeds), seeds) for _ in range(3))
        cut = chance.randrange(len(data) + 1)
        for packet in reader.feed(data[:cut]) + reader.feed(data[cut:]):
            found += 1
            assert Reader().feed(encode(packet)) == [packet]
        assert len(reader._held) < 300

    campaign("mqtt packets", ask)
    assert found


# ---- payloads -----------------------------------------------------------------------------------------------------

plain_text = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=6)
STRATEGIES = {
    "id": st.text("aZ0._-", min_size=1, max_size=64), "session": st.integers(1, 2**53 - 1), "to": st.lists(st.text("0123", min_size=23, max_size=23), min_size=1, max_size=2).map(tuple),
    "at": st.integers(0, 2**32 - 1), "start": st.integers(0, 2**32 - 1), "end": st.integers(0, 2**32 - 1), "kind": st.integers(1, 5), "level": st.integers(0, 4),
    "ebm": st.text("0123", min_size=35, max_size=35), "event": st.text("1B", min_size=5, max_size=5), "code": st.text("0123", min_size=23, max_size=23),
    "volume": st.integers(0, 100), "stream": st.just("rtp://x:1"), "image": st.just("http://x/y"), "sha256": st.text("0a", min_size=64, max_size=64),
    "text": plain_text, "result": st.sampled_from(("done", "refused")), "online": st.booleans(),
    "certificate": st.text("01", min_size=12, max_size=12), "signature": st.text("0f", min_size=128, max_size=128),
}  # fmt: skip


def built(cls):
    states = st.sampled_from(("playing", "heard", "showing", "ended") if cls is Task else ("idle", "fault"))
    made = {one.name: STRATEGIES.get(one.name, states) for one in attrs.fields(cls)}
    return st.builds(cls, **{one.name: made[one.name] if one.default is attrs.NOTHING else st.none() | made[one.name] for one in attrs.fields(cls)})  # fmt: skip


messages = st.one_of(*map(built, (*mqtt_messages.ORDERS, *mqtt_messages.REPORTS)))
ODD = (None, "", "x", 0, 1, -1, 6, 101, 2**32, 2**53, True, False, [], ["1"], ["1" * 23], ["1" * 23] * 1001, {}, {"1" * 23: 1}, "1" * 23, "1" * 35, "0" * 24, "a\u0001", "\ud800", "٣" * 23, "x" * 65, "done", "idle", "start")  # fmt: skip


@settings(max_examples=60)
@given(messages)
def test_every_payload_is_read_as_it_was_written_and_fits_the_schema(message):
    data = write(message)
    assert read(data) == message and VALID.is_valid(json.loads(data))


@settings(max_examples=80)
@given(messages, st.data())
def test_reader_and_schema_are_of_one_mind(message, data):
    plain = json.loads(write(message))
    key = data.draw(st.sampled_from((*plain, "strange", "text", "volume")))
    value = data.draw(st.sampled_from(ODD))
    if data.draw(st.booleans()):
        plain[key] = value
    else:
        plain.pop(key, None)
    try:
        read(json.dumps(plain).encode())
        taken = True
    except Misheard as misheard:
        assert misheard.code == "payload" and misheard.text.zh
        taken = False
    assert taken == VALID.is_valid(plain)


def test_the_schema_of_the_page_is_that_of_the_code():
    assert mqtt_messages.schema() == SCHEMA
    for cls in (*mqtt_messages.ORDERS, *mqtt_messages.REPORTS):
        assert f"`{cls.type}`" in PAGE
        assert all(f"`{one.name}`" in PAGE for one in attrs.fields(cls))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"[1]", b"null", b"[" * 60_000, b'{"v":1}', b'{"type":["start"],"v":1}', b'{"type":"start","v":true}', b'{"type":"start","v":2}', b'{"type":"x","v":1}', b" " * 65_537,
        b'{"type":"answer","v":1,"code":"%s","id":"a","id":"b","result":"done"}' % TERMINAL.encode(), b'{"type":"query","v":1,"\\ud800":1}', b"1" * 5_000,
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_payload_is_said_in_a_sentence(data):
    with pytest.raises(Misheard) as said:
        read(data)
    assert said.value.text.en.encode() and said.value.text.zh and len(said.value.text.en) < 300


def test_what_no_payload_can_say_is_not_written():
    many = attrs.evolve(VOLUME, to=("1" * 23,) * 1000)
    assert len(write(many)) > 26_000
    for wrong in (attrs.evolve(VOLUME, volume=101), attrs.evolve(many, to=("1" * 23,) * 1001), attrs.evolve(VOLUME, to=()), attrs.evolve(START, stream="a b"), attrs.evolve(DONE, result="yes")):  # fmt: skip
        with pytest.raises(ValueError, match=r"cannot be"):
            write(wrong)


def test_topics_are_those_of_the_page():
    assert mqtt_messages.device_topic("screen", SCREEN, "order") == f"gengfu/1/screen/{SCREEN}/order"
    assert mqtt_messages.area_topic("terminal", "340422000000") == "gengfu/1/terminal/area/340422000000/order"
    assert mqtt_messages.report_filters("terminal") == ("gengfu/1/terminal/+/answer", "gengfu/1/terminal/+/status", "gengfu/1/terminal/+/task")  # fmt: skip
    assert mqtt_messages.reporter(f"gengfu/1/terminal/{TERMINAL}/task") == (TERMINAL, "task")
    for wrong in (lambda: mqtt_messages.device_topic("terminal", "+", "order"), lambda: mqtt_messages.area_topic("terminal", "34")):  # fmt: skip
        with pytest.raises(ValueError, match=r"digits"):
            wrong()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"gengfu/1/terminal/{TERMINAL}/order", write(DONE)), (f"gengfu/1/siren/{TERMINAL}/answer", write(DONE)), ("gengfu/1/terminal/1/answer", write(DONE)),
        (f"gengfu/1/terminal/{TERMINAL}/answer/x", write(DONE)), (f"terminal/{TERMINAL}/answer", write(DONE)), ("a", b""),
        (f"gengfu/1/terminal/{TERMINAL}/task", write(DONE)), (f"gengfu/1/terminal/{TERMINAL}/answer", write(VOLUME)),
        (f"gengfu/1/screen/{SCREEN}/answer", write(DONE)),
    ],
)  # fmt: skip
def test_a_device_speaks_of_itself_on_its_own_topics(topic, payload):
    assert mqtt_messages.heard(f"gengfu/1/terminal/{TERMINAL}/answer", write(DONE)) == DONE
    with pytest.raises(Misheard):
        mqtt_messages.heard(topic, payload)


def test_a_signature_covers_all_but_itself():
    signed = attrs.evolve(VOLUME, certificate="000000000042", signature="0" * 128)
    assert to_sign(signed) == to_sign(attrs.evolve(signed, signature="1" * 128)) != to_sign(VOLUME)
    assert json.loads(to_sign(signed))["certificate"] == "000000000042"


def test_fuzz_payloads():
    seeds = [write(one) for one in (START, SHOW, VOLUME, DONE, Status(code=TERMINAL, online=True, at=1), Task(code=TERMINAL, ebm=EBM, state="heard", at=NOW))]  # fmt: skip
    good = 0

    def ask(chance: random.Random):
        nonlocal good
        try:
            message = read(damaged(chance, chance.choice(seeds), seeds))
        except Misheard as misheard:
            assert misheard.text.en.encode()
            return
        good += 1
        assert read(write(message)) == message

    campaign("mqtt payloads", ask)
    assert good


# ---- the wire -----------------------------------------------------------------------------------------------------


def room(fault=None, key=None, wire=False):
    """A connection that follows the terminal, and then a fault."""
    device = Server(key=key, seconds=lambda: NOW)
    made = Room(MqttWire(), device)
    assert made.value(Connect(client="x")) is True
    assert made.value(Follow(mqtt_messages.report_filters("terminal"))) is True
    made.settle()
    if fault:
        (device.wire.on if wire else device.faults)[fault] = 0
    return made


def test_an_order_is_answered_by_its_device_and_read_back():
    line = room()
    assert line.value(Give("terminal", START)) == DONE
    found = line.value(Give("terminal", Query(**{**HEAD, "id": "a2", "session": 8})))
    assert (found.state, found.ebm, found.volume, found.id) == ("playing", EBM, 80, "a2")
    line.settle()
    assert [one.state for one in line.told if isinstance(one, Task)] == ["playing"] and not line.strays
    assert line.value(Give("terminal", Stop(**{**HEAD, "id": "a3", "session": 9}, ebm=EBM))).id == "a3"
    assert line.device.told()["terminal"] == {"state": "idle", "ebm": "", "volume": 80}
    assert line.value(PingReq()) is True
    assert line.value(Tell(topic=mqtt_messages.area_topic("terminal", "340422100000"), payload=write(attrs.evolve(VOLUME, session=10)))) is True  # fmt: skip
    assert line.device.things[0].volume == 60


@pytest.mark.parametrize(
    ("fault", "wire", "kind"),
    [
        ("exception", True, Declined), ("dead", True, Silent), ("mute", False, Silent), ("garbage", True, Garbled), ("cut", True, (Garbled, Silent)),
        ("late", True, Answered), ("other", False, Silent), ("unit", True, Answered), ("twice", True, Answered),
    ],
)  # fmt: skip
def test_each_fault_has_its_end(fault, wire, kind):
    line = room(fault, wire=wire)
    ended = line.ask(Give("terminal", VOLUME))
    assert isinstance(ended, kind)
    assert (ended.value == DONE) if isinstance(ended, Answered) else True
    assert fault != "unit" or line.strays == ["a PubAck that answers nothing"]


def test_a_device_that_is_stuck_says_done_and_the_reading_back_shows_it():
    line = room("stuck")
    assert line.value(Give("terminal", VOLUME)) == DONE
    assert line.value(Give("terminal", Query(**{**HEAD, "id": "q", "session": 8}))).volume == 50


def test_a_device_obeys_what_is_new_addressed_to_it_and_signed():
    line, key = room(key=PublicKey(KEY.public.pem())), sm2.signer(KEY)

    def signed(order, by=key):
        named = attrs.evolve(order, certificate="000000000042")
        return attrs.evolve(named, signature=by.sign(to_sign(named)).hex())

    old = attrs.evolve(VOLUME, session=8, at=NOW - 301)
    away = attrs.evolve(VOLUME, to=("63404230000000314010401",))
    topic = mqtt_messages.device_topic("terminal", TERMINAL, "order")
    assert line.value(Give("terminal", signed(VOLUME))) == DONE
    for order in (VOLUME, signed(attrs.evolve(VOLUME, session=9), sm2.signer(STRANGER)), signed(VOLUME), signed(old)):  # fmt: skip
        assert isinstance(line.ask(Give("terminal", order)), Silent)
    line.value(Tell(topic=topic, payload=write(signed(attrs.evolve(away, session=99)))))
    line.value(Tell(topic=topic, payload=b"[1]"))
    assert line.device.requests == 1


def test_a_server_that_lets_nobody_in_says_so():
    for fault, ask, why in (("shut", Connect(client="x"), "it is not authorised"), ("closed", Follow(("a", "b")), "not allowed: a, b")):  # fmt: skip
        device = Server()
        line = Room(MqttWire(), device)
        assert fault == "shut" or line.value(Connect(client="x"))
        device.faults[fault] = 0
        assert line.ask(ask).why == why
    wire = MqttWire()
    wire.asked(Connect(client="x"))
    assert wire.feed(encode(ConnAck(code=99))) == [Declined("99", "unknown")]


def published(message, leaf="answer", kind="terminal", **how):
    return encode(Publish(topic=f"gengfu/1/{kind}/{TERMINAL}/{leaf}", payload=write(message), **how))


def test_only_the_answer_of_this_device_to_this_order_is_one():
    wire = MqttWire()
    assert wire.numbered  # a late answer is known to be one: nobody has to wait for it
    wire.asked(Give("terminal", VOLUME))
    status = Status(code=TERMINAL, online=True, id="a1")
    for other in (published(DONE, retain=True), published(attrs.evolve(DONE, id="a2")), published(DONE, kind="screen"), published(status, "status")):  # fmt: skip
        assert isinstance(wire.feed(other)[0], Told) and wire.waiting
    assert wire.feed(published(DONE, qos=1, packet=7)) == [Reply(encode(PubAck(packet=7))), Answered(DONE)]
    assert wire.feed(published(DONE)) == [Told(DONE)]
    wire.asked(Give("terminal", Query(**HEAD)))
    assert isinstance(wire.feed(published(DONE))[0], Garbled)
    wire.asked(Give("terminal", Query(**HEAD)))
    assert wire.feed(published(status, "status")) == [Answered(status)]
    wire.asked(Give("terminal", VOLUME))
    assert wire.feed(published(attrs.evolve(DONE, result="refused"))) == [Declined("refused", "")]


def test_what_answers_nothing_is_a_stray():
    wire = MqttWire()
    assert [type(wire.feed(encode(one))[0]) for one in (ConnAck(code=0), SubAck(packet=1, codes=(1,)), PubAck(packet=1), PingResp(), Connect(client="x"), Publish(topic="a", payload=b""))] == [Stray] * 6  # fmt: skip
    wire.asked(Follow(("a",)))
    assert isinstance(wire.feed(encode(SubAck(packet=2, codes=(1,))))[0], Stray)
    assert isinstance(wire.feed(encode(SubAck(packet=1, codes=(1, 1))))[0], Garbled)
    wire.asked(Tell(topic="a", payload=b""))
    assert isinstance(wire.feed(encode(PubAck(packet=1)))[0], Stray) and wire.waiting
    assert wire.feed(encode(PubAck(packet=2))) == [Answered(True)]
    wire._packet = 0xFFFF
    assert wire.asked(Tell(topic="a", payload=b""))[-2:] == b"\x00\x01"
    wire.asked(PingReq())
    assert wire.feed(b"\xd0") == [] and wire.holding
    assert wire.cut() == [Garbled("no packet of MQTT: cut short")]
    assert wire.cut() == [] and wire.feed(encode(PingResp())) == []


def test_rubbish_without_a_question_is_a_stray_and_said_once():
    wire = MqttWire()
    assert [type(one) for one in wire.feed(b"\x00\x00" * 9)] == [Stray] and wire.feed(b"x") == []


# ---- by hand ------------------------------------------------------------------------------------------------------


def test_an_area_is_ordered_over_a_socket_and_its_devices_are_counted(capsys, monkeypatch):
    monkeypatch.setattr("devices.mqtt_face._GATHER_US", 200_000)
    device = Server()
    with served(device) as link:
        for words, refused in ((("volume", "340422000000", 20), []), (("query", "340422100000"), [])):
            code, lines = wired(capsys, "mqtt", *words, "--link", link)
            assert (code, lines[-1]["answered"], lines[-1]["refused"]) == (0, 1, refused)
        assert device.things[0].volume == 20
        device.wire.on["exception"] = 0
        code, lines = wired(capsys, "mqtt", "volume", "340000000000", 30, "--link", link)
        assert (code, lines[-1]["refused"]) == (1, [TERMINAL])
        assert wired(capsys, "mqtt", "query", "340423000000", "--link", link)[1][-1]["answered"] == 0


def test_terminals_and_screens_are_ordered_over_a_socket(capsys, tmp_path):
    device, secret = Server(), tmp_path / "password"
    secret.write_text("p\n")
    with served(device) as link:
        how = ("--link", link, "--user", "u", "--password-file", secret, "--timeout", 1)
        code, lines = wired(
            capsys, "mqtt", "start", TERMINAL, EBM, "--stream", "rtp://1", "--volume", 30, *how
        )
        assert code == 0 and lines[-1]["holds"] and device.told()["terminal"]["ebm"] == EBM
        assert wired(capsys, "mqtt", "show", SCREEN, EBM, "--text", "暴雨", *how)[0] == 0
        for words in (("volume", TERMINAL, 20), ("volume", SCREEN, 20, "--screen"), ("query", TERMINAL), ("stop", TERMINAL, EBM)):  # fmt: skip
            assert wired(capsys, "mqtt", *words, *how)[0] == 0, words
        assert device.told()["screen"] == {"state": "showing", "ebm": EBM, "volume": 20}
        device.faults["stuck"] = 0
        code, lines = wired(capsys, "mqtt", "volume", TERMINAL, 55, *how)
        assert code == 1 and lines[-1]["holds"] is False
        for words in (("volume", "12", 5), ("query", TERMINAL, "--client", "\0"), ("show", SCREEN, EBM, "--text", ""), ("query", TERMINAL, "--password-file", tmp_path)):  # fmt: skip
            assert wired(capsys, "mqtt", words[0], *words[1:], "--link", link)[0] == 2, words


def test_a_terminal_that_checks_signatures_is_ordered_by_hand(capsys, tmp_path):
    device, key = Server(key=PublicKey(KEY.public.pem())), tmp_path / "key.pem"
    key.write_bytes(KEY.pem())
    key.chmod(0o600)
    with served(device) as link:
        words = ["mqtt", "volume", TERMINAL, "20", "--link", link]
        held = [*words, "--key", str(key), "--certificate", "000000000042"]
        assert wire_entry.main(held) == 0 and device.things[0].volume == 20
        assert wire_entry.main(held[:-2]) == 2
    capsys.readouterr()


def script(words, answers):
    """What a script asks, and what it says in the end."""
    asked = _parser({"mqtt": mqtt_face.FACE}).parse_args(["mqtt", *words, "--link", "tcp:a:1"])
    verb = next(one for one in mqtt_face.FACE.verbs if one.name == asked.verb)
    made, asks = verb.script(asked), []
    try:
        asks.append(next(made))
        for answer in answers:
            asks.append(made.send(answer))
    except StopIteration as done:
        return asks, done.value
    return asks, ...


def test_an_area_holds_where_some_answer_and_none_refuses():
    words = ["stop", "340422000000", EBM]
    asks, _ = script(words, [True, True, True])
    tell = asks[2]
    assert tell.topic == "gengfu/1/terminal/area/340422000000/order"
    order = read(tell.payload)
    assert order.to == ("03404220000000000000000",)
    for said, holds in (([], False), (["done"], True), (["done", "refused"], False)):
        made = mqtt_face._gathered(Connect(client="x"), tell, "terminal")
        next(made)
        for _ in range(3):
            made.send(True)
        with pytest.raises(StopIteration) as done:
            made.send(tuple((0, Answer(code=TERMINAL, id=order.id, result=one)) for one in said))
        assert done.value.value["holds"] is holds and done.value.value["answered"] == len(said)


def test_listening_shows_life_to_the_server():
    asks, said = script(["listen", "--screen", "--seconds", "50"], [True] * 8)
    assert [type(one).__name__ for one in asks] == ["Connect", "Follow", *["Listen", "PingReq"] * 3]
    assert said is None and sum(one.us for one in asks[2::2]) == 50_000_000


def test_packets_are_explained(capsys):
    data = bytes.fromhex(block("hex")) + encode(Publish(topic="a", payload=b"x"))
    code, lines = wired(capsys, "mqtt", "decode", data.hex())
    assert code == 1 and [one.get("told", {}).get("is") for one in lines] == [
        "Publish",
        "Volume",
        "Publish",
        None,
    ]
    assert [type(one) for one in mqtt_face.decode(framed(0xD0, b"") + b"\x30")] == [PingResp, Misheard]
    assert mqtt_face.decode(framed(0x30, field("a") + write(DONE)))[-1] == DONE
