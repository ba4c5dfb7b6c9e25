"""Television in the settings: a raster of ours, a chain of its own, time enough to draw an alert's words."""

import attrs
import pytest

from station.outputs import OutputSection
from station.settings import ChannelSection, Settings, StationSection
from station.tv_rules import television

STATION = StationSection(id="s", name_zh="台", name_en="S", area="340422000000", areas="a.csv")
FM = ChannelSection(id="fm1", chain="radio", name_zh="一", name_en="One", area="340422000000", rundowns="r")
TV = attrs.evolve(FM, id="tv1", chain="tv", raster="576p25", slack_ms=200)


def said(*channels, home, files=False):
    settings = Settings(station=STATION, channels=list(channels))
    return dict(television(settings, home, files=files))


def test_radio_and_a_television_channel_of_its_own_are_well(tmp_path):
    (tmp_path / "logo.png").write_bytes(b"x")
    assert said(FM, attrs.evolve(TV, logo="logo.png"), home=tmp_path, files=True) == {}
    assert said(FM, attrs.evolve(TV, splice=True, clock=False), home=tmp_path, files=True) == {}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"raster": "1080i50"}, "channels[1].raster", "576i50, 576i50-4:3, 720p25, 720p50, 1080p25"),
        ({"video": "mpeg2"}, "channels[1].hls", "no browser shows MPEG-2"),
        ({"chain": "radio"}, "channels[1].chain", "a chain of its own"),
        ({"slack_ms": 40}, "channels[1].slack_ms", "at least 100"),
        ({"splice": True}, "channels[1].splice", "clock = false, no logo"),
        (
            {"shrink_levels": [3, 5]},
            "channels[1].shrink_levels",
            "has 5, but alerts have levels 1 (red) to 4",
        ),
        ({"splice": True, "clock": False, "video": "mpeg2", "hls": False}, "channels[1].splice", "as H.264"),
        ({"logo": "none.png"}, "channels[1].logo", "which is no file"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(tmp_path, changes, path, words):
    found = said(FM, attrs.evolve(TV, **changes), home=tmp_path, files=True)
    assert list(found) == [path] and words in found[path].en and found[path].zh


def test_mpeg2_goes_where_it_can_be_seen_and_radio_has_no_picture(tmp_path):
    pushed = OutputSection(id="web", kind="rtmp", to="rtmp://host/app/key")
    cable = attrs.evolve(TV, video="mpeg2", sound="aac", hls=False)
    assert said(FM, cable, home=tmp_path) == {}
    assert list(said(FM, attrs.evolve(cable, outputs=[pushed]), home=tmp_path)) == [
        "channels[1].outputs[0].kind"
    ]
    assert list(said(attrs.evolve(FM, sound="aac"), TV, home=tmp_path)) == ["channels[0].video"]
    assert list(said(attrs.evolve(FM, splice=True), TV, home=tmp_path)) == ["channels[0].splice"]
    assert list(said(attrs.evolve(FM, shrink_levels=[3]), TV, home=tmp_path)) == ["channels[0].shrink_levels"]
    assert said(FM, attrs.evolve(TV, shrink_levels=[3, 4]), home=tmp_path) == {}


def test_a_station_has_one_raster(tmp_path):
    other = attrs.evolve(TV, id="tv2", chain="tv2", raster="720p25")
    assert list(said(TV, other, home=tmp_path)) == ["channels"]
