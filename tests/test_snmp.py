"""SNMP messages: what is asked stands on the wire as others read it, and nothing that comes escapes but as misheard."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder

from devices import snmp
from devices.snmp import Binding, Get, Next, Pdu, Set
from station.words import Misheard

LOCATION, INTERFACES = "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.2.1.0"
# asked of and heard from net-snmp 5.9.3
ASKED = "3038020101040a736563726574776f7264a027020108020100020100301c300c06082b060102010106000500300c06082b060102010201000500"
HEARD = "303d020101040a736563726574776f7264a22c0201080201000201003021301006082b06010201010600040468696c6c300d06082b06010201020100020104"


def bare(pdu):
    """A v2c message of a PDU."""
    return snmp.frame(pdu, b"x")


def test_a_request_is_what_net_snmp_understood_and_its_answer_is_read():
    made = snmp.pdu(Get((LOCATION, INTERFACES)), 8)
    assert snmp.frame(made, b"secretword").hex() == ASKED
    rows = (Binding(LOCATION, "octets", b"hill"), Binding(INTERFACES, "integer", 4))
    heard = bytes.fromhex(HEARD)
    assert snmp.read(heard) == (b"secretword", Pdu(said="response", number=8, bindings=rows))
    assert snmp.version(heard) == 1


@pytest.mark.parametrize(("ask", "tag"), [(Get((LOCATION,)), 0xA0), (Next((LOCATION,)), 0xA1), (Set((Binding(LOCATION, "octets", b"x"),)), 0xA3)])  # fmt: skip
def test_each_request_has_its_tag_and_is_no_answer(ask, tag):
    data = bare(snmp.pdu(ask, 1))
    assert data[8] == tag and snmp.names(ask) == (LOCATION,)
    with pytest.raises(Misheard, match="asks instead"):
        snmp.read(data)


KINDS = {
    "integer": st.integers(-(2**31), 2**31 - 1), "octets": st.binary(max_size=40), "opaque": st.binary(max_size=40),
    "oid": st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6).map(lambda rest: ".".join(map(str, [1, 3, *rest]))),
    "ip": st.ip_addresses(v=4).map(str), "counter": st.integers(0, 2**32 - 1), "gauge": st.integers(0, 2**32 - 1),
    "ticks": st.integers(0, 2**32 - 1), "counter64": st.integers(0, 2**64 - 1),
}  # fmt: skip
ROWS = st.lists(
    st.sampled_from(sorted(KINDS)).flatmap(lambda kind: st.builds(Binding, KINDS["oid"], st.just(kind), KINDS[kind])),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, snmp.NUMBERS))
def test_what_is_written_is_read(rows, number):
    heard = Pdu(said="inform", number=number, bindings=tuple(rows))
    said = snmp.read(bare(snmp.response(heard)))[1]
    assert said == Pdu(said="response", number=number, bindings=tuple(rows))


def answer(**changed):
    """A response with one object, changed by hand."""
    made = snmp.response(Pdu(said="inform", number=5, bindings=(Binding(LOCATION, "integer", 1),)))
    for name, value in changed.items():
        made[name.replace("_", "-")] = value
    return bare(made)


def test_a_status_is_read_with_the_object_it_is_about():
    said = snmp.read(answer(error_status=2, error_index=1))[1]
    assert (said.status, said.index) == (2, 1)


@pytest.mark.parametrize("kind", ["no object", "no instance", "end", "null"])
def test_an_object_may_have_no_value(kind):
    tag = {"no object": 0x80, "no instance": 0x81, "end": 0x82, "null": 5}[kind]
    data = bytearray(answer())
    at = data.rindex(b"\x02\x01\x01")
    data[at : at + 3] = bytes([tag, 0])
    for place in (1, 9, 20, 22):
        data[place] -= 1
    (row,) = snmp.read(bytes(data))[1].bindings
    assert row == Binding(LOCATION, kind) and kind in snmp.NOTHING and snmp.said(row) is None


GOOD = answer()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cut short"), (b"\x30", "cut short"), (b"\x30\x80\x02\x01\x01", "cut short"), (GOOD[:-1], "cut short"),
        (GOOD + b"x", "cannot be read"), (b"\x31" + GOOD[1:], "cannot be read"), (b"\x30\x85" + bytes(5), "cut short"),
        (b"\x30\x03\x04\x01\x01", "no version"), (b"\x30\x04\x02\x02\x00\x01", "no version"),
        (b"\x30\x03\x02\x01\x03", "another version"), (b"\x30\x03\x02\x01\x01", "cut short"),
        (b"\x30\x82\x09\x00" + bytes(0x900), "longer than"), (b"\x30\x05\x02\x01\x01\x04\x05", "cut short"),
        (GOOD.replace(b"\xa2", b"\xa5"), "asks instead"), (GOOD.replace(b"\xa2", b"\xa4"), "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_misheard_in_both_languages(data, said):
    with pytest.raises(Misheard, match=said) as misheard:
        snmp.read(bytes(data))
    assert misheard.value.text.zh


def test_something_behind_the_pdu_is_not_overlooked():
    data = bytearray(GOOD + b"\x05\x00")
    data[1] += 2
    with pytest.raises(Misheard, match="behind its end"):
        snmp.read(bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), st.tuples(st.integers(0, len(bytes.fromhex(HEARD)) - 1), st.integers(0, 255), st.just(1))))  # fmt: skip
def test_nothing_that_comes_escapes(what):
    if not isinstance(what, bytes):
        made = bytearray(GOOD if len(what) == 2 else bytes.fromhex(HEARD))
        made[what[0]] = what[1]
        what = bytes(made)
    try:
        community, said = snmp.read(what)
    except Misheard:
        return
    assert isinstance(community, bytes) and isinstance(said, Pdu)


@pytest.mark.parametrize(
    "oid", ["", "1", ".1.3", "1.3.", "1.40", "3.1", "1.3.01", "1.3.4294967296", "1.3.x", "1.3 ", "1.3\n"]
)
def test_what_is_no_name_is_not_asked(oid):
    with pytest.raises(ValueError, match="no object name"):
        snmp.arcs(oid)
    with pytest.raises(ValueError, match="no object name"):
        snmp.pdu(Get((oid,)), 1)


@pytest.mark.parametrize(("ask", "number"), [(Get(()), 1), (Get((LOCATION,) * 33), 1), (Get((LOCATION,)), 0), (Get((LOCATION,)), 2**31)])  # fmt: skip
def test_what_no_request_carries_is_not_asked(ask, number):
    with pytest.raises(ValueError, match="1 to 32 objects"):
        snmp.pdu(ask, number)


@pytest.mark.parametrize(("kind", "value"), [("integer", 2**31), ("counter", -1), ("ip", "1.2.3"), ("oid", "x"), ("ticks", None)])  # fmt: skip
def test_a_value_that_its_kind_cannot_carry_is_not_written(kind, value):
    with pytest.raises(ValueError, match="no value of kind"):
        snmp.pdu(Set((Binding(LOCATION, kind, value),)), 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Binding(LOCATION, "octets", "演示".encode()), "演示"), (Binding(LOCATION, "octets", b"x\0"), "x"),
        (Binding(LOCATION, "octets", b"\x00\x1a"), "001a"), (Binding(LOCATION, "octets", b"\xff"), "ff"),
        (Binding(LOCATION, "integer", -3), -3), (Binding(LOCATION, "ip", "10.0.0.1"), "10.0.0.1"),
    ],
)  # fmt: skip
def test_a_value_is_said_as_people_read_it(row, said):
    assert snmp.said(row) == said


def test_a_null_is_set_as_null():
    assert encoder.encode(snmp.pdu(Set((Binding(LOCATION, "null"),)), 1)).endswith(b"\x05\x00")


def test_a_message_of_more_objects_than_are_ever_asked_for_is_not_read():
    rows = tuple(Binding(f"1.3.6.{n}", "integer", n) for n in range(snmp.ROWS + 1))
    assert (
        len(snmp.read(bare(snmp.response(Pdu(said="inform", number=5, bindings=rows[:-1]))))[1].bindings)
        == snmp.ROWS
    )
    with pytest.raises(Misheard, match="more than 64 objects"):
        snmp.read(bare(snmp.response(Pdu(said="inform", number=5, bindings=rows))))


def test_the_worked_example_of_the_page_is_written_and_read():
    page = (Path(__file__).parent.parent / "docs" / "protocols" / "snmp.md").read_text("utf-8")
    asked, heard = page.partition("```hex\n")[2].partition("```")[0].split()
    assert snmp.frame(snmp.pdu(Get((LOCATION, INTERFACES)), 8), b"secretword").hex() == asked
    assert [one.value for one in snmp.read(bytes.fromhex(heard))[1].bindings] == [b"hill", 4]


@pytest.mark.parametrize("oid", ["1.39", "2.999.3", "0.0", "1.3.4294967295"])
def test_a_name_may_have_the_numbers_that_the_standard_allows(oid):
    assert snmp.arcs(oid) == tuple(map(int, oid.split(".")))
    assert snmp.read(bare(snmp.response(Pdu(said="inform", number=1, bindings=(Binding(oid, "integer", 1),)))))[1].bindings[0].oid == oid  # fmt: skip


def test_a_message_may_be_as_long_as_is_read_and_no_longer():
    sizes = {}
    for size in range(snmp.LONGEST - 60, snmp.LONGEST):
        data = bare(
            snmp.response(Pdu(said="inform", number=1, bindings=(Binding(LOCATION, "octets", bytes(size)),)))
        )
        sizes[len(data)] = data
    assert snmp.read(sizes[snmp.LONGEST])[1].number == 1
    with pytest.raises(Misheard, match="longer than 2048"):
        snmp.read(sizes[snmp.LONGEST + 1])


def test_a_length_may_be_written_in_one_to_four_bytes():
    body = GOOD[2:]
    for size in (1, 2, 3, 4):
        assert snmp.read(bytes([0x30, 0x80 | size]) + len(body).to_bytes(size, "big") + body)[1].number == 5


def test_an_element_that_reaches_beyond_its_whole_is_not_read():
    data = bytearray(GOOD)
    data[9] -= 2  # the PDU says it is shorter than what stands in it
    with pytest.raises(Misheard, match=r"cannot be read|behind its end"):
        snmp.read(bytes(data))
    assert snmp.elements(b"\x02\x01\x07\x04\x00", 0, 5, (2, 4)) == [(2, 3), (5, 5)]
    for end, tags in ((4, (2, 4)), (5, (2, 2)), (5, (4, 4)), (5, (2,))):
        with pytest.raises(Misheard, match=r"cannot be read|behind its end"):
            snmp.elements(b"\x02\x01\x07\x04\x00", 0, end, tags)
    with pytest.raises(Misheard, match="cannot be read"):
        snmp.elements(b"\x02\x01\x07\x04\x01\x00", 0, 5, (2, 4))


def test_ports_are_the_registered_ones():
    assert (snmp.PORT, snmp.TRAPS, snmp.STATUS[18]) == (161, 162, "inconsistentName")
