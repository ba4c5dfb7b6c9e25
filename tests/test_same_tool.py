"""`gengfu same` over real files: WAV of every kind, raw samples, what cannot be read; and the foreign decoder on our sound."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from wire import samples

from emergency import same, same_audio, same_files, same_tool
from station import cli
from station.words import Misheard, Refused

TEXT = "ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-"
SOUND = same_audio.activation(same.read(TEXT).header, 8_000, attention_s=0)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_encoded_is_decoded_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "f.wav"
    assert cli.main(["same", "encode", TEXT, "--out", str(out), "--rate", "8000"]) == 0
    (made,) = told(capsys)
    assert made["header"] == TEXT and made["event"] == {
        "code": "TOR",
        "en": "Tornado Warning",
        "zh": "龙卷风警报",
    }
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 1, 2)
        assert abs(file.getnframes() / 8_000 - float(str(made["seconds"]))) < 0.001
    assert cli.main(["same", "decode", str(out)]) == 0
    (line,) = told(capsys)
    assert (line["header"], line["bursts"], line["bursts_alike"], line["valid"], line["eom"]) == (
        TEXT,
        3,
        3,
        True,
        3,
    )
    assert line["issued"] == {"day": 319, "utc": "14:23"} and line["sender"] == "KGNF/NWS"
    assert float(str(line["confidence"])) > 0.99 and line["remarks"] == [] and line["file"] == str(out)
    assert "KGNF/NWS" in str(line["sentence"])


def test_without_attention_and_end_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "f.wav")
    words = ["encode", TEXT, "--out", out, "--attention", "0", "--no-end", "--rate", "16000"]
    assert same_tool.main(words) == 0 and same_tool.main(["decode", out]) == 0
    assert told(capsys)[1]["eom"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["encode", "ZCZC-nonsense"],
        ["encode", TEXT[:-1]],
        ["encode", TEXT, "--rate", "10"],
        ["encode", TEXT, "--rate", "-1"],
    ],
)
def test_what_is_not_strict_is_not_encoded(words: list[str], tmp_path: Path) -> None:
    out = tmp_path / "f.wav"
    with pytest.raises((Refused, Misheard)):
        same_tool.main([*words, "--out", str(out)])
    assert cli.main(["same", *words, "--out", str(out)]) == (1 if "--rate" in words else 2)
    assert list(tmp_path.iterdir()) == []


def test_wrong_use_is_exit_code_2() -> None:
    for words in (["encode", TEXT], ["decode"], []):
        with pytest.raises(SystemExit) as ended:
            same_tool.main(words)
        assert ended.value.code == 2


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        same_files.write_wav(tmp_path / "none" / "f.wav", SOUND, 8_000)


def test_each_file_has_its_say_and_one_without_a_header_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, silent, text = (tmp_path / name for name in ("good.wav", "silent.wav", "text.wav"))
    same_files.write_wav(good, SOUND, 8_000)
    same_files.write_wav(silent, SOUND[:800] * 0, 8_000)
    text.write_text("no sound at all")
    assert same_tool.main(["decode", str(good), str(silent), str(text), str(tmp_path / "missing")]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "no header was heard" in said.err and "--rate" in said.err and "cannot be read" in said.err


def test_ends_of_message_alone_are_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ends.wav"
    ends = same_audio.bursts("NNNN", 8_000)
    apart = np.concatenate([ends[: len(ends) // 3], np.zeros(48_000, np.int16), ends, ends])
    same_files.write_wav(path, apart, 8_000)
    assert same_tool.main(["decode", str(path)]) == 1
    assert [(line["header"], line["eom"]) for line in told(capsys)] == [(None, 1), (None, 3), (None, 3)]


def test_live_each_burst_message_and_end_is_told_as_it_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.wav"
    same_files.write_wav(path, SOUND, 8_000)
    assert same_tool.main(["decode", "--live", str(path)]) == 0
    lines = told(capsys)
    assert [line["heard"] for line in lines] == ["burst"] * 3 + ["message"] + ["end"] * 3
    assert [line["number"] for line in lines[4:]] == [1, 2, 3]
    assert lines[0]["text"] == lines[3]["header"] == TEXT and float(str(lines[0]["confidence"])) > 0.9


def test_raw_samples_are_read_from_a_file_and_from_the_input(tmp_path: Path) -> None:
    path = tmp_path / "f.raw"
    path.write_bytes(SOUND.astype("<i2").tobytes() + b"\x01")  # half a sample too many
    for words, given_input in ((["decode", str(path)], None), (["decode", "-"], path.read_bytes())):
        command = [sys.executable, "-m", "station.cli", "same", *words, "--rate", "8000"]
        done = subprocess.run(command, input=given_input, capture_output=True, check=True)
        assert json.loads(done.stdout)["header"] == TEXT


def as_wav(
    sound: np.ndarray, *, tag: int, bits: int, channels: int = 1, extra: bytes = b"", before: bytes = b""
) -> bytes:
    whole = np.repeat(sound.astype(np.float64) / 32_768, channels)
    data = {
        (1, 8): lambda: np.rint(whole * 127 + 128).astype(np.uint8).tobytes(),
        (1, 16): lambda: np.rint(whole * 32_767).astype("<i2").tobytes(),
        (1, 24): lambda: (
            np.rint(whole * (2**23 - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        ),
        (1, 32): lambda: np.rint(whole * (2**31 - 1)).astype("<i4").tobytes(),
        (3, 32): lambda: whole.astype("<f4").tobytes(),
        (3, 64): lambda: whole.astype("<f8").tobytes(),
    }[tag, bits]()
    kind = 0xFFFE if extra else tag
    form = struct.pack("<HHIIHH", kind, channels, 8_000, 0, channels * bits // 8, bits) + extra
    chunks = (
        before + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


EXTENSIBLE = struct.pack("<HHIH", 22, 24, 0, 1) + bytes(14)
KINDS = {
    "8 bits": {"tag": 1, "bits": 8},
    "24 bits in stereo": {"tag": 1, "bits": 24, "channels": 2},
    "24 bits, extensible": {"tag": 1, "bits": 24, "extra": EXTENSIBLE},
    "32 bits": {"tag": 1, "bits": 32},
    "floats": {"tag": 3, "bits": 32},
    "long floats, six channels": {"tag": 3, "bits": 64, "channels": 6},
    "with a list in front": {"tag": 1, "bits": 16, "before": b"LIST" + struct.pack("<I", 5) + b"abcde\0"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_wav_is_read(kind: str) -> None:
    rate, blocks = same_files.blocks(io.BytesIO(as_wav(SOUND, **KINDS[kind])), None)
    read = np.concatenate(list(blocks))
    assert rate == 8_000 and len(read) == len(SOUND)
    assert np.abs(read - SOUND / 32_768).max() < (0.01 if kind == "8 bits" else 0.0001)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"RIFF\0\0\0\0WAVE", "ends before"),
        (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd", "cut off"),
        (b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\x00abcd", "ends before"),
        (b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 70, "ends before"),
        (as_wav(SOUND[:9], tag=1, bits=16).replace(b"\x10\0data", b"\x0c\0data"), "12 bits"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 0, 8_000, 0, 0, 16), "0 channels"),
    ],
)
def test_a_broken_wav_is_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Misheard, match=said):
        same_files.blocks(io.BytesIO(data), None)


def test_a_rate_that_is_not_understood_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "f.raw"
    path.write_bytes(bytes(100))
    assert same_tool.main(["decode", str(path), "--rate", "4000"]) == 1
    assert "8000 to 192000" in capsys.readouterr().err


def test_a_genuine_recording_is_read_as_its_text_says(capsys: pytest.CaptureFixture[str]) -> None:
    folder = samples("same")
    expected = (folder / "npt.22050.s16le.txt").read_text().splitlines()[0]
    assert same_tool.main(["decode", str(folder / "npt.22050.s16le.bin"), "--rate", "22050"]) == 0
    (line,) = told(capsys)
    assert line["header"] == expected and line["bursts_alike"] == 3
    assert line["locations"] == [{"code": "000000", "en": "United States", "zh": "美国全境"}]


@pytest.mark.peer
@pytest.mark.parametrize("places", [1, 31])
def test_multimon_ng_reads_our_sound(tmp_path: Path, places: int) -> None:
    header = f"ZCZC-CIV-CEM{''.join(f'-{n:06d}' for n in range(1, places + 1))}+0130-0010000-WXYZ/FM -"
    path = tmp_path / "f.raw"
    same_audio.activation(same.read(header).header, 22_050).astype("<i2").tofile(path)
    assert read_by_multimon(path) == [header, *["NNNN"] * 3]


def read_by_multimon(path: Path) -> list[str]:
    command = ["multimon-ng", "-q", "-t", "raw", "-a", "EAS", str(path)]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}
    ).stdout
    return [line.removeprefix("EAS: ") for line in said.splitlines()]


@pytest.mark.peer
def test_never_fewer_headers_than_multimon_ng_on_the_same_files(tmp_path: Path) -> None:
    """A short version of bench/same.py, whose sender shares no code with ours."""
    sound = same_audio.activation(same.read(TEXT).header, 22_050, attention_s=0, end=False).astype(float)
    path, more = tmp_path / "f.raw", 0
    for snr_db in (10, 6, 3, 0, -2):
        noise = np.random.default_rng(snr_db + 9).normal(size=len(sound)) * 11_585 / 10 ** (snr_db / 20)
        np.clip(sound + noise, -32_768, 32_767).astype("<i2").tofile(path)
        with path.open("rb") as file:
            ours = [line["header"] for line in same_tool.lines(file, 22_050)]
        theirs = read_by_multimon(path)
        assert ours == [TEXT], snr_db
        more += TEXT not in theirs
    assert more > 0
