"""`gengfu aircheck`: a span or an item comes out at its moment, to the sample long, with its hash; what is missing or changed is said."""

import json
import subprocess
import sys
import time
import wave

import numpy as np
import pytest
import sqlalchemy as sa
from radio_kit import SETTINGS, Running, now_sample, plan_of, stock, take
from test_aircheck import noise, off, record

from playout import aircheck
from playout.link import SetPlan, StationHello, Status
from station import projections, store
from station.aircheck_tool import main
from station.files import hash_of
from station.words import Refused, instant_of

START = 1_790_000_000 * 48_000 // aircheck.SPAN * aircheck.SPAN + 48_000 * 30
PCM = noise(20 * 48_000)


@pytest.fixture
def home(tmp_path):
    """A station with twenty seconds of fm1 recorded."""
    (tmp_path / "station.toml").write_text(SETTINGS.format(port=9_000, hls="false"))
    (tmp_path / "areas.csv").write_text("code,name,level\n341521000000,测试县,county\n")
    made, _ = record(tmp_path / "state" / "aircheck" / "fm1", PCM, start=START, skip={100})
    made.close()
    return tmp_path


def run(home, capsys, *words):
    """(exit code, lines of JSON)."""
    code = main([words[0], "--settings", str(home / "station.toml"), "--channel", "fm1", *words[1:]])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def iso(sample):
    moment = instant_of(sample)
    return (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 1_000_000))
        + f".{moment % 1_000_000:06d}+00:00"
    )


def written(path):
    with wave.open(str(path)) as wav:
        assert (wav.getnchannels(), wav.getframerate()) == (2, 48_000)
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)


def test_a_span_comes_out_at_its_moment(home, capsys, tmp_path):
    out = tmp_path / "a.wav"
    first = START + 5 * 48_000
    code, (said,) = run(
        home, capsys, "export", "--from", iso(first), "--to", iso(first + 96_000), "--out", str(out)
    )
    assert code == 0 and said["missing"] == [] and said["samples"] == 96_000
    assert said["sha256"] == hash_of(out) and said["pieces"][0]["state"] == "ok"
    heard, want = written(out)[:, 0].astype(float), PCM[5 * 48_000 : 7 * 48_000, 0].astype(float)
    assert len(heard) == 96_000
    assert abs(off(heard, want)) <= 1


def test_what_is_missing_is_silence_and_said(home, capsys, tmp_path):
    out = tmp_path / "a.wav"
    code, (said,) = run(
        home, capsys, "export", "--from", iso(START - 48_000), "--to", iso(START + 96_000), "--out", str(out)
    )
    assert code == 1 and len(said["missing"]) == 2, "before it began, and the block that was lost"
    heard = written(out)
    assert len(heard) == 3 * 48_000 and not heard[:47_000].any() and heard[49_000:90_000].any()


def test_an_item_is_found_by_its_title_in_the_as_run_log(home, capsys, tmp_path):
    engine = sa.create_engine(store.sqlite_url(home / "state" / "journal.db"))
    projections.asrun.create(engine)
    row = {
        "run": "r", "chain": "radio", "channel": "fm1", "source": "take", "ref": "x", "media": None, "approval": "a",
        "rung": "file", "cause": "",
    }  # fmt: skip
    with engine.begin() as connection:
        for seq, (title, at) in enumerate((("早间新闻", 2), ("早间新闻", 8), ("戏曲", 12))):
            times = {"start": START + at * 48_000, "end": START + (at + 3) * 48_000}
            connection.execute(sa.insert(projections.asrun).values(**row, seq=seq, title=title, **times))
    code, (said,) = run(home, capsys, "export", "--item", "新闻", "--out", str(tmp_path / "a.wav"))
    assert code == 0 and said["samples"] == 3 * 48_000
    heard, want = (
        written(tmp_path / "a.wav")[:, 0].astype(float),
        PCM[8 * 48_000 : 11 * 48_000, 0].astype(float),
    )
    assert np.dot(heard, want) > 0.9 * np.linalg.norm(heard) * np.linalg.norm(want)
    with pytest.raises(Refused, match="no item"):
        run(home, capsys, "export", "--item", "球赛", "--out", str(tmp_path / "b.wav"))


def test_a_file_that_was_changed_is_named_and_one_that_is_gone_too(home, capsys):
    directory = home / "state" / "aircheck" / "fm1"
    code, (line,) = run(home, capsys, "list")
    assert (code, line["state"], line["gaps"], line["seconds"]) == (0, "ok", 1, 20.0)
    with (directory / line["file"]).open("r+b") as file:
        file.seek(5_000)
        file.write(b"\0\0\0\0")
    code, (line,) = run(home, capsys, "list")
    assert (code, line["state"]) == (1, "changed")
    (directory / line["file"]).unlink()
    code, (line,) = run(home, capsys, "list")
    assert (code, line["state"]) == (0, "not kept any more")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "--out", "x.wav"), "--from and --to, or --item"),
        (
            ("export", "--from", "2026-01-02T00:00", "--to", "2026-01-01T00:00", "--out", "x"),
            "before it begins",
        ),
        (("export", "--from", "2026-01-01T00:00", "--to", "2026-01-02T00:00", "--out", "x"), "six hours"),
        (("export", "--from", "noon", "--to", "night", "--out", "x"), "is not a time"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(home, capsys, words, said):
    with pytest.raises(Refused, match=said):
        run(home, capsys, *words)


def test_nothing_recorded_is_said_with_what_to_do(home, capsys):
    (home / "state" / "aircheck" / "fm1" / "index.jsonl").unlink()
    with pytest.raises(Refused, match="record_days"):
        run(home, capsys, "list")


@pytest.mark.slow
def test_a_player_records_and_its_successor_keeps_what_was_under_way(tmp_path):
    player = Running(tmp_path / "home", 24_960)
    settings = player.home / "station.toml"
    settings.write_text(settings.read_text().replace("rundowns =", "record_days = 2\nrundowns ="))
    medium = stock(player.media, PCM.astype(np.int32) << 8)
    player.start()
    link = player.link()
    link.send(StationHello())
    link.until(lambda m: isinstance(m, Status), 15)
    start = now_sample() // 480 * 480
    link.send(SetPlan(channel="fm1", plan=plan_of([take("x", start, medium)], [medium])))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file", 10)
    time.sleep(4)
    player.process.kill()
    player.process.wait()
    player.start()
    directory = player.state / "aircheck" / "fm1"
    deadline = time.monotonic() + 15
    while not (pieces := aircheck.read(directory)) and time.monotonic() < deadline:
        time.sleep(0.1)
    player.stop()
    first = max(start, pieces[0].start) + 48_000
    done = subprocess.run(
        [
            sys.executable, "-m", "station.cli", "aircheck", "export", "--settings", str(settings),
            "--channel", "fm1", "--from", iso(first), "--to", iso(first + 36_000), "--out", str(tmp_path / "a.wav"),
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    heard = written(tmp_path / "a.wav")[:, 0].astype(float)
    want = PCM[first - start : first - start + 36_000, 0].astype(float)
    assert abs(off(heard, want)) <= 1, "what was due then is what was recorded then"
