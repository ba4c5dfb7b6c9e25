"""What may be written of a channel's further outputs, and that nothing of a training station leaves this machine."""

import attrs
import pytest
from test_pairs import section, settings

from station import settings_training
from station.output_rules import MOST, rules
from station.outputs import OutputSection, Target, shown, target


def out(kind="l24", to="239.69.1.1:5004", **more):
    return OutputSection(id=more.pop("id", "one"), kind=kind, to=to, **more)


ICE = out("icecast", "http://10.3.0.9/fm1", secret_file="ice.pw")


def said(*outputs, **more):
    return [path for path, _ in rules(settings(section("fm1", outputs=list(outputs), **more)))]


def test_every_kind_can_be_written_so_that_it_holds():
    good = (
        out(sap="239.255.255.255"), out("l16", "10.3.0.9:5004", packet_us=5_000), out("rtp-ts", "tower.example:5006"), ICE,
        out("srt", "srt://10.3.0.9:9000?latency=200&streamid=fm1", secret_file="srt.pw"), out("rtmp", "rtmp://10.3.0.9/live/fm1"),
        out("file", "recordings", codec="opus", days=7), out("card", "hw:0,0"),
    )  # fmt: skip
    numbered = [attrs.evolve(one, id=f"o{k}") for k, one in enumerate(good)]
    assert said(*numbered) == []


@pytest.mark.parametrize(
    ("output", "where"),
    [
        (out(id="a b"), "id"),
        (out(to="239.69.1.1"), "to"),
        (out(to="239.69.1.1:0"), "to"),
        (out("icecast", "ftp://10.3.0.9/fm1", secret_file="p"), "to"),
        (out("rtmp", "rtmps://10.3.0.9/live/fm1"), "to"),
        (attrs.evolve(ICE, ca_file="ca.pem"), "ca_file"),
        (attrs.evolve(ICE, to="https://h/a", ca_file="../ca.pem"), "ca_file"),
        (out("file", "f", ca_file="ca.pem"), "ca_file"),
        (out("icecast", "http://10.3.0.9/", secret_file="p"), "to"),
        (out("icecast", "http://u:p@10.3.0.9/fm1", secret_file="p"), "to"),
        (out("icecast", "http://10.3.0.9/f\rm", secret_file="p"), "to"),
        (out("icecast", "http://10.3.0.9:99999/fm1", secret_file="p"), "to"),
        (out("icecast", "http://10.3.0.9/fm1"), "secret_file"),
        (attrs.evolve(ICE, user="a:b"), "user"),
        (out("srt", "srt://10.3.0.9"), "to"),
        (out("srt", "srt://10.3.0.9:9000?mode=listener"), "to"),
        (out("srt", "srt://10.3.0.9:9000?latency=long"), "to"),
        (out("rtmp", "rtmp://10.3.0.9/live/fm1?x=1"), "to"),
        (out("file", " "), "to"),
        (out("card", "a b"), "to"),
        (out("l24", codec="mp3"), "codec"),
        (out("file", "f", codec="aac"), "codec"),
        (out(kbps=9), "kbps"),
        (out(packet_us=125), "packet_us"),
        (out("rtp-ts", sap="239.255.255.255"), "sap"),
        (out(sap="10.0.0.1"), "sap"),
        (out(sap="all"), "sap"),
        (out("file", "f", minutes=0), "minutes"),
        (out("file", "f", days=-1), "days"),
        (out("file", "f", secret_file="p"), "secret_file"),
        (attrs.evolve(ICE, secret_file="../p"), "secret_file"),
        (out(twin=True), "twin"),
        (out(to_twin="10.3.0.9:5004"), "to_twin"),
        (out(to_twin="10.3.0.9"), "to_twin"),
        (attrs.evolve(ICE, to_twin="10.3.0.9:5004"), "to_twin"),
    ],
)
def test_each_mistake_is_told_where_it_stands(output, where):
    assert said(output) == [f"channels[0].outputs[0].{where}"]


def test_ids_are_told_apart_and_there_is_a_limit():
    assert said(out(), out()) == ["channels[0].outputs[1].id"]
    assert said(*(out(id=f"o{k}") for k in range(MOST + 1))) == ["channels[0].outputs"]


def test_a_second_player_sends_only_where_there_is_one():
    assert said(out(twin=True), redundancy="pair") == []
    both = out("rtp-ts", to_twin="10.3.0.9:5004")
    assert said(both, redundancy="pair") == []
    assert said(attrs.evolve(both, twin=True), redundancy="pair") == ["channels[0].outputs[0].to_twin"]


def test_a_file_of_a_channel_with_a_picture_says_whether_it_keeps_it():
    tv = {"raster": "576p25"}
    for good in (out("rtp-ts"), out(), out("file", "f", codec="ts"), out("file", "f", codec="flac")):
        assert said(good, **tv) == []
    assert said(out("file", "f"), **tv) == ["channels[0].outputs[0].codec"]


def test_an_address_is_taken_apart_once():
    assert target(ICE) == Target("10.3.0.9", 8000, "/fm1")
    assert target(attrs.evolve(ICE, to="https://h/a")) == Target("h", 443, "/a", secure=True)
    assert said(attrs.evolve(ICE, to="https://h/a", ca_file="ca.pem")) == []
    srt = target(out("srt", "srt://10.3.0.9:9000?streamid=a%20b"))
    assert srt is not None and srt.word("streamid") == "a b" and srt.word("latency") == ""
    assert target(out("file", "f")) is None
    assert [shown(one) for one in (out("rtmp", "rtmp://h/live/key"), out("file", "f"))] == ["h:1935", "f"]
    assert (ICE.coded, out("file", "f").coded, out().coded) == ("mp3", "flac", "")


@pytest.mark.parametrize(
    ("output", "leaves"),
    [
        (out(), True),
        (out(to="127.0.0.1:5004"), False),
        (ICE, True),
        (out("card", "default"), True),
        (out("file", "f"), False),
        (out(to="127.0.0.1:5004", to_twin="10.3.0.9:5004"), True),
        (out(to="127.0.0.1:5004", to_twin="127.0.0.1:5006"), False),
    ],
)
def test_nothing_of_a_training_station_leaves_this_machine(output, leaves):
    made = settings(section("fm1", outputs=[output]))
    shadow = attrs.evolve(made, station=attrs.evolve(made.station, id="t-training", training=True))
    paths = [path for path, _ in settings_training.rules(shadow)]
    assert ("channels[0].outputs" in paths) is leaves
