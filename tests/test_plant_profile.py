"""Profiles of devices: the shipped ones hold, and a wrong one is told with all its mistakes."""

import pytest

from devices.plant_profile import SHIPPED, load, parse
from station.words import Refused

SHIPPED_ONES = ("transmitter-gengfu", "ups-gengfu", "ups-text-gengfu")
UNVERIFIED = (
    "advantech-adam-4024", "advantech-adam-4056so", "apc-smart-ups", "chloride-manageups", "eaton-pxgx", "eaton-ups",
    "deva-db2003", "moxa-iologik-e1214", "tripp-lite-modbuscard", "ups-rfc1628", "fm-ecreso-crown",
)  # fmt: skip
LEAST = """
name = "x"
kind = "ups"
status = "invented"
[identity]
table = "input"
address = 0
values = [1]
[[points]]
id = "a"
name_zh = "甲"
name_en = "a"
table = "input"
address = 4
"""
TEXTS = """
[[texts]]
id = "%s"
name_zh = "字"
name_en = "t"
address = %d
length = %d
"""
TRANSMITTER = """
[[points]]
id = "local"
name_zh = "本地"
name_en = "local"
table = "discrete"
address = 1
type = "bit"
[[points]]
id = "interlock"
name_zh = "联锁"
name_en = "interlock"
table = "discrete"
address = 2
type = "bit"
[[carrier]]
address = 0
readback = "a"
power = "a"
on_least = 1
off_most = 0
"""


@pytest.mark.parametrize("name", SHIPPED_ONES)
def test_a_shipped_profile_holds_and_says_that_it_is_invented(name):
    made = load(name)
    assert made.status == "invented" and "INVENTED" in (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert {limit.point for limit in made.limits} <= {point.id for point in made.points}


@pytest.mark.parametrize("name", UNVERIFIED)
def test_a_map_from_a_public_source_names_it_and_says_that_nobody_verified_it(name):
    made = load(name)
    assert made.status == "unverified" and made.source
    assert "UNVERIFIED" in (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert made.carrier == [] and made.kind != "transmitter"


def test_every_shipped_profile_is_known_here():
    assert {path.stem for path in SHIPPED.glob("*.toml")} == {
        *SHIPPED_ONES,
        *UNVERIFIED,
        "nut-ups",
        "gengfu-sim",
    }


@pytest.mark.parametrize("name", (*SHIPPED_ONES, *UNVERIFIED, "nut-ups"))
def test_a_shipped_profile_speaks_both_languages(name):
    made = load(name)
    for point in made.points:
        assert point.name.zh and point.name.en and point.name.en.isascii()
        assert len(point.words_zh) == len(point.words_en)
    for limit in made.limits:
        assert limit.en.isascii() and not limit.zh.isascii()


def test_a_transmitter_is_read_in_few_requests():
    made = load("transmitter-gengfu")
    assert (len(made.group("fast")), len(made.group("slow"))) == (2, 1)
    assert made.period_us(made.points[0]) == 1_000_000
    assert made.period_us(next(p for p in made.points if p.group == "slow")) == 5_000_000


def test_the_least_profile_is_one():
    assert parse(LEAST, "x").points[0].id == "a"
    assert parse(LEAST.replace('"ups"', '"transmitter"') + TRANSMITTER, "x").carrier[0].settle_ms == 20_000


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('kind = "ups"', 'kind = "ufo"', "kind is 'ufo' but must be one of transmitter, ups"),
        ("address = 4", "address = 65536", "points[0].address is 65536, which is no address"),
        ("address = 4", 'address = 4\ntype = "u32"\nbit = 16', "points[0].bit is 16"),
        ("address = 4", "address = 4\ndecimals = 10", "points[0].decimals must be from 0 to 9"),
        ("address = 4", "address = 4\nrange = [2, 1]", "points[0].range must be"),
        ("address = 4", 'address = 4\nwords_en = ["on"]', "words_zh must be equally many"),
        ('table = "input"\naddress = 4', 'table = "coil"\naddress = 4', "type must be bit"),
        ("values = [1]", "values = [65536]", "identity.values must be register values"),
        ('status = "invented"', 'status = "unverified"', "source is missing"),
        ("address = 4", 'address = 4\ntype = "bits"\nbit = 12\nbits = 5', "points[0].bits is 5"),
        ("address = 4", 'address = 4\ntype = "bits"\nbits = 0', "points[0].bits is 0"),
        ("address = 4", "address = 4\ndivisor = 0", "points[0].divisor must be 1 or more"),
        ("address = 4", 'address = 65533\ntype = "u64"', "points[0].address is 65533"),
        ("[[points]]", TEXTS % ("a", 5, 1) + "[[points]]", "texts[0].id is 'a' a second time"),
        ("[[points]]", TEXTS % ("t", 5, 0) + "[[points]]", "texts[0].address and length are no registers"),
        ("[[points]]", TEXTS % ("t", 5, 126) + "[[points]]", "texts[0].address and length are no registers"),
        (
            "[[points]]",
            TEXTS % ("t", 65_535, 2) + "[[points]]",
            "texts[0].address and length are no registers",
        ),
        ("[[points]]", TEXTS % ("t", -1, 2) + "[[points]]", "texts[0].address and length are no registers"),
        (
            'status = "invented"',
            'status = "invented"\nprotocol = "nut"' + TEXTS % ("t", 5, 2),
            "texts stand in registers",
        ),
        ("[identity]", "[poll]\nfast_ms = 5\n[identity]", "poll.fast_ms is 5 but must be from 100"),
        ("[identity]", "[poll]\nfast = 5\n[identity]", "poll.fast is not a setting"),
    ],
)
def test_a_wrong_profile_is_refused_with_what_is_wrong(before, after, said):
    assert before in LEAST
    with pytest.raises(Refused) as refused:
        parse(LEAST.replace(before, after, 1), "x")
    assert said in refused.value.text.en and refused.value.text.zh


def test_nothing_is_keyed_that_cannot_be_told_from_others():
    text = LEAST.replace('"ups"', '"transmitter"').replace("values = [1]", "values = []") + TRANSMITTER
    with pytest.raises(Refused, match=r"identity.values are missing"):
        parse(text, "x")
    assert parse(LEAST.replace("values = [1]", "values = []"), "x").identity.values == []


def test_every_mistake_is_told_at_once():
    wrong = (
        LEAST
        + LEAST.partition("[[points]]")[2].join(["[[points]]", ""])
        + """
[[limits]]
id = "l"
point = "nothing"
side = "above"
value = 1
hysteresis = -1
severity = "major"
card = "c"
zh = "高"
en = "high"
[[carrier]]
address = 0
readback = "nothing"
power = "a"
on_least = 1
off_most = 0
"""
    )
    with pytest.raises(Refused) as refused:
        parse(wrong, "x")
    lines = refused.value.text.en.splitlines()
    for at in (
        "points[1].id", "limits[0].point", "limits[0] has", "carrier is one", "carrier[0].readback",
        "points.local", "points.interlock",
    ):  # fmt: skip
        assert any(at in line for line in lines), at


def test_a_profile_that_is_not_there_or_is_no_toml_is_refused(tmp_path):
    for name in ("nothing", "../../etc/passwd", "nothing.toml"):
        with pytest.raises(Refused, match="there is no device profile"):
            load(name, base=tmp_path)
    with pytest.raises(Refused, match="device profile x"):
        parse("[", "x")


def test_an_engineers_own_profile_lies_beside_the_settings(tmp_path):
    (tmp_path / "own.toml").write_text(LEAST, encoding="utf-8")
    assert load("own.toml", base=tmp_path).name == "x"


def test_a_file_that_is_no_profile_is_told_why(tmp_path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="no text in UTF-8"):
        load(str(tmp_path / "binary.toml"))
    (tmp_path / "binary.csv").write_bytes(b"\xff")
    with pytest.raises(Refused, match=r"a file must end with \.toml") as said:
        load(str(tmp_path / "binary.csv"))
    assert ".toml" in said.value.text.zh
