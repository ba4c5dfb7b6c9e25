"""Where a relay comes from: forms that are understood, mistakes that are named, and what settings say of it."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.crew import ON_DISK
from playout.relay_input import Line, wire_of
from station import relay_rules
from station.relay_sources import RelaySection, Source, read
from station.settings import ChannelSection, Settings, StationSection
from station.words import Text


@pytest.mark.parametrize(
    ("text", "host", "port", "shared"),
    [
        ("udp://239.1.1.1:5000", "239.1.1.1", 5000, True),
        ("udp://127.0.0.1:5000", "127.0.0.1", 5000, False),
        ("udp://localhost:5000", "localhost", 5000, False),
        ("rtp://[ff02::1]:5004", "[ff02::1]", 5004, True),
        ("http://radio.example/live.mp3", "radio.example", 80, True),
        ("https://user:pw@radio.example:8443/a.m3u8?token=x", "radio.example", 8443, True),
        ("https://radio.example", "radio.example", 443, True),
        ("srt://10.0.0.1:9000", "10.0.0.1", 9000, True),
        ("alsa:hw:1,0", "hw:1,0", 0, False),
    ],
)
def test_each_form_of_a_source_is_understood(text, host, port, shared):
    found = read(text)
    assert isinstance(found, Source)
    assert (found.host, found.port, found.shared, found.text) == (host, port, shared, text)


@pytest.mark.parametrize(
    "text",
    ["", "file:///etc/passwd", "/etc/passwd", "concat:a|b", "udp://", "udp://host", "udp://host:0", "udp://h:70000",
     "udp://h:5000?x=1", "rtp://10.0.0.1:5001", "http://", "http://a b/", "alsa:", "alsa:;rm", "x" * 501,
     "udp://239.1.1.1:5000\n"],
)  # fmt: skip
def test_what_is_no_source_is_refused_in_both_languages(text):
    found = read(text)
    assert isinstance(found, Text) and found.en and found.zh


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"(udp|rtp|http|srt|alsa)(://|:)[ -~]{0,40}", fullmatch=True))
def test_any_text_is_a_source_or_a_sentence(text):
    found = read(text)
    assert isinstance(found, Text) or found.text == text


def test_nobody_is_shown_a_password_or_a_token():
    assert (
        read("https://user:pw@radio.example:8443/a.m3u8?token=x").shown == "https://radio.example:8443/a.m3u8"
    )
    assert read("udp://239.1.1.1:5000").shown == "udp://239.1.1.1:5000"
    assert read("alsa:hw:1").shown == "alsa:hw:1"


def test_a_playlist_from_the_web_can_name_no_file_of_this_machine_and_its_server_is_verified():
    wire = wire_of(read("http://radio.example/a.m3u8"), "10.0.0.9")
    assert "tls_verify" not in wire.options
    assert wire_of(read("https://radio.example/a.m3u8"), "10.0.0.9").options["tls_verify"] == "1"
    assert (
        "file" not in wire.options["protocol_whitelist"] and "concat" not in wire.options["format_whitelist"]
    )


def test_on_the_web_a_segment_is_waited_for_and_a_receiver_that_waits_is_not_taken_for_hung():
    web, way = (
        wire_of(read(text), "").reading for text in ("https://radio.example/a", "udp://239.1.1.1:5000")
    )
    assert way < 10 < web < ON_DISK / 1e9


def test_groups_are_joined_on_the_playout_net_alone():
    assert "localaddr=10.0.0.9" in wire_of(read("udp://239.1.1.1:5000"), "10.0.0.9").url
    assert wire_of(read("rtp://239.1.1.1:5000"), "10.0.0.9").url == "rtp://239.1.1.1:5000?localaddr=10.0.0.9"
    assert "localaddr" not in wire_of(read("udp://127.0.0.1:5000"), "10.0.0.9").url
    assert wire_of(read("rtp://127.0.0.1:5000"), "10.0.0.9").url == "rtp://127.0.0.1:5000"
    assert wire_of(read("alsa:hw:1"), "").format == "alsa"
    assert wire_of(read("srt://10.0.0.1:9000"), "").url is None


def test_a_hole_in_the_time_stamps_is_so_much_silence_and_a_leap_another_beginning():
    line = Line()
    assert line.gap(1_000, 480) == 0
    assert line.gap(1_480 + 100, 480) == 0  # within what time stamps may be off
    assert line.gap(1_960 + 4_800, 480) == 4_800
    assert line.gap(None, 480) == 0
    assert line.gap(7_720, 480) == 0
    assert line.gap(7_000, 480) is None
    assert line.gap(7_480 + 200_000, 480) is None
    assert Line().gap(None, 480) == 0


def settings_with(**changed):
    found = Settings(
        station=StationSection(id="t", name_zh="台", name_en="T", area="341521000000", areas="a.csv"),
        channels=[
            ChannelSection(
                id="fm1", chain="radio", name_zh="调频", name_en="FM", area="341521000000", rundowns="r"
            )
        ],
    )
    section = {
        "id": "cnr",
        "chain": "radio",
        "name_zh": "央广",
        "name_en": "CNR",
        "members": ["udp://239.1.1.1:5000"],
    }
    return attrs.evolve(found, relays=[RelaySection(**section | changed)])


def said(found):
    return {path for path, text in relay_rules.rules(found) if text.en and text.zh}


def test_a_relay_that_is_right_is_not_remarked_upon():
    assert said(settings_with()) == set()
    assert said(settings_with(secret_file="srt.pw", members=["srt://h:9"])) == set()


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"id": "CNR 1"}, "relays[0].id"),
        ({"chain": "tv"}, "relays[0].chain"),
        ({"members": []}, "relays[0].members"),
        ({"members": ["udp://239.1.1.1:5000"] * 2}, "relays[0].members[1]"),
        ({"members": ["file:///a"]}, "relays[0].members[0]"),
        ({"delay_ms": 10}, "relays[0].delay_ms"),
        ({"silence_ms": 100_000}, "relays[0].silence_ms"),
        ({"secret_file": "srt.pw"}, "relays[0].secret_file"),
        ({"secret_file": "../srt.pw", "members": ["srt://h:9"]}, "relays[0].secret_file"),
    ],
)
def test_each_mistake_of_a_relay_is_told_where_it_is(changed, path):
    assert said(settings_with(**changed)) == {path}


@pytest.mark.parametrize(
    ("name", "least", "most"), [("delay_ms", 500, 20_000), ("silence_ms", 500, 60_000), ("level_dbfs", -80, -20)]
)  # fmt: skip
def test_a_time_or_a_level_may_lie_on_its_bounds_and_not_beyond(name, least, most):
    found = {value: said(settings_with(**{name: value})) for value in (least - 1, least, most, most + 1)}
    assert list(found.values()) == [{f"relays[0].{name}"}, set(), set(), {f"relays[0].{name}"}]


def test_a_relay_has_as_many_ways_as_are_allowed():
    ways = [f"udp://239.1.1.{n}:5000" for n in range(relay_rules.MOST_MEMBERS + 1)]
    assert said(settings_with(members=ways[1:])) == set()
    assert said(settings_with(members=ways)) == {"relays[0].members"}


def test_a_relay_is_there_once_and_there_are_not_too_many():
    one = settings_with().relays[0]
    eight = attrs.evolve(settings_with(), relays=[attrs.evolve(one, id=f"r{k}") for k in range(8)])
    assert said(eight) == set()
    many = attrs.evolve(settings_with(), relays=[one] * 9)
    assert said(many) == {"relays", *(f"relays[{k}].id" for k in range(1, 9))}


def channels_with(found, **changed):
    return attrs.evolve(found, channels=[attrs.evolve(found.channels[0], **changed)])


def test_television_relays_nothing_yet():
    assert said(channels_with(settings_with(), raster="576i50")) == {"relays[0].chain"}


def test_a_pair_relays_what_both_of_it_can_receive():
    ways = ["udp://239.1.1.1:5000", "udp://10.0.0.9:5000", "https://h/live", "alsa:hw:1", "srt://h:9"]
    found = channels_with(settings_with(members=ways), redundancy="pair")
    assert said(found) == {"relays[0].members[1]", "relays[0].members[3]"}
    assert said(settings_with(members=ways)) == set()
