"""What devices say by name: numbers and words become values, and a profile that cannot be asked so is refused."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.named import DIGITS, decimal, value_of
from devices.plant_profile import load, parse
from devices.points import MOST, Point
from station import device_names, links
from station.settings import DeviceSection
from station.words import Refused

PLAIN = Point(id="p", name_zh="值", name_en="value", at="x")


def point(**changed):
    return attrs.evolve(PLAIN, **changed)


@pytest.mark.parametrize(
    ("held", "said", "value"),
    [
        (PLAIN, 7, 7), (PLAIN, None, None), (PLAIN, "7", 7), (PLAIN, " 7 ", 7), (PLAIN, "", None), (PLAIN, "x", None),
        (PLAIN, "NaN", None), (PLAIN, "Infinity", None), (PLAIN, "1e99", None), (PLAIN, "1e999999999", None),
        (PLAIN, "0e999", None), (PLAIN, "-0", 0), (PLAIN, str(MOST + 1), None), (PLAIN, -MOST, -MOST), (PLAIN, "2.5", 3),
        (point(decimals=1), "228.44", 2284), (point(decimals=1), "228.45", 2285), (point(decimals=1), 2284, 2284),
        (point(decimals=1, divisor=60), "3600", 600), (point(divisor=60), "3599", 60), (point(divisor=60), "3569", 59),
        (point(factor=2, offset=5), 3, 11), (point(heard=["OFF", "ON"]), " ON ", 1), (point(heard=["OFF", "ON"]), "?", None),
        (point(heard=["3", "5"]), 5, 1), (point(one_of=["OB", "FSD"]), "OL CHRG", 0), (point(one_of=["OB", "FSD"]), "FSD LB", 1),
        (point(one_of=["OB"]), "OBX", 0), (point(one_of=["5"]), 5, 1), (point(one_of=["5"]), 55, 0), (point(one_of=["5"]), None, None),
        (point(one_of=["OB"], zero_of=["OL"]), "WAIT", None), (point(one_of=["OB"], zero_of=["OL"]), "OL CHRG", 0), (point(one_of=["OB"], zero_of=["OL"]), "OB LB", 1),
    ],
)  # fmt: skip
def test_what_is_said_becomes_a_value_or_none(held, said, value):
    assert value_of(held, said) == value


@given(st.integers(-MOST, MOST), st.integers(0, 4))
def test_a_decimal_number_is_read_exactly(number, decimals):
    text = f"{'-' if number < 0 else ''}{abs(number) // 10**decimals}.{abs(number) % 10**decimals:0{max(1, decimals)}d}"
    assert decimal(text if decimals else str(number), decimals) == number


def test_a_number_has_so_many_digits_and_no_more():
    assert decimal("1e30", 0) == 10**30 and decimal("1e31", 0) is None


def test_an_answer_may_be_late_by_nothing_or_a_minute():
    for late in (0, 60_000):
        assert parse(text("line", "", f"[line]\nlate_ms = {late}"), "x").line.late_ms == late


@given(st.text(max_size=40))
def test_no_text_escapes_and_none_takes_for_ever(text):
    found = decimal(text, 9)
    assert found is None or abs(found) < 10 ** (DIGITS + 11)


HEAD = """
name = "x"
kind = "ups"
status = "invented"
protocol = "PROTOCOL"
[[points]]
id = "p"
name_zh = "值"
name_en = "value"
at = "AT"
MORE
"""
GOOD = {"snmp": "1.3.6.1.2.1.1.3.0", "nut": "battery.charge", "line": "BAT?"}
REPLY = 'reply = "(?P<value>[0-9]+)"'


def text(protocol, at=None, more=""):
    more = f"{REPLY}\n{more}" if protocol == "line" and "reply" not in more else more
    return HEAD.replace("PROTOCOL", protocol).replace("AT", at or GOOD[protocol]).replace("MORE", more)


@pytest.mark.parametrize("protocol", GOOD)
def test_a_profile_by_name_holds(protocol):
    assert parse(text(protocol), "x").grouped("fast")[0].at == GOOD[protocol]
    assert parse(text(protocol), "x").grouped("slow") == ()


@pytest.mark.parametrize("name", ["ups-rfc1628", "nut-ups", "deva-db2003", "ups-text-gengfu"])
def test_the_shipped_profiles_hold_and_show_what_the_page_of_power_needs(name):
    made = load(name)
    ids = {one.id for one in made.points}
    assert made.kind == "io" or {"on_battery", "battery_minutes"} <= ids
    assert made.status in ("invented", "unverified", "bench")


@pytest.mark.parametrize(
    ("protocol", "at", "more", "said"),
    [
        ("snmp", "1.40.1", "", "points[0].at must be an object"), ("snmp", "1.3.4294967296", "", "points[0].at must be an object"),
        ("line", "BAT;", '[line]\nterminator = ";"', "points[0].at holds the terminator"),
        ("snmp", "1.3.x", "", "points[0].at must be an object"), ("nut", "Battery charge", "", "points[0].at must be a variable"),
        ("line", "电", "", "points[0].at must be one line"), ("snmp", "", 'table = "input"', "points[0].table is of registers"),
        ("snmp", "", "address = 1", "points[0].table is of registers"), ("nut", "", 'type = "s16"', "points[0].table is of registers"),
        ("snmp", "", 'heard = ["a"]\none_of = ["b"]', "points[0].one_of stands neither"),
        ("snmp", "", 'zero_of = ["b"]', "points[0].zero_of stands beside"),
        ("line", "", 'one_of = ["b"]', "points[0].one_of stands neither"), ("snmp", "", REPLY, "points[0].reply is what a line"),
        ("line", "", 'reply = ""', "points[0].reply is what a line"), ("line", "", 'reply = "("', "points[0].reply must be a pattern"),
        ("line", "", 'reply = "x"', "points[0].reply must be a pattern"), ("nut", "", "[identity]\nvalues = [1]", "identity.values are of registers"),
        ("nut", "", '[identity]\nat = "ups.serial"', "identity.at must be a variable"), ("nut", "", '[identity]\nsays = "x"', "identity.at must be"),
        ("snmp", "", '[identity]\nat = "x"\nsays = "y"', "identity.at must be an object"),
        ("line", "", '[identity]\nat = "ID?"\nsays = "y"', "identity.at cannot be asked"),
        ("line", "", '[line]\nterminator = ""', "line.terminator must be"), ("line", "", '[line]\nterminator = "。"', "line.terminator must be"),
        ("line", "", "[line]\nlate_ms = 60001", "line.late_ms must be"), ("line", "", "[line]\nlate_ms = -1", "line.late_ms must be"),
    ],
)  # fmt: skip
def test_a_wrong_profile_by_name_is_refused_in_both_languages(protocol, at, more, said):
    with pytest.raises(Refused) as refused:
        parse(text(protocol, at, more), "x")
    assert said in refused.value.text.en and refused.value.text.zh


def test_no_carrier_is_keyed_by_name():
    carrier = '[[carrier]]\naddress = 0\nreadback = "p"\npower = "p"\non_least = 1\noff_most = 0'
    with pytest.raises(Refused, match="carrier is keyed over Modbus alone"):
        parse(text("snmp", "", carrier).replace('"ups"', '"transmitter"'), "x")


def test_registers_need_their_table_and_nothing_by_name():
    plain = text("modbus", GOOD["nut"], 'table = "input"\naddress = 1')
    for wrong, said in (
        (plain, "points[0].at has no place"),
        (
            plain.replace('at = "battery.charge"\n', "").replace('table = "input"\n', ""),
            "points[0].table is missing",
        ),
        (plain.replace('at = "battery.charge"\n', 'one_of = ["x"]\n'), "points[0].at has no place"),
        (plain.replace('at = "battery.charge"\n', 'heard = ["x"]\n'), "points[0].at has no place"),
        (plain.replace('at = "battery.charge"\n', 'reply = "x"\n'), "points[0].at has no place"),
    ):
        with pytest.raises(Refused) as refused:
            parse(wrong, "x")
        assert said in refused.value.text.en


# -- settings ---------------------------------------------------------------------------------------


def said(link, access="", kind="ups"):
    section = DeviceSection(
        id="d", kind=kind, profile="p", link=link, access=access, name_zh="机", name_en="d"
    )
    return [path for path, _ in device_names.rules("devices[0]", links.parse_any(link), section)]


@pytest.mark.parametrize(
    ("link", "access", "wrong"),
    [
        ("snmp:10.0.0.5:161", "ups1.toml", []), ("snmp:10.0.0.5:161", "", ["devices[0].access"]),
        ("snmp:10.0.0.5:161", "../x", ["devices[0].access"]), ("nut:10.0.0.6:3493", "ups1", []),
        ("nut:10.0.0.6:3493", "", ["devices[0].access"]), ("nut:10.0.0.6:3493", "a b", ["devices[0].access"]),
        ("line-tcp:10.0.0.7:4001", "", []), ("line-tcp:10.0.0.7:4001", "x", ["devices[0].access"]),
        ("tcp:10.0.0.7:502", "x", ["devices[0].access"]), ("tcp:10.0.0.7:502", "", []),
    ],
)  # fmt: skip
def test_what_the_line_needs_beside_its_address_must_be_there(link, access, wrong):
    assert said(link, access) == wrong


def test_a_transmitter_is_keyed_over_modbus_alone():
    assert said("nut:10.0.0.6:3493", "ups1", "transmitter") == ["devices[0].kind"]
    assert said("rtu:/dev/ttyUSB0:9600:8N1", "", "transmitter") == []


def test_devices_of_a_line_are_told_apart_by_what_the_protocol_has():
    section = DeviceSection(id="d", kind="ups", profile="p", unit=7, access="ups1", name_zh="机", name_en="d")
    units = [
        device_names.unit_of(links.parse_any(link), section)
        for link in ("nut:h:1", "snmp:h:1", "line-tcp:h:1", "tcp:h:1")
    ]
    assert units == ["ups1", "alone", "alone", 7]


@pytest.mark.parametrize(
    "link", ["snmp:10.0.0.5:161", "nut:hill:3493", "line-tcp:moxa:4001", "line:/dev/ttyS0:1200:7E2"]
)
def test_a_link_by_name_is_written_as_it_is_read(link):
    assert str(links.parse_any(link)) == link
    with pytest.raises(Refused, match="no line"):
        links.parse(link)


@pytest.mark.parametrize(
    "link", ["snmp:h:0", "nut:h", "line:/dev/ttyS0", "line:/dev/ttyS0:1201:8N1", "snmp:", "smtp:h:1"]
)
def test_what_is_no_link_is_refused(link):
    with pytest.raises(Refused) as refused:
        links.parse_any(link)
    assert refused.value.text.zh
