"""`gengfu safety report`, beside a script that counts again and imports nothing of ours."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety import report
from safety.figures import figures, settled_end
from safety.messages import SLOT, STATES, IncidentOpened, SlotRun, SlotsMeasured
from station import store
from station.journal import Batch, Journal
from station.netstring import pack
from station.settings import Places
from station.wire import to_plain
from station.words import ChannelId, Event, Instant, Refused, SampleIndex, instant_of

ROOT = Path(__file__).resolve().parent.parent
FM1 = ChannelId("fm1")
BASE = 18_000_000_000


def at(slot: int) -> Instant:
    return instant_of(SampleIndex((BASE + slot) * SLOT))


def run(first: int, last: int, state: str = "NORMAL", **more: str) -> SlotRun:
    return SlotRun(first=BASE + first, last=BASE + last, state=state, **more)  # type: ignore[arg-type]


def measured(*runs: SlotRun, channel: str = "fm1") -> SlotsMeasured:
    return SlotsMeasured(channel=ChannelId(channel), point="player-output", real_return=False, runs=runs)


def journaled(state: Path, *events: Event, now: Instant | None = None) -> None:
    """A journal as the station leaves it."""
    state.mkdir(exist_ok=True)
    book = Journal.open(
        store.sqlite_url(Places(state).journal),
        "t",
        now=lambda: now or at(0),
        call_in_reactor=lambda call, *args: call(*args),
    )
    for event in events:
        book.commit(Batch(events=((event, "system"),)))
    book.close()


def recounted(state: Path, start: Instant, end: Instant) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "bench" / "recount.py", Places(state).journal, str(start), str(end)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def reported(
    capsys: pytest.CaptureFixture[str], state: Path, start: Instant, end: Instant, *more: str
) -> str:
    iso = [report.local_iso(Instant(t), "UTC") for t in (start, end)]
    code = report.main(["report", "--state", str(state), "--from", iso[0], "--to", iso[1], *more])
    assert code == 0
    return capsys.readouterr().out


STORY = (
    measured(run(0, 300), run(300, 330, due="alert:a1"), run(330, 400)),
    measured(run(400, 405, "FOREIGN", cause="not what is due"), run(405, 500)),
    IncidentOpened(
        channel=FM1, point="player-output", state="FOREIGN", since=SampleIndex((BASE + 400) * SLOT), cause="c"
    ),
    measured(run(500, 540, "OUTAGE", cause="silence"), run(540, 600)),
)


def test_the_report_and_the_recount_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journaled(tmp_path, *STORY, now=at(430))
    made = json.loads(reported(capsys, tmp_path, at(10), at(590), "--format", "json"))
    view = made["channels"][0]
    again = recounted(tmp_path, at(10), at(590))
    for name in (
        "planned_s_x10",
        "seconds_x10",
        "outage_rate_milli",
        "strict_rate_milli",
        "availability_ppm",
        "coverage_ppm",
    ):
        assert view[name] == again[name], name
    assert len(view["authorised"]) == again["authorised"] == 1
    assert len(view["unauthorised"]) == again["unauthorised"] == 1
    assert view["max_to_detect"] == 3_000_000
    assert [(i["state"], i["end"] - i["start"]) for i in view["incidents"]] == [
        ("FOREIGN", 500_000),
        ("OUTAGE", 4_000_000),
    ]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(STATES), st.booleans()), min_size=1, max_size=20),
    st.integers(0, 99),
)
def test_any_record_is_counted_alike_by_both(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, str, bool]], skip: int
) -> None:
    runs, first = [], 0
    for length, state, alert in parts:
        runs.append(run(first, first + length, state, due="alert:a" if alert else ""))
        first += length
    state_dir = tmp_path_factory.mktemp("state")
    journaled(state_dir, measured(*runs))
    start, end = at(skip), at(skip + 700)
    view, again = figures(FM1, runs, start, end), recounted(state_dir, start, end)
    assert to_plain(view)["seconds_x10"] == again["seconds_x10"]
    assert (view.outage_rate_milli, view.strict_rate_milli) == (
        again["outage_rate_milli"],
        again["strict_rate_milli"],
    )
    assert (view.availability_ppm, view.coverage_ppm) == (again["availability_ppm"], again["coverage_ppm"])
    assert (len(view.authorised), len(view.unauthorised)) == (again["authorised"], again["unauthorised"])


def test_csv_is_a_line_a_channel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journaled(tmp_path, *STORY, measured(run(0, 600), channel="fm2"))
    rows = list(csv.DictReader(io.StringIO(reported(capsys, tmp_path, at(0), at(600), "--format", "csv"))))
    assert [(r["channel"], r["outage_s"], r["outage_rate_s_per_100h"], r["authorised"], r["unauthorised"]) for r in rows] == [
        ("fm1", "4.0", "24000.000", "1", "1"), ("fm2", "0.0", "0.000", "0", "0"),
    ]  # fmt: skip
    assert rows[0]["coverage_percent"] == "100.0000"
    assert "零停播" in rows[1]["verdict"]
    only = reported(capsys, tmp_path, at(0), at(600), "--format", "csv", "--channel", "fm2")
    assert len(only.splitlines()) == 2


def test_text_says_where_it_was_measured_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journaled(tmp_path, *STORY)
    text = reported(capsys, tmp_path, at(0), at(600))
    assert "player's own output · 播放器自身输出" in text
    assert re.search(r"authorised 授权: \S+ – \S+ \(\d+\.\d s\) alert:a1", text)
    assert "alert:a1" in text
    assert "OUTAGE silence" in text
    assert "停播 4.0 秒" in text


def test_what_is_still_being_judged_is_not_yet_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journaled(tmp_path, measured(run(0, 600)))
    fresh = json.loads(reported(capsys, tmp_path, at(0), at(700), "--format", "json"))["channels"][0]
    assert (fresh["end"], fresh["coverage_ppm"]) == (at(600), 1_000_000)
    later = json.loads(reported(capsys, tmp_path, at(0), at(1_200), "--format", "json"))["channels"][0]
    assert later["coverage_ppm"] == 500_000
    assert settled_end((), at(5)) == at(5)


def test_an_empty_journal_gives_no_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journaled(tmp_path)
    assert reported(capsys, tmp_path, at(0), at(700)).endswith("起)\nnothing was measured · 没有监测数据\n")
    part = json.loads(reported(capsys, tmp_path, at(0), at(10), "--format", "json"))
    assert part["total"]["outage_milli"] is None


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("last week", "2026-11-22T06:00", "'last week' is not a time"),
        ("2026-11-22T06:00", "2026-11-22T06:00", "is not after"),
        ("2026-11-22T06:00Z", "2026-11-22T07:00", "is not after"),
        ("2026-13-22T06:00Z", "2026-11-22T07:00", "not a time"),
    ],
)
def test_bad_times_are_refused_in_one_sentence(tmp_path: Path, start: str, end: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        report.main(["report", "--state", str(tmp_path), "--from", start, "--to", end])


def test_times_without_an_offset_are_local() -> None:
    assert report.instant_from("2026-11-22T08:00", "Asia/Shanghai") == report.instant_from(
        "2026-11-22T00:00Z", "UTC"
    )
    assert report.instant_from("1970-01-01T00:00:01.5Z", "UTC") == 1_500_000


@pytest.mark.parametrize(
    ("text", "tz", "begins"),
    [
        ("today", "Asia/Shanghai", "2026-11-22T05:00+08:00"),  # there it is 03:44 on the 23rd: still that day
        ("tomorrow", "Asia/Shanghai", "2026-11-23T05:00+08:00"),
        ("yesterday", "UTC", "2026-11-21T05:00Z"),
        ("2026-11-01", "Asia/Shanghai", "2026-11-01T05:00+08:00"),
        ("2026-11-01T00:00", "Asia/Shanghai", "2026-11-01T00:00+08:00"),
    ],
)
def test_a_day_is_the_broadcast_day_where_the_station_is(text: str, tz: str, begins: str) -> None:
    late = report.instant_from("2026-11-22T19:44Z", "UTC")
    assert report.edge_meant(text, tz, "05:00", late) == report.instant_from(begins, "UTC")


def test_the_head_says_from_when_to_when_a_day_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journaled(tmp_path, *STORY)
    station = tmp_path / "station.toml"
    example = ROOT / "examples" / "shouxian"
    (tmp_path / "areas.csv").write_bytes((example / "areas.csv").read_bytes())
    written = (example / "station.toml").read_text("utf-8")
    written = written.replace('day_start = "05:00"', 'day_start = "06:30"').replace("Asia/Shanghai", "UTC")
    station.write_text(written, "utf-8")
    days = ["--from", "2026-11-01", "--to", "2026-11-02"]
    assert report.main(["report", "--state", str(tmp_path), "--settings", str(station), *days]) == 0
    assert capsys.readouterr().out.startswith(
        "2026-11-01T06:30:00+00:00 – 2026-11-02T06:30:00+00:00 (a broadcast day begins at 06:30"
    )
    assert report.main(["report", "--state", str(tmp_path), "--day-start", "04:00", *days]) == 0
    assert capsys.readouterr().out.startswith("2026-11-01T04:00:00+08:00 –")


def test_the_span_is_today_where_none_is_given(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no journal"):
        report.main(["report", "--state", str(tmp_path)])
    with pytest.raises(Refused, match="tomorrow is not after 2999-01-01"):
        report.main(["report", "--state", str(tmp_path), "--from", "2999-01-01"])


def test_a_directory_without_a_journal_is_refused(tmp_path: Path) -> None:
    words = ["report", "--state", str(tmp_path), "--from", "2026-11-22T06:00", "--to", "2026-11-22T07:00"]
    with pytest.raises(Refused, match="there is no journal"):
        report.main(words)
    Places(tmp_path).journal.write_bytes(b"no database at all, whatever it may look like" * 100)
    with pytest.raises(Refused, match="cannot be read"):
        report.main(words)


def answering(state: Path, answer: bytes) -> threading.Thread:
    (state / "run").mkdir()
    (state / "run" / "peer.token").write_text("secret")
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.fspath(Places(state).control))
    server.listen(1)

    def serve() -> None:
        with server, server.accept()[0] as line:
            assert b'"safety"' in line.recv(65_536)
            line.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_running_station_is_asked_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = figures(FM1, [run(0, 100)], at(0), at(100), point="roof", real_return=True)
    thread = answering(tmp_path, pack({"id": 1, "ok": True, "result": [to_plain(view)]}))
    assert "fm1 · roof (real return path · 真实回传)" in reported(capsys, tmp_path, at(0), at(100))
    thread.join(5)


def test_what_the_station_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    thread = answering(tmp_path, pack({"id": 1, "ok": False, "text": {"en": "not now", "zh": "稍后"}}))
    with pytest.raises(Refused, match="not now"):
        report.main(
            ["report", "--state", str(tmp_path), "--from", "2026-11-22T06:00", "--to", "2026-11-22T07:00"]
        )
    thread.join(5)
