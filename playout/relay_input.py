"""Receives one member of a relay and writes its sound into the member's ring, in a process of its own: whatever a stream does to a decoder ends that process alone. Knows libav, a wire and a ring; knows no plan and no other member."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import av

from playout.conversion import columns, values
from playout.linear_input import receive_linear
from playout.relay_rings import MemberRing
from playout.scte35 import TICKS, WHATS, WRAP, Marker, after, markers
from station import children
from station.relay_sources import Source, is_group
from station.secret_files import srt_takes
from station.words import SAMPLE_RATE, Misheard, Refused

OPENING: Final = 5.0  # s until a source must have answered
READING: Final = 3.0  # s without a byte after which it is opened anew
SEGMENT: Final = 15.0  # the same on the web: segments of HLS come every ten seconds at most
PAUSE: Final = (0.3, 1.0, 3.0)  # s before the next attempt; the last again and again
WORN: Final = 200  # connections after which the process ends and a fresh one takes its place
SLACK: Final = (
    SAMPLE_RATE // 250
)  # samples (4 ms) by which time stamps may be off and still go on from each other
LONGEST: Final = 2 * SAMPLE_RATE  # a longer hole in the time stamps is another beginning
SOONEST: Final = 60 * SAMPLE_RATE  # a marker that speaks of what is farther away is a mistake
SRT: Final = "srt-live-transmit"
_FORMATS: Final = "mp3,aac,ogg,flac,mpegts,hls,mov,matroska"
_WEB: Final = "http,https,tcp,tls,crypto,httpproxy"
_PROBE: Final = {"probesize": "262144", "analyzeduration": "1000000"}


@attrs.frozen(kw_only=True)
class Wire:
    """How libav opens a source: address (None: what a helper writes), format and options."""

    url: str | None
    format: str | None = None
    options: dict[str, str] = attrs.field(factory=dict)
    reading: float = READING


def wire_of(source: Source, via: str) -> Wire:
    """The wire of a source; `via`: address of the net on which groups are joined."""
    if source.scheme in ("http", "https"):
        kept = {"protocol_whitelist": _WEB, "format_whitelist": _FORMATS, "user_agent": "gengfu"}
        if source.scheme == "https":  # of itself libav believes any certificate
            kept |= {"tls_verify": "1", "ca_file": ssl.get_default_verify_paths().cafile or ""}
        return Wire(url=source.text, options={**_PROBE, **kept}, reading=SEGMENT)
    if source.scheme == "alsa":
        return Wire(
            url=source.host, format="alsa", options={"sample_rate": str(SAMPLE_RATE), "channels": "2"}
        )
    if source.scheme == "srt":
        return Wire(url=None, format="mpegts", options=_PROBE)
    where = f"{source.scheme}://{source.host}:{source.port}"
    local = f"localaddr={via}" if is_group(source.host) else ""
    kept = {"protocol_whitelist": "udp,rtp"}
    if source.scheme == "udp":
        words = "&".join(filter(None, (local, "overrun_nonfatal=1", "fifo_size=2048")))
        return Wire(url=f"{where}?{words}", format="mpegts", options={**_PROBE, **kept})
    return Wire(url=f"{where}?{local}" if local else where, format="rtp", options={**_PROBE, **kept})


@attrs.define
class Line:
    """Whether what comes goes on from what came: by the sources' time stamps."""

    expected: int | None = None  # the sample with which the next piece should begin

    def gap(self, at: int | None, count: int) -> int | None:
        """Samples missing before a piece of `count` whose time stamp says `at`; None where it does not go on from the one before."""
        if at is None:
            self.expected = None if self.expected is None else self.expected + count
            return 0
        missing = 0 if self.expected is None else at - self.expected
        if abs(missing) <= SLACK:
            self.expected = at + count if self.expected is None else self.expected + count
            return 0
        self.expected = at + count
        return missing if 0 < missing <= LONGEST else None

    def until(self, marker: Marker) -> int | None:
        """Samples from the one expected next to the one of which a marker speaks; None where that cannot be, or is not known."""
        if marker.pts is None:
            return 0
        if self.expected is None:
            return None
        away = after(marker.pts, self.expected * TICKS // SAMPLE_RATE % WRAP) * SAMPLE_RATE // TICKS
        return away if abs(away) <= SOONEST else None


def serve_member(
    ring: MemberRing,
    source: Source,
    via: str,
    monotonic: Callable[[], int],
    sleep: Callable[[float], None],
    worn: int = WORN,
    secret: Callable[[], str] = str,
) -> None:
    """A receiver process: opens the source again and again, `worn` times; `sleep` rests and shows life. `secret` reads the passphrase of SRT."""
    said = ""
    for attempt in range(worn):
        before = ring.written
        try:
            receive(ring, source, via, monotonic, sleep, secret() if source.scheme == "srt" else "")
            why = "the source ended"
        except (OSError, av.FFmpegError, Refused, ValueError) as error:
            why = str(error).replace(source.text, source.shown)
        if why != said:
            sys.stderr.write(f"relay: {source.shown}: {why[:200]}\n")
        said = why
        tried = 0 if ring.written > before else attempt
        sleep(PAUSE[min(tried, len(PAUSE) - 1)])


def receive(
    ring: MemberRing,
    source: Source,
    via: str,
    monotonic: Callable[[], int],
    sleep: Callable[[float], None],
    secret: str = "",
) -> None:
    """One connection, until it ends; `secret`: passphrase of SRT; raises what libav raises, Refused where there is no sound in it."""
    if source.scheme in ("l16", "l24"):
        receive_linear(ring, source, via, monotonic, sleep)
        return
    with _opened(source, wire_of(source, via), secret) as container:
        sleep(0)
        if not container.streams.audio:
            raise Refused("there is no sound in it", "其中没有音频")
        ring.begin()
        line = Line()
        for at, pcm in _pieces(container, sleep, lambda section: heed(ring, line, section)):
            # what a sound card gives goes on by itself; its stamps are of this machine's clock, which runs otherwise
            missing = line.gap(at if source.scheme != "alsa" else None, len(pcm))
            if missing is None:
                ring.begin()
            elif missing:
                ring.pause(missing, monotonic())
            ring.write(pcm, monotonic())


def heed(ring: MemberRing, line: Line, section: bytes) -> None:
    """Note what splice information says; what is damaged or encrypted says nothing."""
    try:
        found = markers(section)
    except Misheard:
        return
    for one in found:
        away = line.until(one)
        if away is not None:
            ring.mark(ring.written + away, WHATS.index(one.what))


@contextlib.contextmanager
def _opened(source: Source, wire: Wire, secret: str) -> Iterator[Any]:
    if source.scheme == "alsa":  # the wheel's library looks for it where it was built
        os.environ.setdefault("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf")
    if wire.url is not None:
        with av.open(
            wire.url, format=wire.format, options=dict(wire.options), timeout=(OPENING, wire.reading)
        ) as container:
            yield container
        return
    with (
        helper(source, secret) as pipe,
        av.open(pipe, format=wire.format, options=dict(wire.options)) as container,
    ):
        yield container


@contextlib.contextmanager
def helper(source: Source, secret: str) -> Iterator[Any]:
    """What a program of the system receives by SRT, as it writes it; it ends with us. Refused where none is installed."""
    words, told = srt_command(source, secret)
    guarded = [sys.executable, str(Path(children.__file__)), "guard", str(os.getpid()), *words]
    with subprocess.Popen(  # its words come from checked settings, no shell reads them
        guarded, stdout=subprocess.PIPE, stdin=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError):  # it ended already, and what it wrote says so
                process.stdin.write(told)
            process.stdin.close()
            yield process.stdout
        finally:
            process.kill()


def srt_command(source: Source, secret: str) -> tuple[list[str], bytes]:
    """The program with its words, and what it is to read from its standard input. A passphrase is never among the words, for other users of the machine see them."""
    if secret and not srt_takes(secret):
        raise Refused("SRT takes passphrases of 10 to 79 characters", "SRT 口令应为 10 至 79 个字符")
    if not secret and shutil.which(SRT) is not None:
        return [SRT, "-q", source.text, "file://con"], b""
    if shutil.which("ffmpeg") is None:
        name = "ffmpeg" if secret else SRT
        raise Refused(f"{name} is not installed", f"未安装 {name}")
    told = ["ffconcat version 1.0", f"file {quoted(source.text)}"]
    told += [f"option passphrase {quoted(secret)}"] if secret else []
    reads = "-v quiet -protocol_whitelist fd,pipe,file,srt -f concat -safe 0 -i pipe:0"
    return ["ffmpeg", *f"{reads} -map 0:a -c copy -f mpegts pipe:1".split()], "\n".join([*told, ""]).encode()


def quoted(text: str) -> str:
    """A word as ffmpeg's lists of files have it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _pieces(
    container: Any, sleep: Callable[[float], None], on_section: Callable[[bytes], None]
) -> Iterator[tuple[int | None, Any]]:
    """(time stamp in samples, 24-bit stereo samples at 48 kHz), piece by piece; what cannot be decoded is left out. Splice information is handed on."""
    stream = container.streams.audio[0]
    spliced = [one for one in container.streams.data if one.name == "scte_35"]
    resampler = av.AudioResampler(format="s32", layout="stereo", rate=SAMPLE_RATE)
    for packet in container.demux(stream, *spliced):
        sleep(0)
        if packet.stream is not stream:
            on_section(bytes(packet))
            continue
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue  # lost or damaged on its way: the time stamps say how much
        for frame in frames:
            for made in resampler.resample(frame):
                base = made.time_base
                at = None if made.pts is None or base is None else round(made.pts * base * SAMPLE_RATE)
                yield at, values(columns(made), "s32")


__all__ = ["Line", "Wire", "helper", "receive", "serve_member", "wire_of"]
