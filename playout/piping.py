"""Pushes a channel's transport stream over SRT by a program of the system, through a pipe that nobody waits for. Knows programs and pipes; knows no SRT."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from playout.ts_ring import Follower
from playout.ways import REST, Gone, Way
from station import children
from station.outputs import srt_programs, target
from station.secret_files import srt_takes

SETTLES: Final = 5_000_000_000  # ns after which a program that still runs has reached its receiver
STALLED: Final = 10_000_000_000  # ns in which it took nothing
LATENCY: Final = 120  # ms, SRT's own default
_PIPE: Final = 64 << 10  # bytes


def push_srt(way: Way) -> None:
    """One run of the program, until it ends or takes nothing (Gone)."""
    secret = passphrase(way)
    program = next(
        (name for name in srt_programs(secret=bool(way.section.secret_file)) if shutil.which(name)), None
    )
    if program is None:
        raise Gone("program")
    with Carrier(way, command(way, program), secret) as carrier:
        while True:
            carrier.turn()
            way.rest(REST)


def passphrase(way: Way) -> str:
    """What the stream is encrypted with, or empty; Gone where SRT would not take it."""
    secret = way.secret()
    if way.section.secret_file and not srt_takes(secret):
        raise Gone("secret")
    return secret


def command(way: Way, program: str) -> list[str]:
    """The program with its words; it reads the stream from its standard input. No secret is among them: other users see them."""
    place = target(way.section)
    assert place is not None  # the rules of the settings have said so
    latency, name = int(place.word("latency") or LATENCY), place.word("streamid")
    words = ["mode=caller", *([f"streamid={quote(name, safe='')}"] if name else [])]
    if program == "ffmpeg":
        words += [f"latency={latency * 1_000}", "pkt_size=1316"]  # there in µs
        reads = "-f mpegts -probesize 65536 -analyzeduration 500000 -i pipe:0 -map 0 -c copy -f mpegts"
        address = f"srt://{place.host}:{place.port}?{'&'.join(words)}"
        return [program, "-v", "quiet", "-nostdin", *reads.split(), address]
    words += [f"latency={latency}", *([f"adapter={way.via}"] if way.via != "127.0.0.1" else [])]
    address = f"srt://{place.host}:{place.port}?{'&'.join(words)}"
    return [program, "-q", "-a:no", "-chunk:1316", "-loglevel:fatal", "file://con", address]


def told(words: Sequence[str], pipe: int) -> list[str]:
    """ffmpeg's words, the last of them its destination, with options of it to be read from a pipe (a preset file)."""
    return [*words[:-1], "-fpre", f"/dev/fd/{pipe}", words[-1]]


class Carrier:
    """The program, and the pipe to it: what it does not take in time is dropped and counted."""

    def __init__(self, way: Way, words: Sequence[str], secret: str = "") -> None:
        self._way, self._stream = way, Follower(way.ts)
        self._rest = b""  # of what it took a part of
        self._process = _started(words, secret)
        assert self._process.stdin is not None
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)
        self._began = self._moved = way.monotonic()

    def __enter__(self) -> Carrier:
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def turn(self) -> None:
        """Give it what is there; Gone where it ended, or takes nothing any more."""
        now, ns = self._way.now(), self._way.monotonic()
        if self._process.poll() is not None:
            raise Gone("timeout" if ns - self._began < SETTLES else "closed")
        before = self._stream.lost
        self._give()
        self._way.gauge.lost(self._stream.lost - before, now)
        if ns - self._moved > STALLED:
            raise Gone("stalled")
        if ns - self._began > SETTLES:
            self._way.gauge.up(now)

    def _give(self) -> None:
        while data := self._rest or self._stream.more(_PIPE):
            try:
                count = os.write(self._pipe, data)
            except BlockingIOError:
                self._rest = data
                self._stream.catch_up()
                return
            except BrokenPipeError:
                return  # that it ended is seen when it is looked at
            self._rest = data[count:]
            self._moved = self._way.monotonic()
            self._way.gauge.sent(count)


def _started(words: Sequence[str], secret: str) -> subprocess.Popen[bytes]:
    """Its words come from checked settings, no shell reads them; a secret goes to it through a pipe."""
    ours, theirs = os.pipe()
    try:
        if secret:
            os.write(theirs, f"passphrase={secret}\n".encode())
            words = told(words, ours)
        return subprocess.Popen(
            [sys.executable, str(Path(children.__file__)), "guard", str(os.getpid()), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(ours,) if secret else (),
        )
    finally:
        os.close(theirs)
        os.close(ours)
