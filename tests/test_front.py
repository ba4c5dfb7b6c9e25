"""Front ends (0x49/0x50): golden bytes, every order and report read as it was written, hostile streams, a simulated front end under every fault."""

import random
import re
from pathlib import Path

import attrs
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired
from wire import KEY, STRANGER

from devices import front, front_face, front_order_codec, front_orders, front_reports, sim_wire
from devices.front import FROM_FRONT, MOST, TO_FRONT, Frame, Reader, Signature, decode, encode
from devices.front_codes import Address, Targets, code_bytes, code_from
from devices.front_orders import (
    AskInputs,
    AskOutputs,
    AskTerminals,
    Broadcast,
    Plain,
    RdsScan,
    SetClock,
    SetCodes,
    SetFrontReturn,
    SetNetwork,
    SetPeriod,
    SetReturn,
    SetVolume,
    SetWhiteList,
    Stop,
    SwitchTerminals,
    WhiteRow,
)
from devices.front_reports import (
    Beat,
    FmOutput,
    Input,
    Inputs,
    Output,
    Outputs,
    Reply,
    Started,
    Stream,
    TaskBegun,
    TaskEnded,
    TaskNoted,
    TsOutput,
)
from devices.front_wire import FrontWire
from devices.sim_front import FrontEnd, framed
from devices.sim_sm2 import PublicKey
from devices.turns import Answered, Declined, Garbled, Silent, Stray, Told
from devices.turns import Reply as SendBack
from emergency import sm2
from station import wire_entry
from station.worded import Auxiliary, Wording
from station.words import Misheard

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "front.md").read_text("utf-8")
EBM = "43404220000000314010101202611220001"
CODE = "63404221000000314000000"
FRONT = "43404220000000314010301"
TO = Targets(codes=(CODE,))
START = Broadcast(
    ebm_id=EBM, kind=4, event="11B03", level=1, start=1_795_305_600, end=1_795_309_200, targets=TO, private=b"",
    wordings=(Wording(language="zho", charset=1, text="雨".encode("gb18030"), auxiliaries=(Auxiliary(type=61, data=b"rtp"),)),),
    input_channel=1, outputs=(2, 3),
)  # fmt: skip


def closed(data):
    return data + sim_wire.crc(data).to_bytes(4, "big")


def test_the_worked_example_of_the_page_is_read():
    frame = decode(closed(bytes.fromhex(re.search(r"```hex\n(.*?)```", PAGE, re.DOTALL)[1])))
    assert (frame.tag, frame.type, frame.origin, frame.signature) == (FROM_FRONT, 0x20, 2, None)
    assert front_reports.read(frame.type, frame.body) == Beat(code=FRONT, state=1, since=0x6A000000)


def test_a_start_has_the_bytes_of_the_page():
    wanted = f"f{EBM} 01 04 3131423033 01 6b023080 6b023e90 ff 01010c f{CODE} 01 7a686f 01 0002 d3ea 00 01 3d 00000003 727470 01 02 0203 0000"
    assert front_order_codec.write(START) == bytes.fromhex(wanted.replace(" ", ""))
    assert front_order_codec.write(Stop(ebm_id=EBM, targets=TO)) == bytes.fromhex(
        f"f{EBM}02 01010cf{CODE}".replace(" ", "")
    )


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (SetCodes(rows=(("0123456789", CODE),)), f"01 05 0123456789 0c f{CODE}"), (SetVolume(percent=80, targets=TO), f"50 01010c f{CODE}"),
        (SetReturn(address=Address(kind=2, text="192.168.1.2:8080"), targets=TO), f"02 06 c0a80102 1f90 01010c f{CODE}"),
        (AskTerminals(address=Address(kind=3, text="a:1"), targets=TO, tags=b"\x01\x06"), f"03 03 613a31 01010c f{CODE} 02 0106"),
        (SetClock(at=1), "00000001"), (SetPeriod(seconds=60, targets=TO), f"0000003c 01010c f{CODE}"),
        (SetNetwork(address="10.0.0.2", mask="255.0.0.0", gateway="10.0.0.1", targets=TO), f"0a000002 ff000000 0a000001 01010c f{CODE}"),
        (SetWhiteList(rows=(WhiteRow(deed=1, phone="13", name="张", permission=2, areas=("340422100001",)),)), "01 01 02 3133 03 e5bca0 02 01 06 340422100001"),
        (SetFrontReturn(address=Address(kind=2, text="10.0.0.2:1"), seconds=30), "02 0000001e 06 0a0000020001"),
        (AskOutputs(front=FRONT, channel=1, state=2), f"f{FRONT} 01 02"), (AskInputs(front=FRONT), f"f{FRONT} 00 00"),
        (RdsScan(codes=(CODE,), rows=((1, 2, 9850),)), f"0000ff64 01 f{CODE} 00000006 01 01 02 009850"),
        (SwitchTerminals(option=2, targets=Targets(kind=2, codes=("012345",))), "02 02 01 04 ff012345"), (Plain(type=0x40, data=b"x"), "78"),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_orders_have_the_bytes_of_the_page(body, wanted):
    assert front_order_codec.write(body) == bytes.fromhex(wanted.replace(" ", ""))
    assert front_order_codec.read(front_orders.type_of(body), front_order_codec.write(body)) == body


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (Reply(code=3, text="忙"), "00000003 00000003 e5bf99"), (TaskNoted(), "00 000000000000"), (TaskEnded(front=FRONT, ebm_id=EBM), f"f{FRONT} f{EBM}"),
        (Beat(code="0016777210", state=1, channel=2, since=5), "05 0016777210 01 02 00000005"), (Beat(code=FRONT, state=1), f"0c f{FRONT} 01 00000000"),
        (Started(front=FRONT, ebm_id=EBM, result=1, text="x", address="y"), f"f{FRONT} f{EBM} 01 00000001 78 0001 79"),
        (TaskBegun(front=FRONT, ebm_id=EBM, source=1, kind=5, level=4, event="10000", input_channel=1, outputs=((1, 0),), volume=80, codes=(CODE,)), f"f{FRONT} f{EBM} 01 05 04 3130303030 01 01 0100 50 01 0c f{CODE}"),
        (TaskBegun(front=FRONT, ebm_id=EBM, source=3, kind=5, level=4, event="10000", input_channel=1, outputs=(), volume=80, codes=(), phone="13800000000"), f"f{FRONT} f{EBM} 03 05 04 3130303030 01 00 0b 3133383030303030303030 50 00 00"),
        (Inputs(front=FRONT, channels=(Input(id=1, name="话筒", group=2, state=3),)), f"f{FRONT} 01 01 0004 bbb0cdb2 02 03"),
        (Outputs(front=FRONT, channels=(Output(id=1, kind=1, parts=(FmOutput(frequency=9850, state=1), FmOutput(frequency=10110, state=2, ebm_id=EBM))),)), f"f{FRONT} 01 01 01 02 009850 01 010110 02 f{EBM}"),
        (Outputs(front=FRONT, channels=(Output(id=2, kind=3, parts=(TsOutput(network=1, transport_stream=2, program=3, pcr_pid=4, streams=(Stream(type=3, pid=5),), state=2, ebm_id=EBM),)),)), f"f{FRONT} 01 02 03 01 0001 0002 0003 0004 01 03 0005 02 f{EBM}"),
        (Plain(type=0x15, data=b"x"), "78"),
    ],
)  # fmt: skip
def test_reports_have_the_bytes_of_the_page(body, wanted):
    assert front_reports.write(body) == bytes.fromhex(wanted.replace(" ", ""))
    assert front_reports.read(front_reports.type_of(body), front_reports.write(body)) == body


# ---- as properties ------------------------------------------------------------------------------------------------

byte, short, u32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
digits = lambda n: st.text("0123456789", min_size=n, max_size=n)  # noqa: E731
word = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
targets = st.sampled_from((23, 12, 5)).flatmap(
    lambda n: st.builds(Targets, kind=byte, codes=st.lists(digits(n), max_size=4).map(tuple))
)
addresses = st.one_of(
    st.builds(Address, kind=st.sampled_from((1, 3, 9)), text=word),
    st.builds(lambda ip, port: Address(kind=2, text=f"{ip}:{port}"), st.ip_addresses(v=4), short),
)
auxiliaries = st.lists(st.builds(Auxiliary, type=byte, data=st.binary(max_size=9)), max_size=2).map(tuple)
wordings = st.lists(
    st.builds(Wording, language=digits(3), charset=byte, text=st.binary(max_size=9), agency=st.binary(max_size=9), auxiliaries=auxiliaries),
    max_size=2,
).map(tuple)  # fmt: skip
orders = st.one_of(
    st.builds(
        Broadcast, ebm_id=digits(35), power=st.sampled_from((1, 3)), kind=byte, event=digits(5), level=byte, start=u32, end=u32, volume=byte,
        targets=targets, wordings=wordings, input_channel=byte, outputs=st.lists(byte, max_size=3).map(tuple), private=st.none() | st.binary(max_size=5),
    ),
    st.builds(Stop, ebm_id=digits(35), targets=targets), st.builds(SetClock, at=u32), st.builds(SetPeriod, seconds=u32, targets=targets),
    st.builds(SetCodes, rows=st.lists(st.tuples(digits(10), digits(23)), max_size=3).map(tuple)), st.builds(SetVolume, percent=st.integers(0, 100), targets=targets),
    st.builds(SetReturn, address=addresses, targets=targets), st.builds(AskTerminals, address=addresses, targets=targets, tags=st.binary(max_size=5)),
    st.builds(SetFrontReturn, address=addresses, seconds=u32), st.builds(AskInputs, front=digits(23), channel=byte, state=byte),
    st.builds(RdsScan, head=st.binary(min_size=4, max_size=4), codes=st.lists(digits(23), max_size=2).map(tuple), rows=st.lists(st.tuples(byte, byte, st.integers(0, 999_999)), max_size=3).map(tuple)),
    st.builds(SetWhiteList, rows=st.lists(st.builds(WhiteRow, deed=byte, phone=digits(11), name=st.text(max_size=5), permission=byte, areas=st.lists(digits(12), max_size=2).map(tuple)), max_size=2).map(tuple)),
)  # fmt: skip
fm = st.builds(FmOutput, frequency=st.integers(0, 999_999), state=st.just(1)) | st.builds(
    FmOutput, frequency=st.just(1), state=st.just(2), ebm_id=digits(35)
)
ts = st.builds(TsOutput, network=short, transport_stream=short, program=short, pcr_pid=short, streams=st.lists(st.builds(Stream, type=byte, pid=short), max_size=2).map(tuple), state=st.just(3))  # fmt: skip
channels = st.lists(
    st.builds(Output, id=byte, kind=st.just(1), parts=st.lists(fm, max_size=2).map(tuple)) | st.builds(Output, id=byte, kind=st.sampled_from((2, 3)), parts=st.lists(ts, max_size=2).map(tuple)),
    max_size=3,
).map(tuple)  # fmt: skip
reports = st.one_of(
    st.builds(Reply, type=st.sampled_from((0x12, 0x21)), code=u32, text=st.text(max_size=9)), st.builds(Outputs, front=digits(23), channels=channels),
    st.builds(Beat, code=digits(23) | digits(10), state=byte, channel=st.none() | byte, since=u32), st.builds(TaskNoted, result=byte),
    st.builds(Started, front=digits(23), ebm_id=digits(35), result=byte, text=st.text(max_size=9), address=st.text(max_size=9)),
    st.builds(
        TaskBegun, front=digits(23), ebm_id=digits(35), source=byte, kind=byte, level=byte, event=digits(5), input_channel=byte,
        outputs=st.lists(st.tuples(byte, byte), max_size=2).map(tuple), volume=byte, codes=st.lists(digits(23), max_size=3).map(tuple), phone=st.none() | digits(11),
    ),
)  # fmt: skip


@given(orders)
def test_every_order_is_read_as_it_was_written(body):
    assert front_order_codec.read(front_orders.type_of(body), front_order_codec.write(body)) == body


@given(reports)
def test_every_report_is_read_as_it_was_written(body):
    assert front_reports.read(front_reports.type_of(body), front_reports.write(body)) == body


signatures = st.none() | st.builds(
    Signature, at=u32, certificate=digits(12), value=st.binary(min_size=64, max_size=64).filter(any)
)
frames = st.builds(
    Frame,
    tag=st.sampled_from((TO_FRONT, FROM_FRONT)),
    type=byte,
    origin=byte,
    body=st.binary(max_size=40),
    signature=signatures,
)


@given(frames)
def test_a_frame_is_read_as_it_was_written(frame):
    assert decode(encode(frame)) == frame
    assert encode(frame).startswith(front.to_sign(frame)) and front.to_sign(frame).endswith(frame.body)


@given(
    st.lists(frames, max_size=4),
    st.binary(max_size=30).filter(lambda b: not {0x49, 0x50} & set(b)),
    st.data(),
)
def test_a_stream_cut_anywhere_gives_its_frames_and_counts_rubbish(wanted, rubbish, data):
    stream, reader, found = b"".join(rubbish + encode(one) for one in wanted), Reader(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert found == wanted and reader.rubbish == len(rubbish) * len(wanted) and not reader.holding


def test_a_false_beginning_holds_up_no_frame_for_long():
    good, reader = Frame(tag=FROM_FRONT, type=0x12, body=bytes(8)), Reader()
    false = bytes.fromhex("500001120200001000")
    assert reader.feed(false + encode(good)) == [] and reader.holding
    assert reader.cut() == [good] and not reader.holding and reader.rubbish == len(false)
    assert reader.feed(bytes.fromhex("4900010102ffffffff") + encode(good)) == [good]
    assert reader.feed(b"\x49\x00") == [] and reader.holding and reader.cut() == []
    for length, waits in ((MOST, True), (MOST + 1, False)):
        reader = Reader()
        assert (
            reader.feed(b"\x49\x00\x01\x01\x01" + length.to_bytes(4, "big")) == [] and reader.holding is waits
        )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "short"), (closed(b"I"), "short"), (closed(b"I\0\1\1\0\0\0\0\0"), "short"), (encode(Frame(type=1, body=b"ab"))[:-1], "short"), (encode(Frame(type=1, body=b""))[:-1] + b"x", "crc"), (closed(b"\x51" + encode(Frame(type=1, body=b""))[1:-4]), "version"),
        (closed(b"\x49\x00\x02" + encode(Frame(type=1, body=b""))[3:-4]), "version"), (closed(encode(Frame(type=1, body=b"a"))[:-4] + b"x"), "short"),
        (closed(encode(Frame(type=1, body=b""))[:-79] + b"\x4b" + encode(Frame(type=1, body=b""))[-78:-4]), "short"),
    ],
)  # fmt: skip
def test_what_is_no_frame_is_misheard(data, code):
    with pytest.raises(Misheard) as said:
        decode(data)
    assert said.value.code == code and said.value.text.zh


@pytest.mark.parametrize(
    "body",
    [
        attrs.evolve(START, ebm_id="1"), attrs.evolve(START, event="暴雨红色预"), attrs.evolve(START, event="1"), attrs.evolve(START, start=1 << 32),
        attrs.evolve(START, outputs=(256,)), attrs.evolve(START, targets=Targets(codes=("1", "23"))), attrs.evolve(START, targets=Targets(codes=("a",))),
        attrs.evolve(START, targets=Targets(codes=("",))), attrs.evolve(START, wordings=(Wording(language="zh", charset=1, text=b""),)),
        SetVolume(percent=101, targets=TO), SetReturn(address=Address(kind=2, text="1.2.3:4"), targets=TO), SetReturn(address=Address(kind=2, text="1.2.3.4:x"), targets=TO),
        SetReturn(address=Address(kind=1, text="电话"), targets=TO), RdsScan(head=b"", codes=(), rows=()), SetCodes(rows=(("123", CODE),)),
        SetWhiteList(rows=(WhiteRow(deed=1, phone="1", name="", permission=0, areas=("1",)),)),
    ],
)  # fmt: skip
def test_what_an_order_cannot_say_is_not_written(body):
    with pytest.raises(ValueError, match=r"."):
        front_order_codec.write(body)


@pytest.mark.parametrize(
    "body",
    [
        Outputs(front=FRONT, channels=(Output(id=1, kind=4, parts=()),)), Outputs(front=FRONT, channels=(Output(id=1, kind=2, parts=(FmOutput(frequency=1, state=1),)),)),
        Outputs(front=FRONT, channels=(Output(id=1, kind=1, parts=(FmOutput(frequency=1, state=2),)),)), Inputs(front="1", channels=()),
        TaskBegun(front=FRONT, ebm_id=EBM, source=1, kind=1, level=1, event="1", input_channel=1, outputs=(), volume=1, codes=()),
        TaskBegun(front=FRONT, ebm_id=EBM, source=1, kind=1, level=1, event="10000", input_channel=1, outputs=(), volume=1, codes=("1", "234")),
        Beat(code="12x", state=1),
    ],
)  # fmt: skip
def test_what_a_report_cannot_say_is_not_written(body):
    with pytest.raises(ValueError, match=r"."):
        front_reports.write(body)


@pytest.mark.parametrize("frame", [Frame(tag=1, type=1, body=b""), Frame(type=1, body=bytes(MOST + 1)), Frame(type=256, body=b""), Frame(type=1, body=b"", signature=Signature(at=1, certificate="000000000001", value=b""))])  # fmt: skip
def test_what_is_no_frame_is_not_written(frame):
    with pytest.raises(ValueError, match=r"."):
        encode(frame)


@pytest.mark.parametrize(
    ("kind", "data"),
    [(0x13, f"f{FRONT}01 01 04"), (0x14, f"a{FRONT}00"), (0x20, "03 12345f 01 00000000"), (0x20, "01 12 01"), (0x22, "00"), (0x18, f"f{FRONT}f{EBM}010504e99b80e9000100"), (0x12, "00")],
)  # fmt: skip
def test_what_is_no_report_is_misheard(kind, data):
    with pytest.raises(Misheard):
        front_reports.read(kind, bytes.fromhex(data.replace(" ", "")))


@pytest.mark.parametrize(("kind", "data"), [(0x07, "02 05 0102030405 010000"), (0x07, "01 01 ff 010000"), (0x06, "50 01 01 01 0a"), (0x06, "50 01 01 00"), (0x04, f"f{EBM} 02 01"), (0x09, "0000000001")])  # fmt: skip
def test_what_is_no_order_is_misheard(kind, data):
    with pytest.raises(Misheard):
        front_order_codec.read(kind, bytes.fromhex(data.replace(" ", "")))


def test_a_stop_in_the_long_form_is_read_too():
    long = attrs.evolve(START, power=front_orders.STOP, private=None)
    assert front_order_codec.read(0x04, front_order_codec.write(long)) == long


def test_types_nobody_knows_mean_nothing():
    assert front_order_codec.read(0x99, b"") is None and front_reports.read(0x99, b"") is None


@pytest.mark.parametrize("data", ["ff12", "f123", "1234", "fff1", "ffff", ""])
def test_codes_are_read_behind_up_to_two_f(data):
    packed = bytes.fromhex(data)
    if data in ("fff1", "ffff", ""):
        with pytest.raises(Misheard):
            code_from(packed)
    else:
        assert code_from(packed) == data.lstrip("f")
        assert data[0] != "f" or code_bytes(code_from(packed)) == packed


# ---- the line -----------------------------------------------------------------------------------------------------


def room(faults="", **how):
    made = FrontEnd(FRONT, **how)
    for name in faults.split():
        if name in made.wire.on or name in (
            "dead",
            "slow",
            "late",
            "twice",
            "pieces",
            "cut",
            "garbage",
            "noise",
            "exception",
        ):
            made.wire.on[name] = 0
        else:
            made.faults[name] = 0
    return Room(FrontWire(), made)


def test_a_front_end_is_ordered_and_asked():
    line = room()
    assert line.value(START).address == "rtp://10.1.0.9:5004"
    (busy,) = line.value(AskOutputs(front=FRONT, channel=0)).channels[0].parts
    assert (busy.frequency, busy.ebm_id) == (9850, EBM)
    assert line.value(AskInputs(front=FRONT, channel=1)).channels[0].name == "话筒"
    assert line.value(SetVolume(percent=5, targets=TO)).code == 0
    assert line.value(Stop(ebm_id=EBM, targets=TO)).ebm_id == EBM and not line.device.playing
    assert line.device.kept == {"06": front_order_codec.write(SetVolume(percent=5, targets=TO)).hex()}
    line.settle()
    assert [type(one) for one in line.told] == [TaskBegun, TaskEnded] and line.strays == []


def test_a_heart_beat_is_told_and_answered():
    wire = FrontWire()
    told, back = wire.feed(framed(0x20, front_reports.write(Beat(code=FRONT, state=1))))
    assert told == Told(Beat(code=FRONT, state=1)) and isinstance(back, SendBack)
    answer = decode(back.data)
    assert (answer.tag, answer.type, answer.origin, answer.body) == (TO_FRONT, 0x21, 2, bytes(8))
    begun = TaskBegun(
        front=FRONT,
        ebm_id=EBM,
        source=1,
        kind=1,
        level=1,
        event="10000",
        input_channel=1,
        outputs=(),
        volume=1,
        codes=(),
    )
    assert decode(wire.feed(framed(0x18, front_reports.write(begun)))[1].data).type == 0x22


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ("dead", Silent), ("late", Silent), ("garbage", (Silent, Garbled)), ("cut", Silent), ("crc", Silent), ("other", Garbled), ("bare", Garbled),
        ("exception", Declined), ("pieces", Answered), ("noise", Answered), ("twice", Answered), ("slow", Answered),
    ],
)  # fmt: skip
def test_each_fault_of_a_front_end_has_its_word_and_never_a_wrong_value(faults, kind):
    single = SetVolume(percent=5, targets=TO)  # is answered by one frame
    assert isinstance(room(faults).ask(single if faults in ("cut", "crc") else START), kind)


def test_an_answer_for_another_front_end_or_channel_is_not_believed():
    assert isinstance(room("other").ask(AskInputs(front=FRONT)), Garbled)
    assert isinstance(room("other").ask(AskOutputs(front=FRONT)), Garbled)
    assert isinstance(room().ask(AskInputs(front=FRONT, channel=2)), Garbled)
    assert isinstance(room().ask(AskInputs(front=CODE)), Declined)


def asked(ask, *answers, tag_out=False):
    wire = FrontWire()
    wire.asked(ask)
    return [one for data in answers for one in wire.feed(data)]


def test_a_body_cut_short_is_refused_by_the_simulated_front_end():
    answers = FrontEnd(FRONT).session().heard(encode(Frame(type=0x04, body=b"\xf4")))
    assert [front_reports.read(0x12, decode(one).body) for one in answers] == [Reply(code=1)]


def test_only_what_fits_answers():
    yes = framed(0x12, bytes(8))
    assert isinstance(asked(Plain(type=0x10, data=b""), yes)[0], Garbled)
    assert asked(Plain(type=0x10, data=b""), framed(0x15, b"x")) == [Answered(Plain(type=0x15, data=b"x"))]
    assert isinstance(asked(Plain(type=0x10, data=b""), framed(0x16, b"x"))[0], Garbled)
    assert asked(Plain(type=0x11, data=b""), framed(0x16, b"x")) == [Answered(Plain(type=0x16, data=b"x"))]
    assert isinstance(asked(Plain(type=0x11, data=b""), yes)[0], Garbled)
    assert isinstance(asked(SetClock(at=1), framed(0x15, b"x"))[0], Garbled)
    assert decode(FrontWire().asked(SetClock(at=1))).origin == 1
    assert asked(Plain(type=0x40, data=b"x"), yes) == [Answered(Reply())]
    refused = front_reports.write(Started(front=FRONT, ebm_id=EBM, result=1, text="忙"))
    assert asked(START, framed(0x17, refused)) == [Declined("1", "忙")]
    assert asked(SetClock(at=1), framed(0x12, front_reports.write(Reply(code=77)))) == [
        Declined("77", "refused")
    ]
    assert isinstance(asked(SetClock(at=1), framed(0x12, b""))[0], Garbled)


def test_what_nobody_asked_for_is_a_stray():
    wire = FrontWire()
    stray = [
        framed(0x12, bytes(8)), framed(0x12, b""), framed(0x77, b""), encode(Frame(type=0x12, body=bytes(8))), b"x" * 9,
    ]  # fmt: skip
    assert [type(wire.feed(data)[0]) for data in stray] == [Stray] * 5


def test_with_a_wrong_key_nothing_is_obeyed():
    def signed(key):
        return lambda frame: Signature(
            at=1, certificate="000000000001", value=sm2.signer(key).sign(front.to_sign(frame))
        )

    for key, kind in ((KEY, Answered), (STRANGER, Silent), (None, Silent)):
        device = FrontEnd(FRONT, PublicKey(KEY.public.pem()))
        line = Room(FrontWire(None if key is None else signed(key)), device)
        assert isinstance(line.ask(START), kind)
        assert bool(device.playing) == (key is KEY)


# ---- by hand ------------------------------------------------------------------------------------------------------


def test_a_front_end_is_ordered_over_a_socket(capsys):
    device = FrontEnd(FRONT)
    with served(device) as link:
        how = ("--link", link, "--timeout", "2")
        code, lines = wired(
            capsys,
            "front",
            "start",
            EBM,
            "--to",
            CODE,
            "--text",
            "暴雨",
            "--stream",
            "rtp://1",
            "--output",
            "2",
            *how,
        )
        assert (
            code == 0
            and [one["answer"]["ebm_id"] for one in lines if "answer" in one] == [EBM]
            and device.playing == {EBM: "00000"}
        )
        assert (
            wired(capsys, "front", "outputs", FRONT, *how)[1][-1]["answer"]["channels"][0]["parts"][0][
                "ebm_id"
            ]
            == EBM
        )
        for words in (
            ("volume", "30", "--to", CODE),
            ("terminals", "on", "--to", CODE),
            ("clock",),
            ("inputs", FRONT),
            ("stop", EBM, "--to", CODE),
        ):
            assert wired(capsys, "front", *words, *how)[0] == 0
        assert (
            not device.playing and device.kept["3f"].startswith("02") and device.kept["06"].startswith("1e")
        )
        assert wired(capsys, "front", "inputs", CODE, *how)[0] == 1


def test_a_front_end_that_checks_signatures_is_ordered_by_hand(capsys, tmp_path):
    device, key = FrontEnd(FRONT, PublicKey(KEY.public.pem())), tmp_path / "key.pem"
    key.write_bytes(KEY.pem())
    key.chmod(0o600)
    with served(device) as link:
        words = ("start", EBM, "--to", CODE, "--link", link, "--timeout", "0.3")
        assert wire_entry.main(["front", *words]) == 1 and not device.playing
        held = ["front", *words, "--key", str(key), "--certificate", "000000000001"]
        assert wire_entry.main(held) == 0 and device.playing
        for wrong in (
            held[:-2],
            [*held[:-1], "1"],
            [*held[:-3], str(tmp_path), *held[-2:]],
            [*held[:-3], __file__, *held[-2:]],
        ):
            assert wire_entry.main(wrong) == 2
        capsys.readouterr()
        assert wired(capsys, *held)[0] == 2  # nobody gave a signer


def test_frames_are_explained(capsys):
    told = wired(
        capsys, "front", "decode", encode(Frame(type=0x04, body=front_order_codec.write(START))).hex()
    )
    assert told[0] == 0 and [one["told"]["is"] for one in told[1]] == ["Frame", "Broadcast"]
    for frame, names in (
        (Frame(type=0x21, body=bytes(8)), ["Frame", "Reply"]), (Frame(type=0x99, body=b""), ["Frame"]), (Frame(tag=FROM_FRONT, type=0x99, body=b""), ["Frame"]),
    ):  # fmt: skip
        assert [type(one).__name__ for one in front_face.decode(encode(frame))] == names
    code, lines = wired(capsys, "front", "decode", "50 00 01 20")
    assert code == 1 and lines[0]["error"] == "short" and "shorter" in lines[0]["detail"]
    typed = re.search(r'^gengfu wire front decode "(.*)"$', PAGE, re.MULTILINE)[1]
    code, lines = wired(capsys, "front", "decode", typed)
    assert code == 0 and lines[1]["told"]["is"] == "Beat"


def test_fuzz_front_frames():
    seeds = [
        framed(0x12, bytes(8)),
        framed(0x17, front_reports.write(Started(front=FRONT, ebm_id=EBM, result=0))),
    ]
    seeds += [
        encode(Frame(tag=FROM_FRONT, type=0x04, body=front_order_codec.write(START))),
        bytes.fromhex("50000112") * 400,
    ]
    answered = 0

    def ask(chance: random.Random):
        nonlocal answered
        wire = FrontWire()
        wire.asked(START if chance.random() < 0.7 else AskInputs(front=FRONT))
        data = b"".join(damaged(chance, chance.choice(seeds)) for _ in range(chance.randrange(1, 4)))
        half = chance.randrange(len(data) + 1)
        for one in wire.feed(data[:half]) + wire.feed(data[half:]) + wire.cut():
            answered += isinstance(one, Answered)
            assert not isinstance(one, Answered) or one.value.ebm_id == EBM

    campaign("front frames", ask)
    assert answered


def test_fuzz_front_bodies():
    seeds = [
        (0x04, front_order_codec.write(START)),
        (
            0x0C,
            front_order_codec.write(
                SetWhiteList(
                    rows=(WhiteRow(deed=1, phone="1", name="a", permission=1, areas=("340422100001",)),)
                )
            ),
        ),
    ]
    seeds += [
        (kind, b"\x50" + bytes(40))
        for kind in (0x02, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0D, 0x13, 0x14, 0x18, 0x20)
    ]

    def ask(chance: random.Random):
        kind, seed = chance.choice(seeds)
        data = damaged(chance, seed)
        for read, write in (
            (front_order_codec.read, front_order_codec.write),
            (front_reports.read, front_reports.write),
        ):
            try:
                body = read(kind, data)
            except Misheard as misheard:
                assert misheard.text.zh
                continue
            try:
                assert body is None or read(kind, write(body)) == body
            except ValueError:
                continue  # read more tolerantly than written

    campaign("front bodies", ask)


@pytest.mark.parametrize(
    "words", [("--help",), ("front", "--help"), ("front", "start", "--help"), ("front", "volume", "--help")]
)
def test_its_help_is_printed(capsys, words):
    with pytest.raises(SystemExit) as ended:
        wired(capsys, *words)
    assert ended.value.code == 0 and "front" in capsys.readouterr().out


def test_a_front_end_that_is_stuck_reports_no_task():
    front = FrontEnd("43404220000000314010301")
    order = front_order_codec.write(START)
    begun = front.obey(0x04, order)
    front.faults["stuck"] = 0
    (stuck,) = front.obey(0x04, order)
    assert begun[0].startswith(stuck[:3]) and len(stuck) < len(begun[0]) and b"11B03" in begun[0]
