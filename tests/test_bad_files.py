"""Bad files at ingest: each gets one clear sentence in both languages; none raises anything else, hangs or grows."""

import json
import os
import re
import resource
import subprocess
import time
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from sound_kit import by_ffmpeg, coded, noise, wav

from playout import housing
from playout.facts import house_path, peaks_path
from playout.housing import HouseWriter, house
from playout.ingest import ingest, main
from playout.opening import opened, stamp_of, still
from playout.peaks import read
from playout.tv_housing import house_film
from schedules.raster import RASTERS
from station.words import Refused

RATE = 48_000
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def quiet(_done, _total):
    """Nobody looks."""


def refused(path, media, code):
    """The one sentence a file is refused with."""
    with pytest.raises(Refused) as said:
        house(path, media, "", quiet)
    text = said.value.text
    assert said.value.code == code and path.name in text.en and CHINESE.search(text.zh)
    assert "\n" not in text.en and [found for found in media.rglob("*") if found.is_file()] == []
    return text.en


def hole(path, size):
    """Make a file longer than it is on the disk."""
    with path.open("ab") as file:
        file.truncate(size)


# --- cut off


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.opus", "libopus"), ("a.mka", "libopus")])  # fmt: skip
def test_what_was_cut_off_in_the_middle_is_called_so(tmp_path, name, codec):
    path = coded(tmp_path / name, noise(RATE, RATE * 5), RATE, codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    try:
        facts = house(path, tmp_path / "media", "", quiet)
    except Refused as error:
        assert "cut off" in error.text.en and error.code in ("truncated", "format")
    else:  # its length stood at the end that is gone: nobody can know
        assert name == "a.opus" and facts.samples < RATE * 3


def test_an_mp4_without_its_end_is_no_file(tmp_path):
    path = coded(tmp_path / "a.m4a", noise(RATE, RATE), RATE, "aac")
    path.write_bytes(path.read_bytes()[:-2_000])
    assert refused(path, tmp_path / "media", "format") == "a.m4a is no sound file, or cut off"


def test_a_few_samples_missing_at_the_end_are_a_finding(tmp_path):
    path = wav(tmp_path / "a.wav", noise(RATE, RATE), RATE)
    path.write_bytes(path.read_bytes()[: -4 * 1_000])
    facts = house(path, tmp_path / "media", "", quiet)
    assert facts.samples == RATE - 1_000 and facts.verdict == "look"
    assert [(found.kind, found.value) for found in facts.findings] == [("truncated", 1_000)]


# --- no sound, or not what its name says


def test_an_empty_file_and_text_and_a_picture_are_no_sound(tmp_path):
    for name, content, code in (
        ("a.wav", b"", "empty"), ("b.mp3", b"\0" * 5_000, "format"), ("c.m4a", "节目单".encode() * 500, "format"),
        ("d.ts", b"G" * 188 * 20, "format"), ("e.flac", b"fLaC" + b"\xff" * 500, "format"), ("f.wav", b"RIFF", "format"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, tmp_path / "media", code)


def test_a_film_without_sound_is_no_sound_file(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 64
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    assert refused(tmp_path / "a.mp4", tmp_path / "media", "silent") == "a.mp4 has no sound in it"


@pytest.mark.parametrize(
    ("name", "kind", "codec"),
    [("a.wav", "mp3", "libmp3lame"), ("a.mp3", "wav", "pcm_s16le"), ("a.ts", "flac", "flac")],
)
def test_a_wrong_name_is_said_and_the_content_is_taken(tmp_path, name, kind, codec):
    facts = house(
        coded(tmp_path / name, noise(RATE, RATE), RATE, codec, kind=kind), tmp_path / "media", "", quiet
    )
    (warning,) = facts.warnings
    assert (
        facts.samples == RATE and kind in warning.en and name[1:] in warning.en and CHINESE.search(warning.zh)
    )


# --- too much


def test_ten_hours_are_refused_by_the_header_alone(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as made:
        made.setparams((1, 1, 8_000, 0, "NONE", ""))
        made.writeframes(bytes(8_000))
    data, count = bytearray(path.read_bytes()), 8_000 * 36_000
    data[4:8], data[40:44] = (count + 36).to_bytes(4, "little"), count.to_bytes(4, "little")
    path.write_bytes(data)
    hole(path, 44 + count)
    assert refused(path, tmp_path / "media", "long") == "a.wav is longer than six hours"


def test_ten_hours_that_do_not_say_so_are_refused_when_they_are_heard(tmp_path, monkeypatch):
    path = coded(tmp_path / "a.aac", noise(RATE, RATE * 3), RATE, "aac")
    monkeypatch.setattr("playout.sources.LONGEST", 2)
    assert "longer than six hours" in refused(path, tmp_path / "media", "long")


# --- growing


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path, monkeypatch):
    path = wav(tmp_path / "a.wav", noise(RATE, RATE), RATE)
    poured = housing._pour

    def pour(*given):
        samples = poured(*given)
        with path.open("ab") as file:
            file.write(bytes(4))
        return samples

    monkeypatch.setattr(housing, "_pour", pour)
    assert "still being written" in refused(path, tmp_path / "media", "growing")


def test_a_file_that_stays_as_it_is_is_still(tmp_path):
    path = wav(tmp_path / "a.wav", noise(RATE, 480), RATE)
    still(path, stamp_of(path))
    before = stamp_of(path)
    os.utime(path, ns=(0, before.written + 1))
    with pytest.raises(Refused):
        still(path, before)


def test_a_wav_whose_header_is_not_finished_is_read_to_its_end(tmp_path):
    """As a recorder leaves it while it runs, or a program that writes to a pipe."""
    path = wav(tmp_path / "a.wav", noise(RATE, RATE), RATE)
    data = path.read_bytes()
    at = data.index(b"data") + 4
    for length in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        path.write_bytes(data[:4] + length + data[8:at] + length + data[at + 4 :])
        assert house(path, tmp_path / "media", "", quiet).samples == RATE


# --- no files


def test_what_is_no_ordinary_file_is_refused_before_it_can_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    for path in (
        tmp_path,
        tmp_path / "pipe.wav",
        Path("/dev/zero"),
        tmp_path / "none",
        tmp_path / "loop.wav",
        tmp_path / ("x" * 300),
    ):
        begun = time.monotonic()
        with pytest.raises(Refused) as said:
            ingest(path, tmp_path / "media")
        assert said.value.code == "missing" and said.value.text.zh and time.monotonic() - begun < 1


# --- what can be taken in, and what is said of it


def test_six_channels_are_mixed_and_lowered_where_they_would_be_cut_off(tmp_path):
    loud = np.full((RATE, 6), 0.9) * np.sin(np.arange(RATE) / 20)[:, np.newaxis]
    facts = house(wav(tmp_path / "a.wav", loud, RATE), tmp_path / "media", "", quiet)
    (warning,) = facts.warnings
    assert "6 channels were mixed to two and lowered by 6.9 dB" in warning.en and "下混" in warning.zh
    assert -50 < facts.true_peak_centi_db <= 0 and not facts.findings


def test_eight_kilohertz_is_taken_in(tmp_path):
    facts = house(wav(tmp_path / "a.wav", noise(8_000, 8_001, 1), 8_000), tmp_path / "media", "", quiet)
    assert facts.samples == 48_006 and facts.format == "pcm_s16le 8000 Hz 1 ch" and facts.verdict == "good"


def test_a_film_of_varying_rate_keeps_its_pace_and_its_faults_are_found(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video, sound = (
            container.add_stream("libx264", rate=50),
            container.add_stream("pcm_s16le", rate=RATE, layout="stereo"),
        )
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        rng, at = np.random.default_rng(1), 0
        while at < 8_700:
            grey = 16 if at < 2_300 else 60 if at > 3_300 else rng.integers(40, 200)
            picture = av.VideoFrame.from_ndarray(np.full((96, 64), grey, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = at, Fraction(1, 1_000)
            container.mux(video.encode(picture))
            at += int(rng.integers(10, 130))
        container.mux(video.encode(None))
        raw = np.rint(noise(RATE, 8 * RATE) * 32_767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(raw, format="s16", layout="stereo")
        frame.sample_rate = RATE
        container.mux(sound.encode(frame))
    facts = house_film(path, tmp_path / "media", RASTERS["576p25"], "", quiet)
    assert abs(facts.frames - 218) <= 4 and facts.verdict == "look"
    found = {finding.kind: (finding.at / RATE, finding.samples / RATE) for finding in facts.findings}
    assert set(found) == {"black", "freeze"}
    assert found["black"][0] == 0 and abs(found["black"][1] - 2.3) < 0.2
    assert abs(found["freeze"][0] - 3.3) < 0.3 and abs(sum(found["freeze"]) - facts.frames / 25) < 0.1


def test_the_results_of_a_file_lie_beside_it(tmp_path):
    sound = noise(RATE, RATE * 8) * 4
    sound[:RATE] = sound[6 * RATE :] = 0
    sound[2 * RATE : 2 * RATE + 500] = 1.1
    facts = house(wav(tmp_path / "a.wav", np.clip(sound, -1, 1), RATE), tmp_path / "media", "", quiet)
    assert facts.cues is not None and (facts.cues.cue_in, facts.cues.cue_out) == (RATE, 6 * RATE)
    stretch, rows = read(peaks_path(tmp_path / "media", facts.sha256).read_bytes())
    assert len(rows) == -(-8 * RATE // stretch) and not rows[: RATE // stretch].any()
    assert facts.gain(-2_300) == min(-2_300 - facts.loudness_centi_lufs, -100 - facts.true_peak_centi_db)
    assert house_path(tmp_path / "media", facts.sha256).with_suffix(".json").exists()


def test_opposed_sides_are_not_to_be_aired(tmp_path):
    one = noise(RATE, RATE * 2, 1)
    facts = house(wav(tmp_path / "a.wav", np.hstack((one, -one)), RATE), tmp_path / "media", "", quiet)
    assert facts.verdict == "bad" and "mono" in facts.warnings[0].en


def test_the_command_gives_one_line_of_json_a_file(tmp_path, capsys):
    good = wav(tmp_path / "好.wav", noise(RATE, RATE), RATE)
    assert (
        main(
            [
                str(good),
                str(tmp_path / "none"),
                "--media",
                str(tmp_path / "media"),
                "--json",
                "--target",
                "-16",
            ]
        )
        == 1
    )
    told = capsys.readouterr()
    first, second = [json.loads(line) for line in told.out.splitlines()]
    assert first["verdict"] == "good" and first["cues"]["cue_in"] == 0 and Path(first["peaks"]).exists()
    assert first["gain_centi_db"] == min(
        1_200, -1_600 - first["loudness_centi_lufs"], -100 - first["true_peak_centi_db"]
    )
    assert second["code"] == "missing" and second["refused"]["zh"] and not told.err
    assert main([str(good), "--media", str(tmp_path / "media")]) == 0
    assert "good · 合格" in capsys.readouterr().out


def test_memory_stays_where_it_was_over_a_long_file(tmp_path):
    """Two minutes through decoder, meters and FLAC need no more than the first half did."""
    writer = HouseWriter(tmp_path / "long.flac")
    minute = np.rint(noise(RATE, RATE * 20) * 2**20).astype(np.int32)
    for _ in range(6):
        writer.write(minute)
    writer.close()
    used = []

    def look(_done, _total):
        used.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    house(tmp_path / "long.flac", tmp_path / "media", "", look)
    assert len(used) > 20 and used[-1] - used[6] < 12_000  # KiB


def test_a_container_that_is_no_medium_is_not_opened(tmp_path):
    (tmp_path / "a.sdp").write_text(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 10\n"
    )
    with pytest.raises(Refused):
        opened(tmp_path / "a.sdp")


@pytest.mark.peer
def test_foreign_streamed_wav_is_read_whole(tmp_path):
    words = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1:r=48000", "-f", "wav", "-"]
    (tmp_path / "a.wav").write_bytes(subprocess.run(words, capture_output=True, check=True).stdout)
    assert house(tmp_path / "a.wav", tmp_path / "media", "", quiet).samples == RATE
    foreign = by_ffmpeg(tmp_path / "b.w64", noise(RATE, RATE), RATE)
    assert house(foreign, tmp_path / "media", "", quiet).samples == RATE
