"""Outputs whose receivers libav speaks to: FLV as an RTMP server would get it, and a sound card that sets the pace."""

import io

import attrs
import av
import numpy as np
import pytest
from test_output_ways import BLOCK, PCM, START, Enough, World

from playout import card, rtmp
from playout.encoding import Held
from playout.screens import UnitRing
from playout.tv_encoder import PictureEncoder
from playout.ways import Gone, Pictures
from schedules.raster import FRAME, RASTERS, frame_at
from station.outputs import OutputSection
from station.words import SampleIndex

RTMP = OutputSection(id="one", kind="rtmp", to="rtmp://127.0.0.1:9/live/fm1", secret_file="pw")
CARD = OutputSection(id="one", kind="card", to="no-such-card")


def flv(send):
    """What `send` wrote into a container, read by libav: (codec → packets)."""
    held = Held()
    with pytest.raises(Enough), av.open(held, "w", format="flv") as out:
        send(out)
    found = {}
    with av.open(io.BytesIO(held.take()), "r", format="flv") as file:
        for packet in file.demux():
            if packet.pts is not None:
                found.setdefault(packet.stream.codec_context.name, []).append(packet.pts)
    return found


def test_nobody_at_an_rtmp_address_is_told_as_such(tmp_path):
    with pytest.raises(Gone, match="refused"):
        rtmp.push_rtmp(World(tmp_path, RTMP).way)


def test_sound_goes_into_flv_in_its_order(tmp_path):
    world = World(tmp_path, RTMP)
    world.most = 100
    found = flv(lambda out: rtmp._send_sound(world.way, out))
    assert set(found) == {"aac"} and found["aac"] == sorted(found["aac"]) and len(found["aac"]) > 40
    assert world.line.state == "up" and world.line.sent > 5_000


def test_the_encoders_own_pictures_go_along_with_their_sound(tmp_path):
    raster = RASTERS["576p25"]
    units, coder = UnitRing(), PictureEncoder(raster)
    world = World(tmp_path, RTMP)
    world.most = 40
    frame = np.zeros(raster.width * raster.height * 3 // 2, dtype=np.uint8)
    first = frame_at(START) + 1

    def each():
        for _ in range(FRAME // BLOCK):
            world.pass_on(1)
        units.put(coder.encode(first + units.count, frame, fresh=units.count == 3))

    world.each = each
    pictures = Pictures(raster=raster, units=units)
    found = flv(lambda out: rtmp._send_pictures(world.way, pictures, out))
    assert set(found) == {"h264", "aac"} and len(found["h264"]) > 15
    assert found["h264"][0] < 1_000 and np.diff(found["h264"]).tolist() == [40] * (len(found["h264"]) - 1)


def test_a_card_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Gone, match="device"):
        card.play_card(World(tmp_path, CARD).way)


def test_a_card_is_filled_and_then_gets_the_channel_at_its_own_pace(tmp_path):
    world = World(tmp_path, CARD)
    world.pass_on(100)
    played, room = [], 50

    def play(pcm):
        played.append(pcm)
        if len(played) > room:
            world.pass_on(1)  # its buffer is full: it takes as long as it plays
        if len(played) == room + 200:
            raise Enough

    with pytest.raises(Enough):
        card.follow(attrs.evolve(world.way, monotonic=lambda: world.blocks * 10_000_000), play)
    assert not np.concatenate(played[: room + 1]).any() and world.line.state == "up"
    sound = np.concatenate(played[room + 1 :])[:, 0].astype(int)
    assert abs(sound).max() == PCM.max() and world.line.dropped == 0
    assert SampleIndex(world.air.head) == world.index
