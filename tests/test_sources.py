"""Sources: every format has exactly its samples, each in its place; what libav and a foreign ffmpeg made."""

import av
import numpy as np
import pytest
from sound_kit import by_ffmpeg, coded, due_length, heard, lag, noise, wav

from playout.sources import Source
from station.words import Refused

SECOND = 48_000


def in_place(got, rate, count, channels=2, *, within=0.5, like=0.98):
    """The sound stands where its source has it, measured where it has no edge."""
    due = noise(SECOND, due_length(count, rate), max(channels, 2) if channels > 1 else 1)
    both = min(len(got), len(due))
    for side in range(2):
        wanted = due[:both, min(side, channels - 1)]
        assert abs(lag(got[:both, side], wanted)) < within
        inner = slice(min(2_000, both // 4), -min(2_000, both // 4))
        assert np.corrcoef(got[:both][inner, side], wanted[inner])[0, 1] > like


# --- what says how long it is: exact


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac", "alac"])
@pytest.mark.parametrize("count", [1, 1_919, 50_001])
def test_lossless_sound_at_48_khz_keeps_each_sample(tmp_path, codec, count):
    sound = noise(SECOND, count)
    path = coded(tmp_path / f"a.{ {'flac': 'flac', 'alac': 'm4a'}.get(codec, 'wav') }", sound, SECOND, codec)
    got, source = heard(path)
    assert source.count == source.expected == len(got) == count and source.missing == 0
    assert np.array_equal(np.rint(got * 32_768), np.rint(sound * 32_767))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.opus", "libopus")],
)
@pytest.mark.parametrize("count", [4_000, 60_001])
def test_lossy_sound_that_knows_its_length_has_it(tmp_path, name, codec, count):
    sound = noise(SECOND, count)
    got, source = heard(coded(tmp_path / name, sound, SECOND, codec))
    assert source.count == source.expected == len(got) == count
    in_place(got, SECOND, count)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_100, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_has_the_length_of_its_duration_and_stands_in_place(tmp_path, rate, channels):
    count = rate + 13
    got, source = heard(wav(tmp_path / "a.wav", noise(rate, count, channels), rate))
    assert (source.count, len(got)) == (count, due_length(count, rate))
    in_place(got, rate, count, channels, within=0.01, like=0.9999)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_one_sample_is_one_sample(tmp_path, rate):
    got, source = heard(wav(tmp_path / "a.wav", np.full((1, 1), 0.5), rate))
    assert (source.count, len(got)) == (1, due_length(1, rate)) and abs(got[0, 0]) > 0.2


# --- what does not: by convention


@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "codec", "frame", "more"), [("a.mp2", "mp2", 1_152, 0), ("a.ts", "mp2", 1_152, 0), ("a.mpg", "mp2", 1_152, 0), ("a.aac", "aac", 1_024, 1), ("a.ts", "aac", 1_024, 1)]
)  # fmt: skip
def test_streams_without_a_length_begin_in_place_and_end_with_their_last_frame(
    tmp_path, rate, name, codec, frame, more
):
    count = rate + 777
    path = coded(tmp_path / name, noise(rate, count), rate, codec, kind={"mpg": "mpeg"}.get(name[2:]))
    got, source = heard(path)
    with av.open(str(path)) as container:
        packets = sum(packet.size > 0 for packet in container.demux(audio=0))
    assert source.count == (packets - more) * frame and source.expected is None
    assert 0 <= source.count - count < 2 * frame and len(got) == due_length(source.count, rate)
    in_place(got, rate, count)


def test_an_mp3_without_a_lame_header_is_taken_for_one_of_lame(tmp_path):
    path = tmp_path / "a.mp3"
    with (
        av.open(str(path), "w", container_options={"write_xing": "0"}) as out,
        av.open(str(coded(tmp_path / "b.mp3", noise(SECOND, 60_001), SECOND, "libmp3lame"))) as made,
    ):
        stream = out.add_stream_from_template(made.streams.audio[0])
        for packet in made.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    got, source = heard(path)
    assert source.expected is None and (source.count + 1_105) % 1_152 == 0 and source.count >= 60_001
    in_place(got, SECOND, 60_001)


def test_a_single_frame_of_layer_two_is_a_file(tmp_path):
    path = coded(tmp_path / "a.mp2", noise(SECOND, 800), SECOND, "mp2")
    got, source = heard(path)
    assert source.count == len(got) == 1_152
    assert np.corrcoef(got[:600, 0], noise(SECOND, 800)[:600, 0])[0, 1] > 0.9


def test_the_last_samples_of_layer_two_are_brought_out_of_the_decoder(tmp_path):
    count = 20 * 1_152  # the encoder has no room for what its filter bank holds
    got, source = heard(coded(tmp_path / "a.mp2", noise(SECOND, count), SECOND, "mp2"))
    due = noise(SECOND, count)
    assert source.count == count
    assert np.corrcoef(got[-400:-200, 0], due[-400:-200, 0])[0, 1] > 0.7


def test_what_grows_by_its_bit_rate_is_not_called_cut_off(tmp_path):
    """libav guesses the length of bare AAC from its first frames, here silent ones that are shorter than the rest."""
    sound = noise(SECOND, SECOND * 12, 1)
    sound[: SECOND * 8] = 0
    path = coded(tmp_path / "a.aac", sound, SECOND, "aac")
    with av.open(str(path)) as container:
        assert container.duration > 20_000_000
    got, source = heard(path)
    assert len(got) - len(sound) in range(2_048) and source.missing == 0
    source = Source(path)
    assert source.expected is None and source.about > len(sound)
    source.close()


def test_lost_packets_of_a_transport_stream_leave_their_place(tmp_path):
    sound = noise(SECOND, SECOND * 3)
    path = coded(tmp_path / "a.ts", sound, SECOND, "mp2")
    packets = [path.read_bytes()[at : at + 188] for at in range(0, path.stat().st_size, 188)]
    sounding = [k for k, packet in enumerate(packets) if (packet[1] & 0x1F) << 8 | packet[2] == 0x100]
    lost = set(sounding[len(sounding) // 3 : len(sounding) // 2])
    path.write_bytes(b"".join(packet for k, packet in enumerate(packets) if k not in lost))
    got, source = heard(path)
    assert abs(source.count - len(sound)) < 1_152 and len(source.gaps) == 1
    at, missing = source.gaps[0]
    assert missing > 10_000 and not got[at : at + missing - 1_152].any()
    after = slice(at + missing + 3_000, len(sound) - 2_000)
    assert abs(lag(got[after, 0], sound[after, 0])) < 0.5


# --- more than two channels


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_five_one_is_mixed_down_after_bs_775_in_place(tmp_path, rate):
    count = rate // 2
    sound = noise(rate, count, 6)
    got, source = heard(wav(tmp_path / "a.wav", sound, rate))
    assert source.channels == 6 and len(got) == due_length(count, rate)
    each = noise(SECOND, len(got), 6)
    due = each[:, :2] + 0.5**0.5 * (each[:, 2:3] + each[:, 4:6])
    inner = slice(1_000, -1_000)
    assert np.abs(got[inner] - due[inner]).max() < 2e-3


def test_channels_that_the_file_does_not_name_are_mixed_too(tmp_path):
    sound = noise(SECOND, 4_800, 6)
    raw = np.rint(sound * 32_767).astype("<i2").tobytes()
    head = b"RIFF" + (36 + len(raw)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x06\0"
    head += SECOND.to_bytes(4, "little") + (SECOND * 12).to_bytes(4, "little") + b"\x0c\0\x10\0data"
    (tmp_path / "a.wav").write_bytes(head + len(raw).to_bytes(4, "little") + raw)
    got, _ = heard(tmp_path / "a.wav")
    due = sound[:, :2] + 0.5**0.5 * (sound[:, 2:3] + sound[:, 4:6])
    assert np.abs(got - due).max() < 1e-3


# --- when it begins


@pytest.mark.parametrize(
    ("name", "codec", "after"), [("a.ts", "mp2", 481), ("a.m4a", "aac", 0), ("a.opus", "libopus", 0)]
)
def test_when_the_first_sample_is_heard_is_known_before_any_is_read(tmp_path, name, codec, after):
    path = coded(tmp_path / name, noise(SECOND, 30_000), SECOND, codec)
    source = Source(path)
    with av.open(str(path)) as container:
        begins = (container.start_time or 0) * 48_000 / 1_000_000
    assert abs(source.begins * SECOND - begins - after) < 2
    assert sum(len(piece) for piece in source.pieces()) >= 30_000
    source.close()


# --- what cannot be read


def test_a_playlist_opens_nothing_that_it_names(tmp_path):
    wav(tmp_path / "secret.wav", noise(SECOND, 4_800), SECOND)
    for name, text in (
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n"),
        ("a.mp3", "ffconcat version 1.0\nfile 'secret.wav'\n"),
        ("a.wav", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(Refused, match="no sound file"):
            Source(tmp_path / name)


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = wav(tmp_path / "concat:a|b.wav", noise(SECOND, 480), SECOND)
    assert len(heard(path.relative_to(tmp_path))[0]) == 480


def test_a_scrambled_transport_stream_is_called_encrypted(tmp_path):
    path = coded(tmp_path / "a.ts", noise(SECOND, 30_000), SECOND, "mp2")
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 188):
        if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 0x100:
            data[at + 3] |= 0x80
    path.write_bytes(data)
    with pytest.raises(Refused, match="encrypted"):
        Source(path)


def test_sound_at_another_speed_is_refused(tmp_path):
    path = coded(tmp_path / "a.m4a", noise(SECOND, 30_000), SECOND, "aac")
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4 + 8 + 8
    data[at : at + 4] = (2 << 16).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(Refused, match="another speed"):
        Source(path)


# --- foreign files


CODERS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k"), "m4a": ("-c:a", "aac", "-b:a", "192k"), "opus": ("-c:a", "libopus", "-b:a", "160k"),
    "ogg": ("-c:a", "libvorbis", "-q:a", "7"), "flac": (), "mp4": ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
}  # fmt: skip


@pytest.mark.peer
@pytest.mark.parametrize(
    "name",
    [
        "a.mp2",
        "twolame.mp2",
        "mp2.ts",
        "aac.ts",
        "mp3.ts",
        "a.aac",
        "a.mp4",
        "a.mka",
        "noxing.mp3",
        "a.ac3",
        "s302m.ts",
    ],
)
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_foreign_files_without_a_length_are_in_place(tmp_path, name, rate):
    count = rate * 2 + 123
    codec = {
        "a.mp2": "mp2", "twolame.mp2": "libtwolame", "mp2.ts": "mp2", "aac.ts": "aac", "mp3.ts": "libmp3lame", "noxing.mp3": "libmp3lame",
        "a.ac3": "ac3", "s302m.ts": "s302m",
    }.get(name, "aac")  # fmt: skip
    more = {
        "noxing.mp3": ("-write_xing", "0"),
        "a.mp4": CODERS["mp4"][2:],
        "s302m.ts": ("-strict", "-2"),
    }.get(name, ())
    got, source = heard(
        by_ffmpeg(tmp_path / name, noise(rate, count), rate, "-c:a", codec, "-b:a", "256k", *more)
    )
    if name != "s302m.ts":  # which ffmpeg makes from 44.1 kHz with a few samples fewer
        assert due_length(count, rate) <= len(got) < due_length(count, rate) + 3 * 1_152
    in_place(got, rate, count)
    assert source.warnings == [] or name == "s302m.ts"


@pytest.mark.peer
@pytest.mark.parametrize("name", ["mp3", "m4a", "opus", "ogg", "flac"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_foreign_files_of_any_channels_have_their_length(tmp_path, name, channels):
    count = SECOND + 57
    got, source = heard(
        by_ffmpeg(tmp_path / f"a.{name}", noise(SECOND, count, channels), SECOND, *CODERS[name])
    )
    assert len(got) == count == source.expected
    if channels < 3:
        in_place(got, SECOND, count, channels)


@pytest.mark.peer
def test_foreign_encrypted_mp4_is_called_so(tmp_path):
    path = by_ffmpeg(
        tmp_path / "a.mp4", noise(SECOND, SECOND), SECOND, "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8",
    )  # fmt: skip
    with pytest.raises(Refused, match="encrypted"):
        Source(path)
