"""What only some terminals are ordered and report: golden bytes, everything read as it was written, hostile bytes, a simulated loudspeaker that is told all of it, every fault of it."""

import random
from pathlib import Path

import attrs
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, wired
from test_fefd_datagrams import EBM, PROFILE, STATION, TERMINAL, on_air, said

from devices import fefd_orders, fefd_reports, sim_loudspeaker
from devices.fefd import OTHERS, Frame, encode
from devices.fefd_bodies import Answer, Status, query_body, status_body, volume_body
from devices.fefd_face import decode
from devices.fefd_orders import (
    AskFaults,
    PassRds,
    PassTs,
    ReturnPeriod,
    ReturnTo,
    SetClock,
    SetCodes,
    SetWhiteList,
    SwitchAmplifier,
    UpdateCertificate,
    WhiteRow,
)  # fmt: skip
from devices.fefd_reports import (
    TAGS,
    Cable,
    Fault,
    Faults,
    Hold,
    Network,
    Playing,
    Record,
    Result,
    Station,
    described,
    value_bytes,
)  # fmt: skip
from devices.fefd_wire import FefdWire, Say, Word
from devices.sim_loudspeaker import Loudspeaker
from devices.turns import Answered, Declined, Pace, Silent, Told
from station.words import Misheard

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "fefd.md").read_text("utf-8")
ROW = WhiteRow(deed=1, phone="13800000000", name="张", permission=2, areas=("340422100001",))
GOLDEN = [
    (SetClock(at=1_795_305_600), "6b023080"), (ReturnTo(kind=1, text="10.1.0.2:9200"), "01 0a010002 23f0"),
    (ReturnTo(kind=2, text="a.cn:80"), "02 612e636e 0050"), (ReturnTo(kind=3, text="13800000000"), "03 3133383030303030303030"),
    (ReturnPeriod(seconds=60), "0000003c"), (SetCodes(rows=(("0000000007", TERMINAL),)), f"01 05 0000000007 0c f{TERMINAL}"),
    (SwitchAmplifier(on=False), "01"), (SwitchAmplifier(on=True), "02"), (SetWhiteList(rows=(ROW,)), "01 01 0b 3133383030303030303030 03 e5bca0 02 01 06 340422100001"),
    (UpdateCertificate(data=b"\x30"), "30"), (AskFaults(), ""), (PassTs(data=b"\xfa"), "fa"), (PassRds(data=b"\x01"), "01"),
]  # fmt: skip
REPORTS = [
    (Faults(faults=(Fault(code=7, state=1, at=1_795_305_600),)), "01 07 01 6b023080"), (Faults(faults=()), "00"),
    (Result(ebm_id=EBM, result=0, text="好"), f"f{EBM} 00 0003 e5a5bd"),
    (Record(ebm_id=EBM, start=1_795_305_600, end=1_795_305_660, volume=80), f"f{EBM} 6b023080 6b0230bc 50"),
]  # fmt: skip
VALUES = {
    "network": (Network(address="10.1.3.9", mask="255.255.255.0", gateway="10.1.3.1"), "0a010309 ffffff00 0a010301"),
    "return_address": (ReturnTo(kind=1, text="10.1.0.2:9200"), "01 0a010002 23f0"), "physical": ("0000000007", "0000000007"), "fault": (7, "07"), "type": (20, "0014"),
    "hardware": ("0102", "0102"), "software": ("0200", "0200"), "fm_signal": (55, "0037"), "cable_signal": (0, "0000"), "dtmb_signal": (1, "0001"),
    "cable": (Cable(frequency=301_632, symbols=6875, qam=3), "00049a40 00001adb 03"), "dtmb_frequency": (666_666, "000a2c2a"),
    "fm_list": ((Station(number=1, priority=1, frequency=9850), Station(number=2, priority=2, frequency=10110)), "02 01 01 009850 02 02 010110"),
    "fm_frequency": (9850, "009850"), "fm_hold": (Hold(on=True, period=60), "01 003c"), "heartbeat": (60, "0000003c"),
}  # fmt: skip
BARE = attrs.evolve(PROFILE, others={})


@pytest.mark.parametrize(("order", "wanted"), GOLDEN, ids=lambda one: type(one).__name__)
def test_orders_have_the_bytes_of_the_page(order, wanted):
    assert fefd_orders.write(order) == bytes.fromhex(wanted)
    assert fefd_orders.read(fefd_orders.name_of(order), bytes.fromhex(wanted)) == order


@pytest.mark.parametrize(("report", "wanted"), REPORTS, ids=lambda one: type(one).__name__)
def test_reports_have_the_bytes_of_the_page(report, wanted):
    assert fefd_reports.write(report) == bytes.fromhex(wanted)
    assert fefd_reports.read(fefd_reports.name_of(report), bytes.fromhex(wanted)) == report


def test_the_values_of_a_status_have_the_bytes_of_the_page():
    rows = [(tag, bytes.fromhex(VALUES[kind.name][1])) for tag, kind in TAGS.items()]
    assert described(rows, {}) == {name: value for name, (value, _) in VALUES.items()}
    assert [(tag, value_bytes(kind, VALUES[kind.name][0])) for tag, kind in TAGS.items()] == rows
    mine = {1: fefd_reports.VOLUME, 4: fefd_reports.CODE, 6: fefd_reports.STATE, 0x60: fefd_reports.TASK}
    task = Playing(ebm_id=EBM, state=3)
    shown = [
        (1, b"\x50"),
        (4, bytes.fromhex("f" + TERMINAL)),
        (6, b"\2"),
        (0x60, value_bytes(fefd_reports.TASK, task)),
    ]
    assert described(shown, mine) == {"volume": 80, "code": TERMINAL, "state": 2, "task": task}
    assert value_bytes(fefd_reports.CODE, TERMINAL) == shown[1][1]
    assert described([(1, b""), (0x77, b"x"), (3, b"\1")], mine) == {
        "tag_01": b"",
        "tag_77": b"x",
        "tag_03": b"\1",
    }


def test_the_page_names_every_type_and_every_value():
    table = PAGE.partition("## Business types")[2]
    assert [name for name in OTHERS if f"`{name}`" not in table] == []
    assert [kind.name for tag, kind in TAGS.items() if f"| {tag:02X} | `{kind.name}` |" not in PAGE] == []
    assert set(OTHERS) == {*fefd_orders.NAMES.values(), *fefd_reports.NAMES.values()} == set(PROFILE.others)


# ---- as properties ------------------------------------------------------------------------------------------------

u8, u16, u32 = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
digits = lambda n: st.text("0123456789", min_size=n, max_size=n)  # noqa: E731
name = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
rows = st.builds(
    WhiteRow, deed=u8, phone=st.text("0123456789", max_size=12), name=st.text(max_size=5), permission=u8, areas=st.lists(digits(12), max_size=2).map(tuple)
)  # fmt: skip
places = st.one_of(
    st.builds(lambda ip, port: ReturnTo(kind=1, text=f"{ip}:{port}"), st.ip_addresses(v=4), u16),
    st.builds(lambda host, port: ReturnTo(kind=2, text=f"{host}:{port}"), name, u16),
    st.builds(ReturnTo, kind=st.just(3), text=digits(11)),
)
orders = st.one_of(
    st.builds(SetClock, at=u32), places, st.builds(ReturnPeriod, seconds=u32), st.builds(SwitchAmplifier, on=st.booleans()), st.just(AskFaults()),
    st.builds(SetCodes, rows=st.lists(st.tuples(digits(10), digits(23)), max_size=3).map(tuple)), st.builds(SetWhiteList, rows=st.lists(rows, max_size=2).map(tuple)),
    *(st.builds(cls, data=st.binary(max_size=30)) for cls in (UpdateCertificate, PassTs, PassRds)),
)  # fmt: skip
reports = st.one_of(
    st.builds(Faults, faults=st.lists(st.builds(Fault, code=u8, state=u8, at=u32), max_size=4).map(tuple)),
    st.builds(Result, ebm_id=digits(35), result=u8, text=st.text(max_size=9)),
    st.builds(Record, ebm_id=digits(35), start=u32, end=u32, volume=u8),
)


@given(orders)
def test_every_order_is_read_as_it_was_written(order):
    assert fefd_orders.read(fefd_orders.name_of(order), fefd_orders.write(order)) == order


@given(reports)
def test_every_report_is_read_as_it_was_written(report):
    assert fefd_reports.read(fefd_reports.name_of(report), fefd_reports.write(report)) == report


@pytest.mark.parametrize(
    "order",
    [
        ReturnTo(kind=1, text="10.1.0.2"), ReturnTo(kind=1, text="10.1.0.256:1"), ReturnTo(kind=1, text="10.1.0.2:65536"), ReturnTo(kind=2, text=":80"), ReturnTo(kind=2, text="a:x"),
        ReturnTo(kind=2, text="流:1"), ReturnTo(kind=3, text="1380000000"), ReturnTo(kind=3, text="1380000000x"), ReturnTo(kind=4, text="a:1"), ReturnPeriod(seconds=1 << 32),
        SetClock(at=-1), SetCodes(rows=(("1", TERMINAL),)), SetWhiteList(rows=(attrs.evolve(ROW, phone="号"),)),
    ],
)  # fmt: skip
def test_what_an_order_cannot_say_is_not_written(order):
    with pytest.raises(ValueError, match=r"."):
        fefd_orders.write(order)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("clock", "00"), ("clock", "0000000000"), ("return_address", ""), ("return_address", "01 0a0100"), ("return_address", "02 0050"), ("return_address", "03 31"), ("return_address", "02 ff 0050"),
        ("return_address", "03 61 3133383030303030303030"), ("return_address", "04 0a010002 23f0"), ("return_period", "00"), ("codes", "01"), ("switch", "03"), ("switch", ""), ("switch", "0101"),
        ("white_list", "01"), ("fault_query", "00"),
    ],
)  # fmt: skip
def test_what_is_no_order_is_misheard(kind, body):
    with pytest.raises(Misheard) as misheard:
        fefd_orders.read(kind, bytes.fromhex(body))
    assert misheard.value.text.zh


@pytest.mark.parametrize(
    ("kind", "body"),
    [("fault", ""), ("fault", "01 07"), ("fault", "0000"), ("result", "00"), ("record", f"f{EBM} 00")],
)
def test_what_is_no_report_is_misheard(kind, body):
    with pytest.raises(Misheard):
        fefd_reports.read(kind, bytes.fromhex(body))


def test_fuzz_orders_and_reports_of_terminals():
    bodies = [
        (name, read.read, read.write, bytes.fromhex(hexed))
        for read, golden in ((fefd_orders, GOLDEN), (fefd_reports, REPORTS))
        for one, hexed in golden
        for name in (read.name_of(one),)
    ]
    seeds = b"".join(bytes([tag, len(hexed) // 2]) for tag, hexed in ((1, "50"),))
    good = 0

    def ask(chance: random.Random):
        nonlocal good
        kind, read, write, seed = chance.choice(bodies)
        data = damaged(chance, seed, [seeds])
        described([(chance.choice((*TAGS, 0x77)), data)], {})
        try:
            found = read(kind, data)
        except Misheard as misheard:
            assert misheard.text.zh
            return
        good += 1
        try:
            assert read(kind, write(found)) == found
        except ValueError:
            return  # read more tolerantly than written

    campaign("terminal orders", ask)
    assert good


# ---- a simulated loudspeaker --------------------------------------------------------------------------------------


class Spoken(Loudspeaker):
    """As a Room wants it: datagrams there and back."""

    def session(self):
        return self

    def greeting(self):
        return []


def room(faults="", **words):
    speaker = Spoken(TERMINAL, **words)
    for fault in filter(None, faults.split(",")):
        (speaker.faults if fault in sim_loudspeaker.DOCTOR else speaker.wire.on)[fault] = 0
    return Room(FefdWire(PROFILE, STATION), speaker, Pace(timeout=1_000_000))


def say(order, session=7, to=TERMINAL):
    return Say(
        session=session,
        targets=(to,),
        business=PROFILE.number(fefd_orders.name_of(order)),
        body=fefd_orders.write(order),
    )


def status(*tags):
    return Say(session=0, targets=(TERMINAL,), business=PROFILE.query, body=query_body(*tags))


def test_a_loudspeaker_obeys_every_order():
    talk = room()
    for session, (order, _) in enumerate(GOLDEN, 1):
        heard = talk.value(say(order, session))
        assert heard.body == (Faults(faults=()) if isinstance(order, AskFaults) else Answer(result=0))
    told = talk.device.told()
    assert (told["clock"], told["period"], told["on"], told["phones"]) == (
        1_795_305_600,
        60,
        True,
        {"13800000000": 2},
    )
    assert told["kept"] == {"0b": "30", "0d": "fa", "0e": "01"}
    talk.value(say(SetWhiteList(rows=(attrs.evolve(ROW, deed=3),)), 99))
    assert talk.device.phones == {}
    shown = described(talk.value(status(*TAGS)).body.values, {})
    assert shown["return_address"] == ReturnTo(kind=3, text="13800000000") and set(shown) == set(VALUES)


def test_a_loudspeaker_says_what_is_broken_and_what_it_played():
    talk = room("burnt")
    assert talk.value(say(AskFaults())).body.faults == (Fault(code=7, state=1, at=1_795_305_600),)
    start = (
        bytes.fromhex(f"f{EBM}0501") + b"00000" + bytes.fromhex("ff 6b023080 6b024080 01 3d 0003") + b"rtp"
    )
    talk.value(Say(session=1, targets=(TERMINAL,), business=PROFILE.start, body=start))
    talk.value(Say(session=2, targets=(TERMINAL,), business=PROFILE.stop, body=start[:18]))
    talk.settle()
    assert [type(word.body) for word in talk.told[-2:]] == [Result, Record]
    assert talk.told[-1].body.ebm_id == talk.told[-2].body.ebm_id == EBM


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("dead", Silent), ("late", Silent), ("cut", Silent), ("garbage", Silent), ("noise", Silent), ("unit", Silent), ("reboot", Silent), ("exception", Declined), ("stuck", Answered), ("twice", Answered), ("slow", Answered)],
)  # fmt: skip
def test_each_fault_of_a_loudspeaker_has_its_word_and_never_a_wrong_value(fault, kind):
    talk = room(fault)
    volume = Say(session=7, targets=(TERMINAL,), business=PROFILE.volume, body=volume_body(60))
    assert isinstance(talk.ask(volume), kind)
    talk.device.faults.clear()
    talk.device.wire.on.clear()
    shown = described(talk.value(status(1)).body.values, {1: fefd_reports.VOLUME})
    assert shown == {"volume": 80 if fault in ("reboot", "exception", "stuck") else 60}


def test_a_loudspeaker_is_deaf_to_what_is_not_its_own():
    speaker = Loudspeaker(TERMINAL)
    wire = FefdWire(PROFILE, STATION)
    good = wire.frame(status(1))
    assert (
        speaker.heard(good)
        and not speaker.heard(good + b"x")
        and not speaker.heard(good[:-1])
        and not speaker.heard(b"\xfe\xfd")
    )
    assert not speaker.heard(wire.frame(attrs.evolve(status(1), targets=("6" + "1" * 22,))))
    assert not speaker.heard(said(PROFILE.volume, b"\0\0\0", kind=2))
    long = Say(session=6, targets=(TERMINAL,), business=PROFILE.number("return_period"), body=bytes(9))
    assert wire.feed(speaker.heard(wire.frame(long))[0])[0].value.body.result == 1 and speaker.period == 60
    broken = speaker.heard(wire.frame(Say(session=7, targets=(TERMINAL,), business=PROFILE.volume, body=b"")))
    assert wire.feed(broken[0])[0] == Told(Word(code=TERMINAL, session=7, body=Answer(result=1, text="忙")))


def test_a_model_that_lacks_an_order_neither_says_nor_reads_it():
    with pytest.raises(ValueError, match="no business type for clock"):
        BARE.number("clock")
    wire = FefdWire(BARE, STATION)
    wire.asked(Say(session=1, targets=(TERMINAL,), business=BARE.query, body=b"\0"))
    assert "nothing that a terminal says" in wire.feed(said(0x13, b"\0"))[0].why
    assert FefdWire(PROFILE, STATION).feed(said(0x13, b"\0")) == [
        Told(Word(code=TERMINAL, session=7, body=Faults(faults=())))
    ]


def test_every_order_is_given_by_hand_and_read_back_where_a_status_shows_it(capsys, tmp_path):
    (tmp_path / "c.cer").write_bytes(b"\x30\x82")
    speaker, session = Loudspeaker(TERMINAL), 0
    with on_air(speaker) as port:
        for words, last in (
            (("clock", "--at", 5), {"confirmed": None}), (("clock",), {"confirmed": None}), (("return-to", "ip", "10.9.0.1:9"), {"holds": True}), (("return-to", "name", "a.cn:9"), {"holds": True}),
            (("period", 9), {"holds": True}), (("switch", "off"), {"confirmed": None}), (("white-list", "add", "139", "--name", "李", "--area", "340422100001"), {"confirmed": None}),
            (("certificate", tmp_path / "c.cer"), {"confirmed": None}), (("ts", "fa 00"), {"confirmed": None}), (("rds", "01"), {"confirmed": None}),
            (("recode", "0000000007", TERMINAL[:-1] + "2"), {"confirmed": None}),
        ):  # fmt: skip
            session += 1
            code, lines = wired(
                capsys,
                "fefd",
                words[0],
                TERMINAL,
                *words[1:],
                "--session",
                session,
                "--link",
                f"udp:127.0.0.1:{port}",
            )
            assert code == 0 and last.items() <= lines[-1].items(), lines
        assert (speaker.period, speaker.on, speaker.phones, speaker.code[-1]) == (9, False, {"139": 1}, "2")
        how = ("--link", f"udp:127.0.0.1:{port}")
        code, lines = wired(capsys, "fefd", "query", speaker.code, "--all", *how)
        assert (
            code == 0
            and lines[-1]["status"]["return_address"]["text"] == "a.cn:9"
            and lines[-1]["status"]["volume"] == 80
        )
        assert wired(capsys, "fefd", "faults", speaker.code, *how)[1][-1]["answer"]["body"]["faults"] == []
        speaker.faults["stuck"] = 0
        assert (
            wired(capsys, "fefd", "period", speaker.code, 5, "--session", 99, *how)[1][-1]["holds"] is False
        )


@pytest.mark.parametrize(
    "words",
    [
        ("ts", "zz"),
        ("certificate", "/nowhere"),
        ("return-to", "ip", "x"),
        ("recode", "7", TERMINAL),
        ("ts", "00" * 1500),
    ],
)
def test_what_no_order_can_say_is_refused(capsys, words):
    assert (
        wired(capsys, "fefd", words[0], TERMINAL, *words[1:], "--session", 1, "--link", "udp:127.0.0.1:9")[0]
        == 2
    )


def test_frames_are_explained_with_what_they_carry():
    def carried(business, body, **words):
        data = said(business, body, **words)
        return [type(one).__name__ for one in decode(data)]

    assert carried(PROFILE.number("return_period"), b"\0\0\0\x3c") == ["Frame", "ReturnPeriod"]
    assert (
        carried(0x13, b"\0") == ["Frame", "Faults"]
        and carried(0x77, b"") == ["Frame"]
        and carried(0x13, b"") == ["Frame", "Misheard"]
    )
    assert carried(PROFILE.volume, b"\0\0\0", kind=2) == ["Frame", "Answer"]
    shown = decode(
        said(PROFILE.status, status_body(Status(result=0, text="", values=((1, b"\x50"), (7, b"\2")))))
    )[1]
    assert shown == {"volume": 80, "fault": 2}
    start = bytes.fromhex(f"f{EBM}0501") + b"00000" + bytes.fromhex("ff 6b023080 6b024080 00")
    frame = Frame(session=1, kind=1, source=STATION, targets=(TERMINAL,), business=PROFILE.start, body=start)
    assert decode(encode(frame, PROFILE))[1].ebm_id == EBM
