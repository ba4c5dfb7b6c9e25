"""Shapes, foreign codes and resource codes: which areas they mean here, and what is said where they mean none."""

from __future__ import annotations

import pytest

from station import geocodes, ground
from station.geocodes import SCHEMES, Geocodes, load, scheme_of
from station.ground import Ground, Point, area_of_resource
from station.words import AreaCode, Misheard

ONE, TWO, THREE = (AreaCode(f"34042210000{n}") for n in (1, 2, 3))
TABLE = load(
    [
        "scheme,code,area",
        f"SAME,006037,{ONE}",
        f"SAME,006038,{TWO}",
        f"SAME,007001,{THREE}",
        f"UGC,MTZ014,{ONE}",
        f"UGC,MTZ015,{TWO}",
        f"UGC,MTC014,{THREE}",
        f"CAP-CP,3537001,{ONE}",
        f"CAP-CP,3537003,{TWO}",
        f"CAP-CP,3537003,{ONE}",
        f"CAP-CP,24,{THREE}",
    ]
)
HERE = Ground(
    points={
        "t1": Point(area=ONE, longitude=116_500_000, latitude=32_500_000),
        "site": Point(area=TWO, longitude=118_500_000, latitude=32_500_000),
        "lost": Point(area=THREE),
    },
    geocodes=TABLE,
)
SQUARE = "32.0,116.0 32.0,117.0 33.0,117.0 33.0,116.0 32.0,116.0"


@pytest.mark.parametrize(
    ("scheme", "code", "areas"),
    [
        ("SAME", "006037", (ONE,)),
        ("SAME", "106037", (ONE,)),  # a part of a county is the county
        ("SAME", "006000", (ONE, TWO)),  # a state
        ("SAME", "000000", (ONE, TWO, THREE)),  # the nation
        ("UGC", "MTZ015", (TWO,)),
        ("UGC", "MTZALL", (ONE, TWO)),
        ("UGC", "MTC000", (THREE,)),
        ("CAP-CP", "3537003", (ONE, TWO)),
        ("CAP-CP", "3537", (ONE, TWO)),
        ("CAP-CP", "35", (ONE, TWO)),
        ("CAP-CP", "24", (THREE,)),
    ],
)
def test_a_code_means_its_row_or_all_rows_within_it(scheme, code, areas):
    assert TABLE.areas(SCHEMES[scheme], code) == areas


@pytest.mark.parametrize(
    ("scheme", "code", "words"),
    [
        ("SAME", "06037", "six digits"),
        ("UGC", "MT014", "two letters"),
        ("CAP-CP", "353", "SGC"),
        ("SAME", "008001", "nothing for 008001"),
        ("CAP-CP", "59", "nothing for 59"),
    ],
)
def test_a_code_that_means_nothing_says_why(scheme, code, words):
    with pytest.raises(Misheard, match=words):
        TABLE.areas(SCHEMES[scheme], code)
    with pytest.raises(Misheard, match=f"no table of {scheme}|not"):
        Geocodes({}).areas(SCHEMES[scheme], code)


def test_names_of_geocodes_are_known():
    for name, scheme in (
        ("same", "SAME"),
        ("FIPS6", "SAME"),
        ("UGC ", "UGC"),
        ("profile:CAP-CP:Location:0.3", "CAP-CP"),
    ):
        assert scheme_of(name).name == scheme
    assert scheme_of("EMMA_ID") is None


def test_a_wrong_table_names_its_lines(monkeypatch):
    with pytest.raises(Misheard, match="columns"):
        load(["code"])
    with pytest.raises(Misheard, match=r"line 2, 3, 4, 5: .*4 wrong"):
        load(["scheme,code,area", "X,1,2", f"SAME,1,{ONE}", "SAME,006037,34", "SAME,006037"])
    monkeypatch.setattr(geocodes, "MOST_ROWS", 1)
    with pytest.raises(Misheard, match="more than 1"):
        load(["scheme,code,area", f"SAME,006037,{ONE}", f"SAME,006037,{ONE}"])
    with pytest.raises(Misheard, match="line 2: a field is too long"):
        load(["scheme,code,area\n", '"' + "x" * 140_000])


def test_shapes_meet_terminals_and_sites():
    met = HERE.meet(polygons=[SQUARE], circles=["32.5,118.5 3"])
    assert (met.areas, met.points) == ((ONE, TWO), ("site", "t1"))
    assert [text.en for text in met.lacks] == ["1 terminals or sites have no place and are in no shape"]


def test_a_shape_without_anything_says_so():
    met = HERE.meet(polygons=["1,1 2,2 3,3 1,1"], circles=["0,0 1", "1;1"])
    assert met.areas == ()
    said = " ".join(text.en for text in met.lacks)
    assert "polygon 1,1" in said
    assert "circle 0,0" in said
    assert "no shape" in said
    assert all(any("\u3400" < char < "\u9fff" for char in text.zh) for text in met.lacks)


def test_codes_meet_areas_and_say_what_is_not_known():
    met = HERE.meet(geocodes=[("SAME", "006037"), ("EMMA_ID", "x"), ("UGC", "XXZ001")])
    assert met.areas == (ONE,)
    assert [text.en[:25] for text in met.lacks] == ["geocodes 'EMMA_ID' are no", "the table of UGC codes ha"]
    assert Ground().meet() == ground.Met(areas=())


def test_shapes_of_too_many_points_are_not_held_against_every_terminal():
    many = " ".join(f"1,{n / 1e5:.5f}" for n in range(5_001))
    met = HERE.meet(polygons=[many])
    assert met.areas == ()
    assert "more than 5000 points" in met.lacks[0].en
    assert len(HERE.meet(circles=["x"] * 50).lacks) == 10


def test_a_resource_code_names_its_area():
    assert area_of_resource("4" + ONE + "0314010101") == ONE
    assert area_of_resource("0103" + ONE + "01") == ONE
    assert area_of_resource(ONE) is None
