"""What an alert would interrupt, said before it is sent: by the very rules that put it on air."""

from __future__ import annotations

import attrs

from station.reach_queries import crossed
from station.settings import ChannelSection
from station.words import AreaCode, ChannelId, Text

COUNTY, TOWN, VILLAGE = (AreaCode(code) for code in ("340422000000", "340422100000", "340422100201"))
ELSEWHERE = AreaCode("340422101000")


def channel(name: str, area: AreaCode, *, raster: str = "", limit: int = 3) -> ChannelSection:
    return ChannelSection(
        id=ChannelId(name),
        chain="c",
        name_zh=f"{name}台",
        name_en=f"{name} channel",
        area=area,
        rundowns=".",
        raster=raster,
        duck_below_level=limit,
    )


HOUSE = (channel("fm1", COUNTY), channel("tv1", COUNTY, raster="576p25"), channel("town", ELSEWHERE))


def test_one_village_takes_every_channel_that_serves_it_and_no_other() -> None:
    assert [one["id"] for one in crossed(HOUSE, (VILLAGE,), 1)] == ["fm1", "tv1"]
    assert [one["id"] for one in crossed(HOUSE, (COUNTY,), 1)] == ["fm1", "tv1", "town"]
    assert crossed((channel("town", ELSEWHERE),), (VILLAGE,), 1) == []


def test_it_says_which_has_a_picture_and_whether_the_programme_goes_on_below() -> None:
    above = crossed(HOUSE, (TOWN,), 2)
    below = crossed(HOUSE, (TOWN,), 3)
    assert [one["picture"] for one in above] == [False, True]
    assert {one["ducked"] for one in above} == {False} and {one["ducked"] for one in below} == {True}
    assert above[1]["name"] == Text("tv1 channel", "tv1台")
    small = (attrs.evolve(HOUSE[1], shrink_levels=[3]),)
    assert [one["shrunk"] for level in (2, 3) for one in crossed(small, (TOWN,), level)] == [False, True]


def test_no_level_counts_as_the_lowest_and_one_strict_channel_holds_for_all() -> None:
    assert {one["ducked"] for one in crossed(HOUSE, (TOWN,), 0)} == {True}
    strict = (*HOUSE[:1], channel("tv1", COUNTY, limit=9))
    assert {one["ducked"] for one in crossed(strict, (TOWN,), 4)} == {False}
