"""The whole path in real processes: alerts come in, people sign, the channel is interrupted, terminals sound, and the figures say what was heard."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from rig import TOWN, HttpRefused, Rig, uuid7

from station.settings import Ports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    made = Rig(tmp_path_factory.mktemp("whole") / "station")
    made.start()
    try:
        made.ready()
        yield made
    finally:
        made.stop()


def alert(rig, ident):
    return rig.http(f"/alerts/{ident}", by="zhou")


def open_alert(rig, headline):
    found = [
        one
        for one in rig.http("/alerts?open=true", by="zhou")
        if headline in one["headline"] or headline in one["text"]
    ]
    return found[0] if found else None


def all_sound(rig, ident):
    counts = alert(rig, ident)["counts"]
    return (
        counts["addressed"] > 0
        and counts["acknowledged"] == counts["playing"] == counts["heard"] == counts["addressed"]
        and counts
    )


def channel(rig):
    return rig.http("/overview", by="zhou")["channels"][0]


def test_cap_waits_for_three_people_and_then_sounds_everywhere(rig):
    said = rig.source(
        "--kind",
        "cap",
        "--areas",
        TOWN,
        "--event",
        "11B03",
        "--level",
        "2",
        "--text",
        "暴雨橙色预警测试一",
        "--minutes",
        "10",
    )
    assert said["exit"] == 0 and said["status"] == 202, said
    waiting = rig.wait(lambda: open_alert(rig, "暴雨橙色预警测试一"), "the alert is listed")
    assert waiting["needed"] == 3 and waiting["verified"]
    ident, content = waiting["id"], waiting["content"]
    rig.wait(lambda: alert(rig, ident)["audio"], "its speech is ready", 20)
    with pytest.raises(HttpRefused) as refused:
        rig.command("alert.sign", {"alert": ident, "content": "0" * 64}, by="wang")
    assert refused.value.status == 422
    for signer in ("wang", "zhang"):
        rig.command("alert.sign", {"alert": ident, "content": content}, by=signer)
    with pytest.raises(HttpRefused) as twice:
        rig.command("alert.sign", {"alert": ident, "content": content}, by="wang")
    assert twice.value.body["text"]["zh"]
    assert channel(rig)["overlay"] == "" and alert(rig, ident)["aired_at"] is None

    mark = rig.radio.mark()
    rig.command("alert.sign", {"alert": ident, "content": content}, by="zhao")
    rig.wait(lambda: channel(rig)["overlay"] == ident, "the alert lies over the channel")
    counts = rig.wait(lambda: all_sound(rig, ident), "all terminals acknowledged, play and hear", 20)
    assert counts["offline"] == 0
    said_by_terminals = json.loads(rig.report.read_text())
    assert said_by_terminals
    assert rig.radio.missing(mark) == 0

    mute = str(uuid7())
    rig.command("alert.mute", {"mute": mute, "alert": ident, "reason": "测试"}, by="zhao")
    rig.wait(lambda: alert(rig, ident)["counts"]["playing"] == 0, "the terminals are silent", 10)
    rig.wait(lambda: channel(rig)["overlay"] == "", "the programme is back", 10)
    assert alert(rig, ident)["muted"] and rig.http("/mutes", by="zhou")
    rig.command("alert.unmute", {"mute": mute}, by="zhao")
    rig.wait(lambda: alert(rig, ident)["counts"]["playing"] > 0, "un-muted, they sound again", 10)
    rig.command("alert.cancel", {"alert": ident, "reason": "解除"}, by="zhao")
    rig.wait(lambda: alert(rig, ident)["counts"]["playing"] == 0, "cancelled, they are silent", 10)
    rig.wait(lambda: channel(rig)["overlay"] == "", "the programme rejoined", 10)
    assert alert(rig, ident)["ended_how"] == "cancelled"


def test_the_same_alert_twice_is_one_alert(rig):
    before = len(rig.http("/alerts", by="zhou"))
    first = rig.source(
        "--kind",
        "ebd",
        "--areas",
        TOWN,
        "--event",
        "11B03",
        "--level",
        "3",
        "--text",
        "蓝色提示",
        "--fault",
        "replayed",
    )
    assert first["exit"] in (0, 1)
    assert len(rig.http("/alerts", by="zhou")) - before <= 1


@pytest.mark.parametrize("fault", ["forged", "expired", "wrong-area", "traversal"])
def test_what_is_forged_or_malformed_never_becomes_an_alert(rig, fault):
    before = {one["id"] for one in rig.http("/alerts", by="zhou")}
    said = rig.source(
        "--kind",
        "ebd",
        "--areas",
        TOWN,
        "--event",
        "11A51",
        "--level",
        "1",
        "--text",
        f"不得播出 {fault}",
        "--fault",
        fault,
    )
    assert said["exit"] == 1, said
    assert {one["id"] for one in rig.http("/alerts", by="zhou")} == before


def red_alert(rig, text):
    """One of the province's, for the whole county, which airs at once; its id."""
    words = ("--areas", "340422000000", "--event", "11A51", "--level", "1", "--text", text)
    said = rig.source("--kind", "ebd", *words)
    assert said["exit"] == 0 and said["code"] == "1", said
    return rig.wait(lambda: open_alert(rig, text), "it is listed")["id"]


def heard_alerts(rig):
    """Those that the channel's as-run log has."""
    entries = [entry for event in rig.journal("asrun.entries/1") for entry in event["entries"]]
    return {e["ref"] for e in entries if e["source"] == "overlay" and e["channel"] == "fm1"}


def test_a_signed_red_alert_of_the_province_airs_at_once_and_the_programme_rejoins_in_progress(rig):
    mark = rig.radio.mark()
    ident = red_alert(rig, "山洪红色预警测试二")
    rig.wait(lambda: all_sound(rig, ident), "all terminals sound", 20)
    rig.wait(lambda: alert(rig, ident)["owed"] == 1, "one signature is owed")
    rig.wait(lambda: channel(rig)["overlay"] == ident, "on the channel")
    rig.wait(lambda: channel(rig)["overlay"] == "", "both repeats were heard, the programme is back", 60)
    rig.command("alert.sign", {"alert": ident, "content": alert(rig, ident)["content"]}, by="wang")
    assert rig.radio.missing(mark) == 0
    _first, heard = rig.radio.pcm(mark)
    assert len(heard) and not np.any(
        np.all(heard.reshape(-1, 480, 2)[: len(heard) // 480] == 0, axis=(1, 2)).sum() > 400
    )


def test_a_planted_splice_is_the_only_unauthorised_insertion(rig):
    if not heard_alerts(rig):  # it is run alone
        red_alert(rig, "山洪红色预警测试三")
        rig.wait(lambda: channel(rig)["overlay"] != "", "on the channel", 20)
        rig.wait(lambda: channel(rig)["overlay"] == "", "and over", 60)
    time.sleep(4)
    rig.tap.splice(0.5)
    time.sleep(1)
    first, last = min(row["at"] for row in rig.http("/journal?limit=500", by="zhou")), int(time.time() * 1e6)

    def figures():
        return rig.http(f"/safety?from={first}&to={last}", by="zhou")[0]

    rig.wait(lambda: len(figures()["unauthorised"]) == 1, "the splice was found", 30)
    found = figures()
    assert len(found["authorised"]) == len(heard_alerts(rig)) > 0
    assert found["seconds_x10"]["FOREIGN"] <= 15 and found["seconds_x10"]["OUTAGE"] == 0


def test_the_journal_verifies_and_the_report_is_printed(rig):
    def gengfu(*words):
        command = [sys.executable, "-m", "station.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    state = str(rig.places.state)
    done = gengfu("journal", "verify", "--state", state)
    assert done.returncode == 0, done.stdout + done.stderr
    begun = datetime.fromtimestamp(
        min(row["at"] for row in rig.http("/journal?limit=500", by="zhou")) / 1e6, UTC
    )
    span = ("--from", begun.isoformat(), "--to", datetime.now(UTC).isoformat())
    report = gengfu("safety", "report", "--state", state, *span, "--format", "json")
    assert report.returncode == 0, report.stdout + report.stderr
    channel_figures = json.loads(report.stdout)["channels"][0]
    assert len(channel_figures["unauthorised"]) == 1 and channel_figures["authorised"]
    table = gengfu("safety", "report", "--state", state, *span, "--format", "csv")
    assert table.returncode == 0 and "fm1" in table.stdout


def test_after_the_station_is_killed_nothing_is_missing_and_everything_is_there_once(rig):
    mark = rig.radio.mark()
    rig.kill("station")
    time.sleep(1)
    rig.start("station")
    rig.wait(lambda: rig.health()["ok"], "the station is back", 20)
    time.sleep(2)
    assert rig.radio.missing(mark) == 0
    entries = [entry for event in rig.journal("asrun.entries/1") for entry in event["entries"]]
    keys = [(entry["run"], entry["seq"]) for entry in entries]
    assert len(keys) == len(set(keys))
    assert Ports(rig.base).panel == rig.base


def test_what_is_withdrawn_is_off_the_air_at_once_until_somebody_else_gives_it_back(rig):
    def now():
        return channel(rig)["now"]

    rig.wait(
        lambda: channel(rig)["overlay"] == "" and now()["kind"] == "programme", "a programme is on air", 60
    )
    take, mark = now(), rig.radio.mark()
    asked = time.time()
    rig.command("media.withdraw", {"media": take["media"], "reason": "导向"}, by="zhao")
    aired = rig.wait(
        lambda: [
            entry
            for event in rig.journal("asrun.entries/1")
            for entry in event["entries"]
            if entry["what"] == "start" and entry["index"] / 48_000 > asked and entry["channel"] == "fm1"
        ],
        "something else is on air",
        10,
    )[0]
    assert aired["approval"] == "standing:filler" and aired["media"] != take["media"]
    known = min(
        row["at"] for row in rig.http("/journal?limit=200", by="zhou") if row["kind"] == "media.withdrawn/1"
    )
    assert aired["index"] / 48_000 - known / 1e6 < 1.0, "from the station's hearing of it"
    assert aired["index"] / 48_000 - asked < 3.0, "the command itself passes a shared machine"
    assert rig.radio.missing(mark) == 0
    (listed,) = rig.http("/withdrawn", by="wang")
    assert (listed["media"], listed["by"], listed["reason"]) == (take["media"], "zhao", "导向")
    with pytest.raises(HttpRefused, match="withdrew"):
        rig.command("media.restore", {"media": take["media"]}, by="zhao")
    rig.command("media.restore", {"media": take["media"], "reason": "已核"}, by="wang")
    rig.wait(lambda: now()["media"] == take["media"], "it is due again")
    assert rig.http("/withdrawn", by="wang") == []
    assert rig.radio.missing(mark) == 0
    first, last = int(asked * 1e6), int(time.time() * 1e6)
    rig.wait(lambda: channel(rig)["measured_at"] > last + 5_000_000, "the witness has heard all of it", 20)
    found = rig.http(f"/safety?from={first}&to={last}", by="zhou")[0]
    assert found["unauthorised"] == [] and found["seconds_x10"]["WRONG"] <= 5


def test_the_next_item_is_on_the_air_a_second_after_the_operator_takes_it_and_the_plan_comes_back(rig):
    def now():
        return channel(rig)["now"]

    rig.wait(
        lambda: channel(rig)["overlay"] == "" and now()["kind"] == "programme", "a programme is on air", 60
    )
    before, mark = now(), rig.radio.mark()
    rig.command("air.hold", {"channel": "fm1"}, by="zhao")
    asked = time.time()
    rig.command("air.take", {"channel": "fm1"}, by="zhao")
    aired = rig.wait(
        lambda: [
            entry
            for event in rig.journal("asrun.entries/1")
            for entry in event["entries"]
            if entry["what"] == "start" and entry["index"] / 48_000 > asked and entry["channel"] == "fm1"
        ],
        "another item is on air",
        10,
    )[0]
    assert aired["ref"] != before["id"] and aired["approval"].startswith("rundown:")
    said = aired["index"] / 48_000 - asked
    assert 1.0 <= said < 3.0, (
        "one second from the station's hearing of it; the command itself passes a shared machine"
    )
    rig.command("air.back", {"channel": "fm1"}, by="zhao")
    rig.wait(lambda: now()["media"] == before["media"], "the plan is back", 20)
    (notice,) = rig.http("/prepared?channel=fm1", by="zhao")
    rig.command("air.insert", {"channel": "fm1", "item": notice["item"]}, by="zhao")
    rig.wait(lambda: now()["title"] == "notice", "what waited for its key is on the air", 10)
    rig.command("air.take", {"channel": "fm1"}, by="zhao")
    rig.wait(lambda: now()["title"] != "notice", "what ran on beneath is joined in progress", 10)
    (event,) = rig.journal("air.inserted/1")
    assert event["by"] == "zhao" and event["approval"].startswith("rundown:fm1:")
    assert [event["verb"] for event in rig.journal("air.edited/1")] == ["hold", "take", "back", "take"]
    assert rig.radio.missing(mark) == 0
