"""`gengfu sections`: lines a script can read and give back, signatures, exit codes that tell."""

import io
import json
import shutil
import subprocess

import attrs
import pytest
from wire import KEY, STRANGER

from emergency import section_packets, sections
from station import cli

EBM = "43404220000000314010101202611220001"
LINES = [
    {"table": "index", "version": 1, "entries": []},
    {"table": "content", "ebm_id": EBM, "wordings": [{"language": "zho", "words": "暴雨红色预警"}]},
    {"table": "configure", "orders": [{"tag": 6, "percent": 80, "terminals": []}]},
]


@pytest.fixture
def tool(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = cli.main(["sections", *words])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(line) for line in LINES) + "\n\n", "utf-8")
    (tmp_path / "key.pem").write_bytes(KEY.pem())
    (tmp_path / "public.pem").write_bytes(KEY.public.pem())
    (tmp_path / "stranger.pem").write_bytes(STRANGER.public.pem())
    return run


def test_what_is_encoded_is_decoded_and_given_back(tool, tmp_path):
    assert tool("encode", "in.jsonl", "--out", "f.ts", "--pid", "0x30") == (
        0,
        [{"file": "f.ts", "sections": 3, "bytes": 564}],
    )
    code, lines = tool("decode", "f.ts")
    assert code == 0 and [(one["pid"], one["table"], one["valid"]) for one in lines] == [
        (0x30, one["table"], True) for one in LINES
    ]
    assert lines[1]["wordings"][0]["words"] == "暴雨红色预警" and lines[2]["orders"][0]["percent"] == 80
    (tmp_path / "again.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert tool("encode", "again.jsonl", "--out", "g.ts", "--pid", "48")[0] == 0
    assert (tmp_path / "g.ts").read_bytes() == (tmp_path / "f.ts").read_bytes()


def test_a_repeated_section_is_told_once_unless_all_are_asked_for(tool, tmp_path):
    tool("encode", "in.jsonl", "--out", "f.ts")
    (tmp_path / "f.ts").write_bytes((tmp_path / "f.ts").read_bytes() * 3)
    assert [len(tool("decode", "f.ts", *more)[1]) for more in ((), ("--all",), ("--pid", "0x30"))] == [
        3,
        9,
        1,
    ]
    code, (line,) = tool("decode", "f.ts", "--pid", "0x30")
    assert code == 1 and "no table" in line["reasons"][0]["en"]


def test_bare_sections_come_from_the_standard_input_and_are_told_as_well(tool, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(LINES[1])))
    assert tool("encode", "-", "--out", "f.bin", "--bare")[0] == 0
    code, (line,) = tool("decode", "f.bin")
    assert code == 0 and line["pid"] is None and line["signed"] is None
    (tmp_path / "cut.bin").write_bytes((tmp_path / "f.bin").read_bytes()[:-1])
    code, lines = tool("decode", "cut.bin")
    assert code == 1 and "cut off" in lines[0]["reasons"][0]["en"]


@pytest.mark.parametrize("covers", ["table", "before-block", "before-value"])
def test_a_signature_is_checked_with_the_keys_that_are_given(tool, covers, tmp_path):
    from emergency.section_profile import SHIPPED

    own = (SHIPPED / "gdj-086-2018.toml").read_text("utf-8").replace('value = "table"', f'value = "{covers}"')
    (tmp_path / "own.toml").write_text(own, "utf-8")
    how = ("--profile", "own.toml")
    assert tool("encode", "in.jsonl", "--out", "f.ts", "--key", "key.pem", "--serial", "000000000042", "--at", "2026-11-22 08:00:00", *how)[0] == 0  # fmt: skip
    for words, held in (((), None), (("--key", "public.pem"), True), (("--key", "stranger.pem"), False)):
        _, lines = tool("decode", "f.ts", *words, *how)
        assert [one["signed"] for one in lines] == [
            {"at": 1_795_305_600, "serial": "000000000042", "verified": held}
        ] * 3
    index, content, _ = (
        sections.decode(one.data) for one in section_packets.Reader().feed((tmp_path / "f.ts").read_bytes())
    )
    renumbered = attrs.evolve(index, version=2)  # the header is signed only where the profile says so
    reworded = attrs.evolve(content, body=content.body[:34] + b"\xd1\xa9" + content.body[36:])
    for forged, held in ((renumbered, covers == "table"), (reworded, False)):
        (tmp_path / "f.bin").write_bytes(sections.encode(forged))
        assert tool("decode", "f.bin", "--key", "public.pem", *how)[1][0]["signed"]["verified"] is held


def long_line(tmp_path, text="雨" * 6_000):
    line = {"table": "content", "ebm_id": EBM, "wordings": [{"language": "zho", "words": text}]}
    (tmp_path / "long.jsonl").write_text(json.dumps(line))
    return text


@pytest.mark.parametrize("covers", ["table", "before-value"])
def test_a_table_longer_than_a_section_is_cut_and_joined(tool, covers, tmp_path):
    from emergency.section_profile import SHIPPED

    own = (SHIPPED / "gdj-086-2018.toml").read_text("utf-8").replace('value = "table"', f'value = "{covers}"')
    (tmp_path / "own.toml").write_text(own, "utf-8")
    text = long_line(tmp_path)
    how = ("--profile", "own.toml")
    signed = ("--key", "key.pem") if covers == "table" else ()
    code, (made,) = tool("encode", "long.jsonl", "--out", "f.ts", *signed, *how)
    assert (code, made["sections"]) == (0, 3)
    code, (line,) = tool("decode", "f.ts", "--key", "public.pem", *how)
    assert code == 0 and line["wordings"][0]["words"] == text and line["sections"] == 3
    assert (line["signed"] or {}).get("verified") == (True if signed else None)


def test_a_table_that_lacks_a_section_is_said(tool, tmp_path):
    long_line(tmp_path)
    tool("encode", "long.jsonl", "--out", "f.bin", "--bare")
    parts = sections.split((tmp_path / "f.bin").read_bytes())
    (tmp_path / "f.bin").write_bytes(parts[0] + parts[2])
    code, (line,) = tool("decode", "f.bin")
    assert code == 1 and "1 tables lack sections" in line["reasons"][0]["en"]
    (tmp_path / "f.bin").write_bytes(parts[2] + parts[0] + parts[1])
    assert tool("decode", "f.bin")[0] == 0


def test_a_signature_over_a_header_cannot_hold_for_a_table_of_several_sections(tool, tmp_path):
    from emergency.section_profile import SHIPPED

    (tmp_path / "own.toml").write_text(
        (SHIPPED / "gdj-086-2018.toml")
        .read_text("utf-8")
        .replace('value = "table"', 'value = "before-block"'),
        "utf-8",
    )
    long_line(tmp_path)
    tool("encode", "long.jsonl", "--out", "f.ts", "--key", "key.pem")
    (line,) = tool("decode", "f.ts", "--key", "public.pem", "--profile", "own.toml")[1]
    assert line["valid"] and line["signed"]["verified"] is False
    assert tool("encode", "long.jsonl", "--out", "f.ts", "--key", "key.pem", "--profile", "own.toml")[0] == 1


def test_sections_that_each_stand_alone_are_told_each(tool, tmp_path):
    (tmp_path / "two.jsonl").write_text(
        "\n".join(
            json.dumps({"table": "index", "entries": [], "number": number, "last": 1}) for number in (0, 1)
        )
    )
    tool("encode", "two.jsonl", "--out", "f.ts")
    code, told = tool("decode", "f.ts")
    assert code == 0 and [(one["number"], one["last"]) for one in told] == [(0, 1), (1, 1)]


def test_a_signature_block_of_another_length_is_never_verified(tool, tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({**LINES[0], "signature": "0102"}))
    tool("encode", "in.jsonl", "--out", "f.ts")
    assert tool("decode", "f.ts")[1][0]["signed"] == {"at": None, "serial": None, "verified": None}
    assert tool("decode", "f.ts", "--key", "public.pem")[1][0]["signed"]["verified"] is False


def test_a_damaged_section_is_a_line_that_says_so(tool, tmp_path):
    tool("encode", "in.jsonl", "--out", "f.ts")
    data = bytearray((tmp_path / "f.ts").read_bytes())
    data[188 + 20] ^= 1
    (tmp_path / "f.ts").write_bytes(data)
    code, lines = tool("decode", "f.ts", "none.ts")
    assert code == 1 and [one["valid"] for one in lines] == [True, False, True, False]
    assert all(one["reasons"][0]["zh"] for one in lines if not one["valid"])


@pytest.mark.parametrize(
    "text", ["5", "{", '{"table": "index"}', '{"table": "index", "entries": [], "version": 32}', '{"table": "index", "entries": [], "number": 1}', '{"table": "index", "entries": [], "number": -1}', '{"table": "content", "ebm_id": "1", "wordings": []}'],
)  # fmt: skip
def test_what_is_no_section_is_refused_in_words(tool, tmp_path, text):
    (tmp_path / "bad.jsonl").write_text(text)
    assert tool("encode", "bad.jsonl", "--out", "f.ts") == (1, [])
    assert not (tmp_path / "f.ts").exists()


def test_files_that_are_not_there_and_options_that_are_none(tool, tmp_path):
    assert tool("encode", "none", "--out", "f.ts")[0] == 1
    assert tool("encode", "in.jsonl", "--out", "no/f.ts")[0] == 1
    assert tool("encode", "in.jsonl", "--out", "f.ts", "--serial", "1", "--key", "key.pem")[0] == 2
    assert tool("encode", "in.jsonl", "--out", "f.ts", "--at", "today", "--key", "key.pem")[0] == 2
    assert tool("encode", "in.jsonl", "--out", "f.ts", "--pid", "0x1fff")[0] == 1
    assert tool("decode", "f.ts", "--profile", "none")[0] == 1
    with pytest.raises(SystemExit):
        tool("decode", "f.ts", "--pid", "x")
    (tmp_path / "empty").write_bytes(b"")
    assert tool("decode", "empty")[0] == 1


@pytest.mark.peer
def test_sections_are_found_among_the_packets_of_ffmpeg_which_still_reads_its_stream(tool, tmp_path):
    assert shutil.which("ffmpeg"), "ffmpeg is missing"
    made = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "sine=d=1",
        "-c:a",
        "mp2",
        "-f",
        "mpegts",
        str(tmp_path / "real.ts"),
    ]
    subprocess.run(made, check=True, timeout=20)
    tool("encode", "in.jsonl", "--out", "f.ts", "--pid", "0x31")
    real, ours = (tmp_path / "real.ts").read_bytes(), (tmp_path / "f.ts").read_bytes()
    pieces = [real[at : at + 188] + ours[at : at + 188] for at in range(0, len(real), 188)]
    (tmp_path / "both.ts").write_bytes(b"".join(pieces))
    code, lines = tool("decode", "both.ts")
    assert code == 0 and [one["table"] for one in lines] == [one["table"] for one in LINES]
    probe = [
        "ffprobe",
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,sample_rate",
        "-of",
        "csv=p=0",
        str(tmp_path / "both.ts"),
    ]
    said = subprocess.run(probe, capture_output=True, text=True, timeout=20, check=True)
    assert "mp2,44100" in said.stdout and not said.stderr
