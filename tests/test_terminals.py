"""The registry of terminals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.terminals import Registry, Terminal, load_registry, parse_registry, span
from station.words import Refused

HEAD = "code,name,area,longitude,latitude,model\n"
VILLAGES = ["340422100201", "340422100202", "340422101201", "340422101202", "340501100201"]


def code(area, k=1, level=6):
    return f"{level}{area}03140104{k:02d}"


def row(area="340422100201", k=1, *, name="村口", longitude="116.785", latitude="-32.5", model="X"):
    return f"{code(area, k)},{name},{area},{longitude},{latitude},{model}\n"


def registry(areas=VILLAGES):
    return Registry(
        Terminal(code=code(area, k % 99 + 1), name=str(k), area=area, longitude=0, latitude=0)
        for k, area in enumerate(areas)
    )


def test_a_line_becomes_a_terminal_with_coordinates_in_millionths():
    found = parse_registry(HEAD + row())
    assert found.terminals == (
        Terminal(
            code=code("340422100201"),
            name="村口",
            area="340422100201",
            longitude=116_785_000,
            latitude=-32_500_000,
            model="X",
        ),
    )
    assert found.number(code("340422100201")) == 0
    assert found.number("0" * 23) is None


def test_the_model_may_be_left_out():
    text = "code,name,area,longitude,latitude\n" + row(model="").replace(",\n", "\n")
    assert parse_registry(text).terminals[0].model == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("123,a,340422100201,1,1,\n", "line 3: '123' is not a resource code"),
        (f"{code('340422100201', 2)},a,34042210020x,1,1,\n", "not an area code"),
        (f"{code('340422100201', 2)},a,340422100202,1,1,\n", "does not stand in"),
        (row(), "stands in line 2 already"),
        (row(k=2, longitude="east"), "longitude and latitude are degrees"),
        (row(k=2, longitude="181"), "longitude and latitude are degrees"),
        (row(k=2, latitude="1.x"), "longitude and latitude are degrees"),
        (f"{code('340422100201', 2)},a\n", "not an area code"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_of_the_file_is_taken(line, said):
    with pytest.raises(Refused, match=said) as refused:
        parse_registry(HEAD + row() + line)
    assert "第 3 行" in refused.value.text.zh


def test_every_mistake_is_told_at_once_up_to_a_bound():
    with pytest.raises(Refused, match="30 mistakes") as refused:
        parse_registry(HEAD + "1,a,340422100201,1,1,\n" * 30)
    assert refused.value.text.en.count("line ") == 20


def test_missing_columns_and_missing_files_are_refused_in_words(tmp_path):
    with pytest.raises(Refused, match="area, longitude"):
        parse_registry("code,name,latitude\n")
    with pytest.raises(Refused, match="lacks the columns"):
        parse_registry("")
    with pytest.raises(Refused, match="cannot be read"):
        load_registry(tmp_path / "none.csv")
    (tmp_path / "r.csv").write_text("\ufeff" + HEAD + row(), encoding="utf-8")
    assert len(load_registry(tmp_path / "r.csv")) == 1


def test_an_area_holds_what_stands_below_it_and_zeros_alone_are_nowhere():
    fleet = registry()
    assert fleet.members(["340422000000"]).tolist() == [True] * 4 + [False]
    assert fleet.members(["340422100000", "340501100201"]).tolist() == [True, True, False, False, True]
    assert not fleet.members(["000000000000"]).any()
    assert not fleet.members([]).any()
    assert span("340422100201") == (340422100201, 340422100202)
    assert fleet.areas() == tuple(VILLAGES)


@given(st.lists(st.sampled_from(VILLAGES), min_size=1, max_size=12), st.sets(st.sampled_from(VILLAGES)))
def test_the_cover_of_a_set_of_villages_holds_exactly_its_terminals(stand, chosen):
    fleet = registry(stand)
    mask = fleet.members(chosen)
    assert np.array_equal(fleet.members(fleet.cover(mask)), mask)


def test_a_cover_is_as_small_as_the_areas_allow():
    fleet = registry()
    assert fleet.cover(fleet.members(["340422000000"])) == ("340422000000",)
    assert fleet.cover(fleet.members(VILLAGES[:3])) == ("340422100000", "340422101201")
    assert fleet.cover(~fleet.nobody()) == ("340422000000", "340501000000")
    assert fleet.cover(fleet.nobody()) == ()


def test_of_two_terminals_in_one_village_the_cover_can_only_name_the_village():
    fleet = registry([VILLAGES[0], VILLAGES[0]])
    mask = fleet.nobody()
    mask[0] = True
    assert fleet.cover(mask) == (VILLAGES[0],)
