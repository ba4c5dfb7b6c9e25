"""Ingest: exact counts, exact bits where there are any, places by correlation, and a sentence for every bad file."""

import json
import resource
import subprocess
import sys
import wave

import av
import numpy as np
import pytest

from playout.facts import facts_of, house_path, read_facts
from playout.housing import HouseWriter, house
from playout.ingest import ingest, main
from playout.reading import read_house
from station.words import Refused


def quiet(_done, _total):
    """Nobody looks at the progress."""


def taken(path, media):
    """(facts, samples) of a file ingested in this process."""
    facts = house(path, media, "", quiet)
    return facts, np.concatenate(list(read_house(str(house_path(media, facts.sha256)))))


def tones(rate, count, channels=2):
    """A band-limited signal that is known at every instant: the same sum of sines at any rate."""
    t = np.arange(count) / rate
    left = sum(0.08 * np.sin(2 * np.pi * f * t + f) for f in (311.0, 1_213.0, 2_909.0, 5_003.0))
    right = sum(0.08 * np.sin(2 * np.pi * f * t - f) for f in (407.0, 1_511.0, 3_203.0, 6_007.0))
    return np.stack((left, right), axis=1)[:, :channels]


def write(path, codec, pcm, rate, sample_fmt, kind=None):
    """A sound file made by libav from floating point (count, channels)."""
    layout = "mono" if pcm.shape[1] == 1 else "stereo"
    ints = np.rint(pcm * (2**15 if sample_fmt == "s16" else 2**31 - 1))
    raw = ints.astype(np.int16 if sample_fmt == "s16" else np.int32)
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(raw.reshape(1, -1), format=sample_fmt, layout=layout)
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return raw


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("count", [1, 4_096, 48_001])
def test_48_khz_pcm_keeps_every_bit(tmp_path, channels, count):
    path = tmp_path / "a.wav"
    raw = write(path, "pcm_s16le", tones(48_000, count, channels), 48_000, "s16")
    facts, pcm = taken(path, tmp_path / "media")
    assert facts.samples == count
    assert np.array_equal(pcm >> 8, np.broadcast_to(raw, (count, 2))) and not (pcm & 255).any()


def test_24_bit_flac_keeps_every_bit_and_the_same_samples_give_the_same_file(tmp_path):
    rng = np.random.default_rng(1)
    wanted = rng.integers(-(2**23), 2**23, (50_000, 2)).astype(np.int32)
    for name, step in (("a", 50_000), ("b", 777)):
        writer = HouseWriter(tmp_path / f"{name}.flac")
        for at in range(0, len(wanted), step):
            writer.write(wanted[at : at + step])
        writer.close()
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()
    facts, pcm = taken(tmp_path / "a.flac", tmp_path / "media")
    assert np.array_equal(pcm, wanted)
    again, _ = taken(house_path(tmp_path / "media", facts.sha256), tmp_path / "other")
    assert again.sha256 == facts.sha256


@pytest.mark.parametrize("rate", [8_000, 22_050, 32_000, 44_100, 96_000])
def test_another_rate_has_the_exact_length_and_every_sample_in_its_place(tmp_path, rate):
    path = tmp_path / "a.wav"
    count = rate * 2 + 17
    top = 3_500 if rate == 8_000 else 24_000
    t = np.arange(count) / rate
    wave = sum(0.1 * np.sin(2 * np.pi * f * t + f) for f in (311.0, 1_213.0, 2_909.0) if f < top)
    write(path, "pcm_s32le", np.stack((wave, -wave), axis=1), rate, "s32")
    facts, pcm = taken(path, tmp_path / "media")
    assert facts.samples == -(-count * 48_000 // rate) == len(pcm)
    t = np.arange(len(pcm)) / 48_000
    due = sum(0.1 * np.sin(2 * np.pi * f * t + f) for f in (311.0, 1_213.0, 2_909.0) if f < top)
    inner = slice(2_000, len(pcm) - 2_000)
    assert np.abs(pcm[inner, 0] / 2**23 - due[inner]).max() < 1e-3


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus", "ogg"])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_a_foreign_encoder_made_is_in_place_within_half_a_sample(tmp_path, kind, rate):
    count = rate * 3 + 123
    write(tmp_path / "a.wav", "pcm_s16le", tones(rate, count), rate, "s16")
    coder = {
        "mp3": ["libmp3lame", "192k"],
        "m4a": ["aac", "192k"],
        "opus": ["libopus", "160k"],
        "ogg": ["libvorbis", "192k"],
    }[kind]
    path = tmp_path / f"a.{kind}"
    words = ["ffmpeg", "-v", "error", "-i", tmp_path / "a.wav", "-c:a", coder[0], "-b:a", coder[1], path]
    subprocess.run(words, check=True)
    facts, pcm = taken(path, tmp_path / "media")
    inner = np.arange(20_000, 120_000)
    due = tones(48_000, len(pcm))[:, 0]
    heard = pcm[:, 0] / 2**23
    fits = {lag: float(np.dot(heard[inner + lag], due[inner])) for lag in range(-40, 41)}
    assert max(fits, key=fits.get) == 0
    assert np.abs(heard[inner] - due[inner]).max() < 0.1
    if kind == "opus":  # always 48 kHz inside; its own count says how much was encoded
        assert abs(facts.samples - count * 48_000 // rate) <= 1
    else:
        assert facts.samples == -(-count * 48_000 // rate)


def test_loudness_and_true_peak_of_a_known_tone(tmp_path):
    t = np.arange(48_000 * 5) / 48_000
    wave = 0.1 * np.sin(2 * np.pi * 997 * t)  # -20 dBFS in both: -20 LUFS (EBU Tech 3341, case 1 scaled)
    write(tmp_path / "a.wav", "pcm_s32le", np.stack((wave, wave), axis=1), 48_000, "s32")
    facts, _ = taken(tmp_path / "a.wav", tmp_path / "media")
    assert abs(facts.loudness_centi_lufs + 2_000) <= 10
    assert abs(facts.true_peak_centi_db + 2_000) <= 10


def test_silence_inside_and_a_wrong_name_are_warned_of(tmp_path):
    wave = tones(48_000, 48_000 * 8)
    wave[48_000 * 2 : 48_000 * 6] = 0
    path = tmp_path / "a.mp3"
    write(path, "pcm_s16le", wave, 48_000, "s16", "wav")
    facts, _ = taken(path, tmp_path / "media")
    said = [warning.en for warning in facts.warnings]
    assert any("wav" in text and ".mp3" in text for text in said)
    assert "4 s of silence at 0:02" in said


@pytest.mark.parametrize("spoil", ["empty", "truncated", "text", "encrypted"])
def test_a_bad_file_is_refused_in_one_sentence_and_leaves_nothing_behind(tmp_path, spoil):
    path = tmp_path / "a.flac"
    writer = HouseWriter(path)
    writer.write(np.ones((480_000, 2), dtype=np.int32))
    writer.close()
    whole = path.read_bytes()
    body = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "text": "节目单\n".encode() * 500,
        "encrypted": b"\0\0\0\x18ftypM4A " + b"\0" * 64 + b"encasinffrma" + b"\0" * 64,
    }[spoil]
    path.write_bytes(body)
    with pytest.raises(Refused) as said:
        house(path, tmp_path / "media", "", quiet)
    assert said.value.text.en.endswith(("empty", "there", "cut off", "encrypted")) and said.value.text.zh
    assert list((tmp_path / "media").rglob("*.*")) == []


def test_the_child_gives_the_facts_once_and_finds_them_again_by_content(tmp_path):
    media = tmp_path / "media"
    write(tmp_path / "曲目.wav", "pcm_s16le", tones(48_000, 9_600), 48_000, "s16")
    facts = ingest(tmp_path / "曲目.wav", media)
    (tmp_path / "曲目.wav").rename(tmp_path / "b.wav")
    assert facts.title == "曲目"
    assert facts_of(tmp_path / "b.wav", media) == facts == read_facts(facts.sha256, media)
    assert ingest(tmp_path / "b.wav", media) == facts
    house_path(media, facts.sha256).unlink()
    assert facts_of(tmp_path / "b.wav", media) is None


def test_a_child_beyond_its_time_is_ended_and_said_so(tmp_path):
    write(tmp_path / "a.wav", "pcm_s16le", tones(48_000, 9_600), 48_000, "s16")
    with pytest.raises(Refused) as said:
        ingest(tmp_path / "a.wav", tmp_path / "media", time_limit=0.01)
    assert said.value.code == "limits"


def test_the_command_takes_what_is_good_and_says_what_is_not(tmp_path, capsys):
    write(tmp_path / "a.wav", "pcm_s16le", tones(48_000, 9_600), 48_000, "s16")
    media = str(tmp_path / "media")
    assert main([str(tmp_path / "a.wav"), "--media", media]) == 0
    assert "9600 samples" in capsys.readouterr().out
    assert main([str(tmp_path / "none.wav"), str(tmp_path / "a.wav"), "--media", media]) == 1
    told = capsys.readouterr()
    assert "there is no file" in told.err and "没有文件" in told.err and "9600 samples" in told.out


def test_a_full_disk_is_said_in_one_sentence_and_leaves_nothing_behind(tmp_path):
    path, media = tmp_path / "a.wav", tmp_path / "media"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (48_000 * 3, 2))
    write(path, "pcm_s16le", noise, 48_000, "s16")
    done = subprocess.run(
        [sys.executable, "-m", "playout.ingest", path, media, ""],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )  # fmt: skip
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["code"] == "system" and "a.wav: File too large" in answer["refused"]["en"]
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert [found for found in media.rglob("*") if found.is_file()] == []


def test_what_is_longer_than_six_hours_is_refused_by_its_header_alone(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as made:
        made.setparams((1, 1, 8_000, 0, "NONE", ""))
        made.writeframes(bytes(8_000))
    data = bytearray(path.read_bytes())
    count = 8_000 * 6 * 3_600 + 1
    data[4:8], data[40:44] = (count + 36).to_bytes(4, "little"), count.to_bytes(4, "little")
    path.write_bytes(data)
    with path.open("ab") as made:
        made.truncate(44 + count)  # a hole in the file: no block of it is on the disk
    with pytest.raises(Refused) as said:
        house(path, tmp_path / "media", "", quiet)
    assert (said.value.code, said.value.text.en) == ("long", "a.wav is longer than six hours")
