"""Where the sound of a player goes: two of a pair on two ways, a guest on those of its host; the witness has a copy of each."""

from pathlib import Path

from test_pairs import section, settings

from playout.outlets import Outlets
from station.settings import Ports

HERE, NET = "127.0.0.1", "127.0.0.1"
FAR = {"l16": ["239.1.1.1:5004"], "ts": ["239.1.1.2:5006"]}
TWIN = {"l16_twin": ["239.1.2.1:5004"], "ts_twin": ["239.1.2.2:5006"]}
PAIR = settings(
    section("fm1", redundancy="pair", slack_ms=70, **FAR, **TWIN), section("tv1", "tv", raster="576p25")
)
ALONE = settings(section("fm1", **FAR))
PORTS = Ports(8000)


def test_the_first_of_a_pair_sends_as_one_that_is_alone():
    for made in (PAIR, ALONE):
        outlets = Outlets(made, PORTS, "radio")
        assert outlets.l16("fm1") == ((HERE, 8100), (HERE, 8102), ("239.1.1.1", 5004, NET))
        assert outlets.ts(made.channels[0]) == ((HERE, 8104), ("239.1.1.2", 5006, NET))
        assert outlets.folder(Path("hls"), "fm1") == Path("hls/fm1") and not outlets.guest


def test_the_second_sends_another_way_and_to_the_same_witness():
    outlets = Outlets(PAIR, PORTS, "radio.b")
    assert outlets.l16("fm1") == ((HERE, 8100), (HERE, 8302), ("239.1.2.1", 5004, NET))
    assert outlets.ts(PAIR.channels[0]) == ((HERE, 8304), ("239.1.2.2", 5006, NET))
    assert outlets.folder(Path("hls"), "fm1") == Path("hls/fm1.b") and not outlets.guest


def test_a_guest_stands_in_for_its_host():
    guest, host = Outlets(ALONE, PORTS, "radio.b"), Outlets(ALONE, PORTS, "radio")
    assert guest.guest and guest.l16("fm1") == host.l16("fm1")
    alerts = Outlets(ALONE, PORTS, "alerts.b")
    assert alerts.guest and alerts.l16("alerts-1") == Outlets(ALONE, PORTS, "alerts").l16("alerts-1")


def test_alert_streams_go_to_their_group_and_the_first_to_a_witness():
    outlets = Outlets(PAIR, PORTS, "alerts")
    assert outlets.l16("alerts-1") == ((HERE, 8108), ("239.192.31.1", 8202, NET))
    assert outlets.l16("alerts-2") == (("239.192.31.2", 8204, NET),)


def test_television_has_a_copy_of_its_stream_for_the_witness():
    assert Outlets(PAIR, PORTS, "tv").ts(PAIR.channels[1]) == ((HERE, 8114), (HERE, 8116))


def test_a_mixer_renders_as_far_ahead_as_its_channels_ask():
    assert (
        Outlets(PAIR, PORTS, "radio.b").slack_us == 70_000
        and Outlets(PAIR, PORTS, "alerts").slack_us == 40_000
    )
