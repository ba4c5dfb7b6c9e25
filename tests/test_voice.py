"""Speech: each text once, a bounded number at once, and a child that may die without harm."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from emergency import voice
from emergency.voice import AT_ONCE, MOST_WAITING, PATIENCE_S, Voice, key_of, main
from emergency.voice_child import measure
from emergency.voice_job import Job
from schedules.plan import Medium
from station.children import PARENT
from station.settings import Places
from station.wire import to_plain
from station.words import Misheard, Refused, Sha256

ROOT = Path(__file__).resolve().parent.parent


class Process:
    """A child that was asked for, and what was done to it."""

    def __init__(self, protocol: Any) -> None:
        self.protocol, self.written, self.killed = protocol, b"", False
        self.ended = False

    def write(self, data: bytes) -> None:
        self.written += data

    def closeStdin(self) -> None:
        pass

    def signalProcess(self, name: str) -> None:
        if self.ended:
            raise ProcessExitedAlready
        assert name == "KILL"
        self.killed = True

    @property
    def job(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.written)
        return found

    def answers(self, code: int | None = 0, out: bytes | None = None, content: bytes = b"flac") -> None:
        sha = hashlib.sha256(content).hexdigest()
        said = {"sha256": sha, "samples": 48_000, "loudness_centi_lufs": -1800, "true_peak_centi_db": -200}
        if code == 0 and out is None:
            Path(self.job["out"]).write_bytes(content)
        self.protocol.outReceived(json.dumps(said).encode() if out is None else out)
        self.ended = True
        reason = ProcessDone(0) if code == 0 else ProcessTerminated(code, None if code is not None else 9)
        self.protocol.processEnded(Failure(reason))


class Reactor(Clock):
    """A clock that also records the children asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Process] = []

    def spawnProcess(self, protocol: Any, executable: str, args: list[str], env: dict[str, str]) -> Process:
        assert env[PARENT] == str(os.getpid()) and args[0] == executable
        process = Process(protocol)
        self.processes.append(process)
        protocol.transport = process
        protocol.connectionMade()
        return process


def got(deferred: Deferred[Medium]) -> Any:
    found: list[Any] = []
    deferred.addBoth(lambda result: found.append(result) or result)
    deferred.addErrback(lambda _: None)
    return found[0] if found else None


@pytest.fixture
def kit(tmp_path: Path) -> tuple[Reactor, Voice, Places]:
    reactor, places = Reactor(), Places(tmp_path)
    return reactor, Voice(reactor, places), places


Kit = tuple[Reactor, Voice, Places]


def test_a_text_becomes_a_medium_in_the_house(kit: Kit) -> None:
    reactor, speech, places = kit
    wanted = speech.speak("a1", "山洪\x00", "actual", 1)
    (child,) = reactor.processes
    assert {name: child.job[name] for name in ("text", "voice", "kind", "level", "tone")} == {
        "text": "山洪", "voice": "cmn", "kind": "actual", "level": 1, "tone": True,
    }  # fmt: skip
    child.answers()
    medium = got(wanted)
    assert medium.samples == 48_000
    assert places.medium(medium.sha256).read_bytes() == b"flac"
    assert medium.path == f"{medium.sha256[:2]}/{medium.sha256}.flac"
    assert not reactor.getDelayedCalls()
    assert not Path(child.job["out"]).exists()


def test_the_same_text_is_made_once(kit: Kit) -> None:
    reactor, speech, places = kit
    first, second = speech.speak("a1", "山洪", "actual", 1), speech.speak("a2", "山洪", "actual", 1)
    assert len(reactor.processes) == 1
    reactor.processes[0].answers()
    assert got(first) == got(second)
    assert got(speech.speak("a3", "山洪", "actual", 1)).sha256 == got(first).sha256
    assert got(Voice(reactor, places).speak("a4", "山洪", "actual", 1)).samples == 48_000
    assert len(reactor.processes) == 1


def test_another_kind_level_voice_or_text_is_another_sound(kit: Kit) -> None:
    keys = {
        key_of(*asked)
        for asked in (
            ("a", "cmn", "actual", 1), ("b", "cmn", "actual", 1), ("a", "yue", "actual", 1),
            ("a", "cmn", "drill", 1), ("a", "cmn", "actual", 2),
        )
    }  # fmt: skip
    assert len(keys) == 5


def test_a_lost_house_file_is_made_again(kit: Kit) -> None:
    reactor, speech, places = kit
    wanted = speech.speak("a1", "山洪", "actual", 1)
    reactor.processes[0].answers()
    places.medium(got(wanted).sha256).unlink()
    speech.speak("a1", "山洪", "actual", 1)
    assert len(reactor.processes) == 2


def test_two_are_made_at_once_and_the_rest_wait_up_to_a_bound(kit: Kit) -> None:
    reactor, speech, _ = kit
    wanted = [speech.speak("a", f"第{k}号", "actual", 1) for k in range(AT_ONCE + MOST_WAITING + 1)]
    assert len(reactor.processes) == AT_ONCE
    refused = got(wanted[-1])
    assert refused.check(Refused) and refused.value.code == "busy"
    reactor.processes[0].answers()
    assert len(reactor.processes) == AT_ONCE + 1
    speech.stop()
    reactor.processes[1].answers(content=b"other")
    assert len(reactor.processes) == AT_ONCE + 1


def test_a_child_that_hangs_is_killed_and_the_next_is_served(kit: Kit) -> None:
    reactor, speech, _ = kit
    wanted = [speech.speak("a", f"第{k}号", "actual", 1) for k in range(AT_ONCE + 1)]
    reactor.advance(PATIENCE_S)
    assert [process.killed for process in reactor.processes] == [True] * AT_ONCE
    reactor.processes[0].answers(code=None, out=b"")
    failure = got(wanted[0])
    assert failure.check(Misheard) and "killed" in failure.value.text.en
    assert len(reactor.processes) == AT_ONCE + 1
    voice._kill(reactor.processes[0])  # gone already: no harm


def test_what_the_child_refuses_is_refused_in_its_words(kit: Kit) -> None:
    reactor, speech, _ = kit
    wanted = speech.speak("a", "山洪", "actual", 1)
    reactor.processes[0].answers(code=1, out='{"en": "No.", "zh": "不。", "code": "voice"}'.encode())
    failure = got(wanted)
    assert failure.check(Refused) and (failure.value.code, failure.value.text.zh) == ("voice", "不。")


def test_a_child_that_talks_nonsense_is_misheard(kit: Kit) -> None:
    reactor, speech, _ = kit
    for k, (code, out) in enumerate([(0, b"{"), (0, b'{"sha256": 1}'), (1, b"[]"), (0, b"x" * (1 << 17))]):
        wanted = speech.speak("a", f"第{k}号", "actual", 1)
        reactor.processes[-1].protocol.errReceived(b"Traceback\nBoom")
        reactor.processes[-1].answers(code=code, out=out)
        failure = got(wanted)
        assert failure.check(Misheard) and "Boom" in failure.value.text.en


def test_a_full_disk_is_said_in_words(kit: Kit) -> None:
    reactor, speech, places = kit
    wanted = speech.speak("a", "山洪", "actual", 1)
    places.media.write_text("a file where the directory should be")
    reactor.processes[0].answers()
    failure = got(wanted)
    assert failure.check(Refused) and failure.value.code == "disk"


def test_hostile_texts_never_reach_a_child(kit: Kit) -> None:
    reactor, speech, _ = kit
    assert got(speech.speak("a", "雨" * 10_000, "actual", 1)).value.code == "toolong"
    assert got(speech.speak("a", "\x00", "actual", 1)).value.code == "empty"
    assert got(speech.speak("a", "雨", "joke", 1)).check(Refused)
    assert reactor.processes == []


# --- the real engine, always in a child: it does not bear being started twice in one process


def child(stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "emergency.voice_child"],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        timeout=30,
        check=False,
    )


def spoke(text: str, out: Path, **more: Any) -> dict[str, Any]:
    done = child(json.dumps(to_plain(Job(text=text, out=str(out), **more))).encode())
    assert done.returncode == 0, done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("flac", 48_000, 2)
        assert stream.codec_context.format.name == "s32"
        return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(stream)]) >> 8


def test_real_speech_is_in_house_format_at_its_loudness(tmp_path: Path) -> None:
    out = tmp_path / "a.flac"
    spoken = spoke("寿县气象局发布暴雨红色预警,请立即转移。", out, level=1)
    sound = decoded(out)
    assert len(sound) == spoken["samples"]
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert spoken["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    loudness, peak = measure(sound[:, 0] / 2**23)
    assert abs(loudness + 18) < 1.5 and peak <= -1
    assert abs(loudness * 100 - spoken["loudness_centi_lufs"]) < 20
    assert spoken == spoke(
        "寿县气象局发布暴雨红色预警,请立即转移。", out, level=1
    )  # the same job, the same file


def test_the_tone_stands_before_and_more_text_is_longer(tmp_path: Path) -> None:
    def samples(text: str, *, tone: bool = False) -> int:
        return int(spoke(text, tmp_path / "x.flac", level=1, tone=tone)["samples"])

    bare = samples("请转移")
    assert samples("请转移", tone=True) - bare > 4 * 48_000
    assert samples("请转移请转移请转移") > 1.5 * bare
    assert samples("Leave now") > 10_000
    assert samples("<speak>停<break time='60s'/></speak>") < 20 * 48_000  # markup is not obeyed


def test_the_command_speaks_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.flac"
    assert main(["山洪预警", "--out", str(out), "--kind", "drill"]) == 0
    said = capsys.readouterr().out
    assert f"{len(decoded(out))} samples" in said and hashlib.sha256(out.read_bytes()).hexdigest() in said
    for wrong, code in (
        (["山", "--out", str(out), "--voice", "zz9"], "voice"),
        (["山", "--out", "/none/x"], "refused"),
    ):
        with pytest.raises(Refused) as refused:
            main(wrong)
        assert refused.value.code == code
    assert list(tmp_path.iterdir()) == [out]


def test_the_child_answers_a_job_that_is_none_with_a_sentence() -> None:
    for job in (b"", b"{}", b'{"text": 1}', b"\xff"):
        done = child(job)
        assert done.returncode == 1 and json.loads(done.stdout)["code"] == "misheard"
    done = child(json.dumps({"text": "", "out": "/x"}).encode())
    assert done.returncode == 1 and json.loads(done.stdout)["code"] == "empty"


SERVE = """
import sys
from pathlib import Path
from twisted.internet import reactor
from emergency.voice import Voice
from station.settings import Places

def done(result):
    print(getattr(result, "sha256", result), getattr(result, "samples", ""), flush=True)
    reactor.stop()

reactor.callWhenRunning(lambda: Voice(reactor, Places(Path(sys.argv[1]))).speak("a", "请转移", "actual", 1).addBoth(done))
reactor.run()
"""


def test_the_service_speaks_over_a_real_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
        check=True,
    )
    sha256, samples = done.stdout.split()
    assert len(decoded(Places(tmp_path).medium(Sha256(sha256)))) == int(samples)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(check: Callable[[], bool]) -> bool:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if check():
            return True
        time.sleep(0.02)
    return False


def test_the_child_dies_with_its_parent() -> None:
    code = (
        "import os, subprocess, sys\n"
        f"env = {{**os.environ, '{PARENT}': str(os.getpid())}}\n"
        "c = subprocess.Popen([sys.executable, '-m', 'emergency.voice_child'], stdin=subprocess.PIPE, env=env)\n"
        "print(c.pid, flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    armed = until(lambda: b"voice_child" in Path(f"/proc/{pid}/cmdline").read_bytes())
    assert armed and not gone(pid)
    time.sleep(0.5)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert until(lambda: gone(pid))
