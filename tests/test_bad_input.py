"""Bad input, end to end: each gets one clear sentence in both languages and the right answer in its protocol, and nothing is lost or half done."""

import contextlib
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from rig import EXAMPLE, TOWN, HttpRefused, Rig, free_base, uuid7

pytestmark = pytest.mark.slow

OVERLAPPING = """start,mode,title,media,duration,class,cut
06:00:00,hard,one,a.wav,,news,no
06:00:00,hard,two,b.wav,,news,no
07:00:00,hard,three,c.wav,,news,no
25:61:00,hard,four,c.wav,,news,no
"""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    made = Rig(tmp_path_factory.mktemp("bad") / "station")
    made.start()
    try:
        made.ready()
        yield made
    finally:
        made.stop()


@contextlib.contextmanager
def nothing_done(rig):
    """No alert, no rundown, no change of output; at most that somebody was refused is written down."""
    alerts = rig.http("/alerts", by="zhou")
    rundowns = rig.http("/rundowns", by="zhou")
    mark = rig.radio.mark()
    position = rig.health()["position"]
    yield
    time.sleep(0.3)
    assert rig.http("/alerts", by="zhou") == alerts
    assert rig.http("/rundowns", by="zhou") == rundowns
    assert rig.http("/overview", by="zhou")["channels"][0]["overlay"] == ""
    assert rig.radio.missing(mark) == 0
    done = {
        kind for kind in kinds(rig, position) if kind.startswith(("alert.", "rundown.", "plan.", "overlay."))
    }
    assert not done


def kinds(rig, since):
    """What was written down after a position."""
    with contextlib.closing(sqlite3.connect(f"file:{rig.places.journal}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT kind FROM journal WHERE position > ?", (since,))
        return {row[0] for row in rows}


def send(rig, *words):
    return rig.source("--event", "11A51", "--level", "1", "--text", "不得播出", *words)


@pytest.mark.parametrize("kind", ["cap", "ebd"])
def test_a_doctype_is_refused(rig, kind):
    with nothing_done(rig):
        said = send(rig, "--kind", kind, "--areas", TOWN, "--fault", "doctype")
    assert said["exit"] == 1
    assert "DOCTYPE" in str(said)
    assert said.get("status", 400) == (400 if kind == "cap" else said.get("status")), said


def test_a_cap_with_a_doctype_posted_by_hand_gets_400_and_a_sentence(rig):
    token = (rig.places.secrets / "weather.token").read_text().strip()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{rig.ports.ingest}/ingest/cap",
        data=b'<!DOCTYPE alert [<!ENTITY a SYSTEM "file:///etc/passwd">]><alert>&a;</alert>',
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/cap+xml"},
    )
    with nothing_done(rig), pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=5)
    body = refused.value.read().decode()
    assert refused.value.code == 400 and "DOCTYPE" in body and "root:" not in body
    assert CHINESE.search(body)


def test_a_tar_that_climbs_out_writes_no_file(rig):
    with nothing_done(rig):
        said = send(rig, "--areas", TOWN, "--fault", "traversal")
    assert said["exit"] == 1 and said["code"] == "2" and CHINESE.search(said["words"]), said
    assert not list(rig.home.parent.glob("*evil*"))


@pytest.mark.parametrize(("fault", "code"), [("forged", "4"), ("replayed", "4")])
def test_a_forged_or_replayed_signature_is_answered_in_the_protocols_own_terms(rig, fault, code):
    """What is replayed was once good: sent first as a drill for nobody's ears, then refused the second time."""
    before = {one["id"] for one in rig.http("/alerts", by="zhou")}
    if fault == "replayed":
        said = rig.source(
            "--areas", TOWN, "--event", "11B03", "--level", "4", "--text", "蓝", "--fault", fault
        )
        assert len({one["id"] for one in rig.http("/alerts", by="zhou")} - before) <= 1
    else:
        with nothing_done(rig):
            said = send(rig, "--areas", TOWN, "--fault", fault)
    assert said["exit"] == 1 and said["code"] == code and CHINESE.search(said["words"]), said


@pytest.mark.parametrize("kind", ["cap", "ebd"])
@pytest.mark.parametrize("area", ["340422999999", "110000000000"])
def test_an_area_that_does_not_exist_or_is_not_ours_sounds_nowhere(rig, kind, area):
    with nothing_done(rig):
        said = send(rig, "--kind", kind, "--areas", area)
    assert said["exit"] == 1, said
    assert area in str(said) and CHINESE.search(str(said))


def test_a_schedule_with_overlapping_hard_starts_is_refused_with_every_wrong_line(rig, tmp_path):
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 + 86_400))
    with nothing_done(rig), pytest.raises(HttpRefused) as refused:
        rig.command("rundown.submit", {"channel": "fm1", "day": day, "csv": OVERLAPPING}, by="li")
    text = refused.value.body["text"]
    assert refused.value.status == 422
    assert "25:61" in text["en"] or "line 5" in text["en"]
    assert CHINESE.search(text["zh"])
    only = "\n".join(OVERLAPPING.splitlines()[:4]) + "\n"
    with nothing_done(rig), pytest.raises(HttpRefused) as refused:
        rig.command("rundown.submit", {"channel": "fm1", "day": day, "csv": only}, by="li")
    assert "line 3" in refused.value.body["text"]["en"] and "06:00:00" in refused.value.body["text"]["en"]
    path = tmp_path / "day.csv"
    path.write_text(only, encoding="utf-8")
    done = gengfu("plan", str(path), "--settings", str(rig.home / "station.toml"), "--day", day)
    assert done.returncode == 1 and "line 3" in done.stderr and "06:00:00" in done.stderr
    assert CHINESE.search(done.stderr) and "Traceback" not in done.stderr


def test_a_full_disk_stops_daily_work_and_not_what_saves_lives(rig):
    """The station's files may grow no more, as on a full disk: its journal fails, its log fails."""
    said = rig.source(
        "--areas", TOWN, "--event", "11A51", "--level", "1", "--text", "满盘测试", "--minutes", "5"
    )
    assert said["exit"] == 0, said

    def sounding():
        return [
            one for one in rig.http("/alerts?open=true", by="zhou")
            if "满盘测试" in one["text"] and one["counts"]["playing"] == one["counts"]["addressed"] > 0
        ]  # fmt: skip

    (alert,) = rig.wait(sounding, "it sounds")
    pid, before, mark = (
        rig.processes["station"].pid,
        resource.getrlimit(resource.RLIMIT_FSIZE),
        rig.radio.mark(),
    )
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (16_384, before[1]))
    try:
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 + 86_400))
        good = "start,mode,title,media\n06:00:00,hard,x,a.wav\n"
        for _ in range(2):
            with pytest.raises(HttpRefused) as refused:
                rig.command("rundown.submit", {"channel": "fm1", "day": day, "csv": good}, by="li")
            assert refused.value.status == 503, refused.value
            assert "journal" in refused.value.body["text"]["en"] and CHINESE.search(
                refused.value.body["text"]["zh"]
            )
        assert rig.http("/rundowns", by="zhou") is not None
        mute = str(uuid7())
        rig.command("alert.mute", {"mute": mute, "alert": alert["id"], "reason": "满盘"}, by="zhao")
        rig.wait(
            lambda: rig.http(f"/alerts/{alert['id']}", by="zhou")["counts"]["playing"] == 0,
            "it is silent",
            10,
        )
        with pytest.raises(urllib.error.HTTPError) as health:
            rig.health()
        assert health.value.code == 503
        assert not [one for one in rig.journal("alert.muted/1") if one["mute"] == mute]
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    rig.wait(lambda: rig.health()["journal"] == "ok", "there is room again", 20)
    assert [one["reason"] for one in rig.journal("alert.muted/1") if one["mute"] == mute] == ["满盘"]
    assert rig.processes["station"].poll() is None and rig.processes["station"].pid == pid
    rig.command("rundown.submit", {"channel": "fm1", "day": day, "csv": good}, by="li")
    assert rig.radio.missing(mark) == 0
    done = gengfu("journal", "verify", "--state", str(rig.places.state))
    assert done.returncode == 0, done.stderr


# -- before anything runs -----------------------------------------------------------------------


def gengfu(*words, timeout=60):
    return subprocess.run(
        [sys.executable, "-m", "station.cli", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def home(tmp_path):
    """The shipped example's settings, without its media."""
    made = tmp_path / "example"
    made.mkdir()
    for name in ("station.toml", "areas.csv", "terminals.csv", "templates.toml"):
        if (EXAMPLE / name).exists():
            shutil.copy(EXAMPLE / name, made)
    shutil.copytree(EXAMPLE / "rundowns", made / "rundowns")
    return made


def wrong(home):
    path = home / "station.toml"
    text = path.read_text("utf-8")
    for find, put in (
        (r'^area = "\d+"', 'area = "12"'),
        (r"^port = .*", "port = 99999"),
        (r'^id = "[^"]+"', 'id = "x"\nwrong_key = 1'),
        (r'^kind = "(ebd|cap)"', 'kind = "fax"'),
        (r"^chain = .*", "chains = 3"),
    ):
        text, count = re.subn(find, put, text, count=1, flags=re.MULTILINE)
        assert count == 1, find
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("command", ["check", "run", "setup"])
def test_settings_with_five_mistakes_are_told_all_at_once_and_nothing_is_made(home, command):
    path, state = wrong(home), home / "state"
    done = gengfu(command, str(path), *(("--state", str(state)) if command != "check" else ()))
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if CHINESE.search(line)]
    assert len(told) >= 5, done.stderr
    for name in ("area", "port", "wrong_key", "kind", "chain"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert not state.exists()


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(home):
    base = free_base()
    with socket.socket() as held:
        held.bind(("127.0.0.1", base + 1))
        held.listen()
        done = gengfu("run", str(home / "station.toml"), "--state", str(home / "state"), "--port", str(base))
    assert done.returncode == 1
    assert str(base + 1) in done.stderr and "in use" in done.stderr and "占用" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 2
    assert not (home / "state").exists()


@pytest.mark.parametrize("where", ["file/state", "/proc/gengfu", "/dev/null/state"])
@pytest.mark.parametrize("command", ["run", "setup"])
def test_a_state_directory_that_cannot_be_written_is_one_sentence(home, where, command):
    (home / "file").write_text("in the way")
    state = home / where if not where.startswith("/") else where
    done = gengfu(command, str(home / "station.toml"), "--state", str(state), *_port(command))
    assert done.returncode == 1, done
    assert "cannot be written" in done.stderr and "无法写入" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 2
    assert (home / "file").read_text() == "in the way"


def _port(command):
    return ("--port", str(free_base())) if command == "run" else ()


def test_wrong_use_ends_with_two(home):
    assert gengfu("dance").returncode == 2
    assert gengfu().returncode == 2
    assert gengfu("check").returncode == 2
    assert gengfu("check", str(home / "nothing.toml")).returncode == 1
    assert gengfu("run", str(home / "station.toml"), "--port", "x").returncode == 2


def test_the_station_itself_says_which_port_is_taken(rig, tmp_path):
    """Started by hand on the same ports, with a state directory of its own."""
    state = tmp_path / "state"
    shutil.copytree(
        rig.places.state, state, ignore=shutil.ignore_patterns("*.db*", "run", "logs", "chains", "hls")
    )
    (state / "run").mkdir()
    words = list(rig.argv["station"][3:])
    words[words.index("--state") + 1] = str(state)
    done = gengfu(*words, timeout=30)
    assert done.returncode == 1, done.stderr
    assert f"port {rig.ports.ingest}" in done.stderr and "占用" in done.stderr
    assert "Traceback" not in done.stderr
    assert rig.health()["ok"]
