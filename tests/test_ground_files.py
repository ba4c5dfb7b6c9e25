"""A station's ground from CSV files: what is wrong in them is named by its line."""

from __future__ import annotations

import pytest

from station.ground import Point
from station.ground_files import ground_of, read_terminals
from station.words import Refused

HEAD = "code,area,longitude,latitude\n"
VILLAGE = "340422100001"


def test_terminals_and_foreign_codes_make_a_ground(tmp_path):
    (tmp_path / "t").write_text(f"{HEAD}a,{VILLAGE},116.5,32.5\nb,{VILLAGE},,\n", encoding="utf-8")
    (tmp_path / "g").write_text(f"scheme,code,area\nSAME,006037,{VILLAGE}\n", encoding="utf-8")
    ground = ground_of(tmp_path / "t", tmp_path / "g")
    assert ground is not None and ground.points == {
        "a": Point(area=VILLAGE, longitude=116_500_000, latitude=32_500_000),
        "b": Point(area=VILLAGE, longitude=None, latitude=None),
    }
    assert ground.meet(circles=["32.5,116.5 1"]).points == ("a",)
    assert ground.meet(geocodes=[("SAME", "006037")]).areas == (VILLAGE,)
    assert ground_of(None, tmp_path / "g").points == {}
    assert ground_of(None, None) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}a,34,1,2\n", "line 2: '34'"),
        (f"{HEAD}a,{VILLAGE},181,2\n", "line 2: '181'"),
        (f"{HEAD}a,{VILLAGE},nan,2\n", "line 2: 'nan'"),
        ("code\na\n", "line 2: area, longitude, latitude is missing"),
        (f'{HEAD}"' + "x" * 140_000, "line 1: a field is too long"),
    ],
)
def test_a_registry_that_is_wrong_names_its_line(text, said, tmp_path):
    (tmp_path / "t").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=said):
        read_terminals(tmp_path / "t")


def test_files_that_cannot_be_read_are_said_so(tmp_path):
    (tmp_path / "b").write_bytes(b"\xff")
    (tmp_path / "q").write_text('scheme,code,area\n"' + "x" * 140_000, encoding="utf-8")
    for registry, table in ((tmp_path / "none", None), (None, tmp_path / "none")):
        with pytest.raises(Refused, match="cannot be read"):
            ground_of(registry, table)
    for registry, table in ((tmp_path / "b", None), (None, tmp_path / "b")):
        with pytest.raises(Refused, match="is no UTF-8 text"):
            ground_of(registry, table)
    with pytest.raises(Refused, match="q: line 2: a field is too long"):
        ground_of(None, tmp_path / "q")
