"""Resource codes of both generations: taken apart, said in words, put together again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency import resource_codes
from emergency.ebd_profile import resource_id
from station.words import Misheard

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "ebd.md").read_text("utf-8")


def test_a_code_of_2018_has_its_six_parts():
    code = resource_codes.read("43415230000000314010301")
    assert (code.generation, code.level, code.area, code.type) == ("2018", "4", "341523000000", "0314")
    assert (code.sequence, code.subtype, code.number) == ("01", "03", "01")
    said = resource_codes.words(code)
    assert said.en == "loudspeaker system 01 (county) of 341523000000: transmission or playout device 01"
    assert said.zh == "341523000000 县级大喇叭系统 01:传输覆盖播出设备 01"
    assert str(resource_codes.read(resource_id(2, "340000000000"))) == "23400000000000101010101"


def test_a_code_of_2016_has_four():
    code = resource_codes.read("010333112400000001")
    assert (code.generation, code.type, code.subtype, code.area, code.sequence) == ("2016", "01", "03", "331124000000", "01")  # fmt: skip
    assert resource_codes.words(code).en == "type 01, subtype 03 of 331124000000, number 01"
    assert resource_codes.words(code).zh == "331124000000 的类型 01、子类型 03,序号 01"


def test_what_no_table_has_is_told_as_it_stands():
    said = resource_codes.words(resource_codes.read("03415230000000999010901"))
    assert said.en == "type 0999 01 (level 0) of 341523000000: subtype 09 01"
    assert said.zh == "341523000000 级别 0类型 0999 01:子类型 09 01"


@given(st.from_regex(r"\A([0-9]{23}|[0-9]{18})\Z"))
@settings(max_examples=60)
def test_every_code_is_put_together_again(code):
    read = resource_codes.read(code)
    assert str(read) == code and read.area in resource_codes.words(read).zh


@pytest.mark.parametrize(
    "code", ["", "1" * 22, "1" * 24, "1" * 17, "1" * 22 + "x", "1" * 23 + "\n", "٤" * 23]
)
def test_anything_else_is_no_code(code):
    with pytest.raises(Misheard, match="no resource code") as caught:
        resource_codes.read(code)
    assert "资源编码" in caught.value.text.zh


def test_the_page_names_every_level_type_and_subtype():
    for table in (resource_codes.LEVELS, resource_codes.TYPES, resource_codes.SUBTYPES):
        for code, said in table.items():
            assert re.search(rf"{code} {re.escape(said.en)}[,;.|]", PAGE), code
