"""Speech as a service: a text becomes an approved-to-be medium in house format, made by a child process, kept by what it was made of. Knows no alert's state."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from emergency.messages import AlertKind
from emergency.spoken import compose, speakable
from emergency.voice_job import Job, Spoken
from schedules.plan import Medium
from station.arguments import Parser
from station.children import PARENT
from station.files import write_whole
from station.oserrors import os_zh
from station.settings import Places
from station.wire import canonical, lenient, to_plain
from station.words import Misheard, Refused, Sha256

ENGINE: Final = (
    "espeak-ng/1"  # the number counts changes of tone, wording rules and levels; part of what is cached
)
AT_ONCE: Final = 2
MOST_WAITING: Final = 64
PATIENCE_S: Final = 60
_MOST_OUTPUT: Final = 1 << 16
_KINDS: Final[dict[str, AlertKind]] = {"actual": "actual", "drill": "drill", "daily": "daily"}
_COMMAND: Final = (sys.executable, "-m", "emergency.voice_child")


def key_of(text: str, voice: str, kind: str, level: int) -> Sha256:
    """What a piece of speech is kept under: the SHA-256 of engine, voice, text, kind and level."""
    body = {"engine": ENGINE, "voice": voice, "text": text, "kind": kind, "level": level}
    return Sha256(hashlib.sha256(canonical(body).encode()).hexdigest())


@attrs.define(eq=False)
class _Wanted:
    key: Sha256
    job: Job
    title: str
    waiting: list[Deferred[Medium]]


class _Child(ProcessProtocol):
    """One run of `emergency.voice_child`: what it said, and how it ended."""

    def __init__(self, job: Job, done: Deferred[Spoken]) -> None:
        self._job, self._done = job, done
        self._out, self._err = b"", b""

    def connectionMade(self) -> None:  # noqa: N802
        """Give it its job."""
        transport: Any = self.transport
        transport.write(json.dumps(to_plain(self._job)).encode())
        transport.closeStdin()

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """Keep what it says, up to a bound."""
        self._out = (self._out + data)[:_MOST_OUTPUT]

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """Keep the end of its complaints."""
        self._err = (self._err + data)[-2048:]

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """It is gone."""
        ended: Any = reason.value
        try:
            self._done.callback(_answer(ended.exitCode, self._out, self._err))
        except (Refused, Misheard) as error:
            self._done.errback(Failure(error))  # type: ignore[no-untyped-call]


def _answer(code: int | None, out: bytes, err: bytes) -> Spoken:
    """What a child that ended with `code` (None: killed) made; raises what it refused, or Misheard."""
    try:
        said = json.loads(out)
        if code == 0:
            return lenient.structure(said, Spoken)
        raise Refused(said["en"], said["zh"], code=said["code"])
    except (ValueError, KeyError, TypeError, cattrs.BaseValidationError):
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:] or [
            "killed" if code is None else f"exit {code}"
        ]
        raise Misheard(
            f"The speech engine broke off: {last[0][:200]}",
            f"语音引擎异常退出:{last[0][:200]}",
            code="engine",
        ) from None


class Voice:
    """Makes speech, two pieces at a time, each one once. `reactor` spawns processes and has `callLater`."""

    def __init__(
        self, reactor: Any, places: Places, voice: str = "cmn", *, command: tuple[str, ...] = _COMMAND
    ) -> None:
        self._reactor, self._places, self._voice, self._command = reactor, places, voice, command
        self._making: dict[Sha256, _Wanted] = {}
        self._queue: deque[_Wanted] = deque()
        self._running = 0

    def speak(self, alert: str, text: str, kind: str, level: int) -> Deferred[Medium]:
        """The medium of `text` with its attention tone. Fails with Refused (a text that cannot be spoken, too much
        waiting) or Misheard (the engine broke off)."""
        try:
            words = speakable(text)
        except Refused as error:
            return fail(error)
        sort = _KINDS.get(kind)
        if sort is None:
            return fail(Refused(f"There is no kind {kind!r} of alert.", f"没有 {kind!r} 这种预警类别。"))
        key = key_of(words, self._voice, sort, level)
        kept = self._kept(key)
        if kept is not None:
            return succeed(kept)
        made: Deferred[Medium] = Deferred()
        if key in self._making:
            self._making[key].waiting.append(made)
            return made
        if len(self._queue) >= MOST_WAITING:
            return fail(Refused("Too many texts wait to be spoken.", "等待合成的文本过多。", code="busy"))
        job = Job(text=words, out=str(self._part(key)), voice=self._voice, kind=sort, level=level)
        self._making[key] = _Wanted(key=key, job=job, title=f"speech {alert}", waiting=[made])
        self._queue.append(self._making[key])
        self._next()
        return made

    def stop(self) -> None:
        """Begin nothing more; children that run die with this process."""
        self._queue.clear()
        self._running = AT_ONCE

    def _next(self) -> None:
        while self._queue and self._running < AT_ONCE:
            self._begin(self._queue.popleft())

    def _begin(self, wanted: _Wanted) -> None:
        self._running += 1
        Path(wanted.job.out).parent.mkdir(parents=True, exist_ok=True)
        done: Deferred[Spoken] = Deferred()
        environment = {**os.environ, PARENT: str(os.getpid())}
        process = self._reactor.spawnProcess(
            _Child(wanted.job, done), self._command[0], list(self._command), env=environment
        )
        timeout = self._reactor.callLater(PATIENCE_S, _kill, process)
        done.addBoth(self._ended, wanted, timeout)

    def _ended(self, result: Spoken | Failure, wanted: _Wanted, timeout: Any) -> None:
        if timeout.active():
            timeout.cancel()
        self._running -= 1
        del self._making[wanted.key]
        outcome: Medium | Failure
        try:
            outcome = result if isinstance(result, Failure) else self._keep(wanted, result)
        except OSError as error:
            outcome = Failure(  # type: ignore[no-untyped-call]
                Refused(
                    f"Speech cannot be stored: {error.strerror}.",
                    f"语音无法保存:{os_zh(error)}。",
                    code="disk",
                )
            )
        Path(wanted.job.out).unlink(missing_ok=True)
        for made in wanted.waiting:
            made.callback(outcome)  # a Failure makes it fail
        self._next()

    def _keep(self, wanted: _Wanted, spoken: Spoken) -> Medium:
        house = self._places.medium(spoken.sha256)
        house.parent.mkdir(parents=True, exist_ok=True)
        Path(wanted.job.out).replace(house)
        medium = Medium(
            sha256=spoken.sha256, samples=spoken.samples, path=_relative(spoken.sha256), title=wanted.title
        )
        write_whole(self._note(wanted.key), json.dumps(to_plain(medium), ensure_ascii=False))
        return medium

    def _kept(self, key: Sha256) -> Medium | None:
        try:
            medium = lenient.structure(json.loads(self._note(key).read_text(encoding="utf-8")), Medium)
        except (OSError, ValueError, TypeError, cattrs.BaseValidationError):
            return None
        return medium if self._places.medium(medium.sha256).is_file() else None

    def _note(self, key: Sha256) -> Path:
        return self._places.state / "voice" / f"{key}.json"

    def _part(self, key: Sha256) -> Path:
        return self._places.state / "voice" / f"{key}.part.flac"


def _kill(process: Any) -> None:
    try:
        process.signalProcess("KILL")
    except ProcessExitedAlready:
        return


def _relative(sha256: Sha256) -> str:
    return f"{sha256[:2]}/{sha256}.flac"


def main(argv: list[str]) -> int:
    """`gengfu speak TEXT --out F.flac`: 0, or 1 with the refusal."""
    parser = Parser(prog="gengfu speak", description="speak a text into a file · 把文字合成为语音文件")
    parser.add_argument(
        "text", metavar="TEXT", help="what to say; - reads standard input · 要播报的文字,- 为标准输入"
    )
    parser.add_argument(
        "--out", required=True, metavar="F.flac", help="FLAC, 48 kHz, stereo, 24 bit · 输出文件"
    )
    parser.add_argument("--voice", default="cmn", help="espeak-ng voice · 发音人 (cmn)")
    parser.add_argument(
        "--kind", choices=("actual", "drill", "daily"), default="daily", help="which tone · 提示音类别"
    )
    parser.add_argument("--level", type=int, choices=range(5), default=0, help="1 red … 4 blue · 级别")
    parser.add_argument("--no-tone", action="store_true", help="speech alone · 不加提示音")
    asked = parser.parse_args(argv)
    out = Path(asked.out)
    if not out.parent.is_dir():
        raise Refused(f"There is no directory {out.parent}.", f"目录 {out.parent} 不存在。")
    text = sys.stdin.read() if asked.text == "-" else asked.text
    with tempfile.TemporaryDirectory(dir=out.parent) as room:
        job = Job(
            text=text,
            out=str(Path(room) / "speech.flac"),
            voice=asked.voice,
            kind=asked.kind,
            level=asked.level,
            tone=not asked.no_tone,
        )
        spoken = _run_child(job)
        Path(job.out).replace(out)
    seconds = f"{spoken.samples // 48_000}.{spoken.samples % 48_000 * 1000 // 48_000:03d}"
    sys.stdout.write(
        f"{out}: {seconds} s, {spoken.samples} samples, {_tenths(spoken.loudness_centi_lufs)} LUFS, "
        f"{_tenths(spoken.true_peak_centi_db)} dBTP\nsha256 {spoken.sha256}\n"
    )
    return 0


def _tenths(centi: int) -> str:
    return f"{centi / 100:.1f}"


def _run_child(job: Job) -> Spoken:
    done = subprocess.run(
        _COMMAND,
        input=json.dumps(to_plain(job)).encode(),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, PARENT: str(os.getpid())},
    )
    return _answer(done.returncode if done.returncode >= 0 else None, done.stdout, done.stderr)


__all__ = ["ENGINE", "Voice", "compose", "key_of", "main"]
