"""The television side of the witness: the eye as a real process on loopback, records, one delivery for sound and picture."""

import socket
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import ts_kit
from picture_kit import K0, RASTER, Chunks, Studio, film, film_frame, grids_only, plan_of, take
from twisted.internet.task import Clock

from playout.tv_encoder import Mux, PictureEncoder
from safety.eye_child import PICTURE, STATE, Decoder, Eye, dropped, listen
from safety.grids import COLS, ROWS
from safety.judge import Version
from safety.messages import SLOT, SlotRun
from safety.points import point_of
from safety.reel import Reel
from safety.seeing import Eyes
from safety.slots import Limits
from safety.television import Delivery, SoundLog, SoundOutbox
from safety.tspackets import Coded
from safety.watch import Link
from safety.watch_picture import SEEN, PictureWatch
from schedules.raster import FRAME, sample_of
from station.settings import ChannelSection, Settings, StationSection
from station.words import SampleIndex


def stream(frames: int) -> list[bytes]:
    """The encoder's own datagrams of a moving film."""
    import av

    chunks, encoder = Chunks(), PictureEncoder(RASTER)
    with av.open(
        chunks, "w", format="mpegts", container_options=ts_kit.OPTIONS, buffer_size=1316
    ) as container:
        mux = Mux(container, RASTER, ("mp2", "s16", 192_000), ts_kit.SHIFT)
        for n in range(frames):
            unit = encoder.encode(K0 + n, film_frame(n, 1), fresh=n % 25 == 0)
            mux.write(unit, np.zeros((FRAME, 2), np.int16))
    return chunks.taken()


@pytest.fixture(scope="module")
def datagrams() -> list[bytes]:
    return stream(60)


def records(data: bytes) -> list[tuple]:
    made, at = [], 0
    while at < len(data):
        form = PICTURE if data[at : at + 1] == b"P" else STATE
        if at + form.size > len(data):
            break
        made.append(form.unpack_from(data, at))
        at += form.size
    return made


def test_the_eye_tells_every_picture_with_its_stamp_and_counts_packets(datagrams) -> None:
    now, said = [sample_of(K0)], []
    with listen("127.0.0.1", 0) as udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        eye = Eye(udp, lambda: now[0], said.append)
        for number, datagram in enumerate(datagrams):
            sender.sendto(datagram, udp.getsockname())
            if number % 30 == 0:
                now[0] += 6_000
                eye.look()
        now[0] += 24_000
        eye.look()
    found = records(b"".join(said))
    pictures = [one for one in found if one[0] == b"P"]
    assert [one[1] for one in pictures] == [(K0 + n) * 3_600 % (1 << 33) for n in range(len(pictures))]
    assert len(pictures) >= 55
    states = [one for one in found if one[0] == b"S"]
    assert states[-1][2] == 7 * len(datagrams) or states[-1][2] == sum(len(d) for d in datagrams) // 188
    assert states[-1][3] == 0
    assert 0 < max(one[7] for one in states) <= 40_000  # µs between two PCR


def test_a_quiet_port_still_gives_the_eyes_word() -> None:
    now, said = [0], []
    with listen("127.0.0.1", 0) as udp:
        udp.settimeout(0.01)
        eye = Eye(udp, lambda: now[0], said.append)
        for _ in range(3):
            now[0] += 12_000
            eye.look()
    assert [one[1] for one in records(b"".join(said))] == [12_000, 24_000, 36_000]


def test_the_kernels_drops_are_read_for_the_right_port() -> None:
    with listen("127.0.0.1", 0) as udp:
        assert dropped(udp.getsockname()[1]) == 0


def test_what_cannot_be_decoded_is_counted_and_does_no_harm() -> None:
    decoder = Decoder()
    for data in (b"", b"\0\0\1\x65" + b"\xff" * 60, b"\0\0\1\x67\x42", b"junk" * 99):
        assert list(decoder.grids(Coded(data=data, pts=0, codec="h264"))) == []
    assert decoder.failed >= 1
    assert list(decoder.grids(Coded(data=b"\0\0\1\xb3junk", pts=0, codec="mpeg2video"))) == []


@pytest.mark.slow
def test_the_eye_process_looks_at_a_port_and_ends_when_nobody_reads(tmp_path, datagrams) -> None:
    with listen("127.0.0.1", 0) as udp:
        port = udp.getsockname()[1]
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "safety.eye_child",
            "--port",
            str(port),
            "--anchor",
            str(tmp_path / "anchor.json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    done = threading.Event()

    def feed() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not done.is_set():
                for datagram in datagrams:
                    sender.sendto(datagram, ("127.0.0.1", port))
                    time.sleep(0.0005)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        got = child.stdout.read(20 * PICTURE.size)
        assert sum(one[0] == b"P" for one in records(got)) >= 10
        child.stdout.close()
        assert child.wait(10) in (0, 1)
    finally:
        done.set()
        feeder.join()
        child.kill()
        child.stderr.close()


class Spawning(Clock):
    """A reactor that starts nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[list[str]] = []

    def spawnProcess(self, protocol, program, arguments, env) -> None:
        self.started.append(arguments)


def eyes(tmp_path) -> tuple[Eyes, Spawning]:
    reactor = Spawning()
    made = Eyes(reactor, Reel(RASTER, 0), "127.0.0.1", 24_904, tmp_path / "a", lambda: sample_of(K0))
    made.start()
    return made, reactor


@pytest.mark.parametrize("cut", [1, 7, 100, 5_000])
def test_records_are_understood_however_they_are_cut(tmp_path, cut) -> None:
    made, reactor = eyes(tmp_path)
    grid = np.arange(ROWS * COLS, dtype=np.uint16).astype(np.uint8).tobytes()
    whole = b"".join(
        PICTURE.pack(b"P", (K0 + n) * 3_600 % (1 << 33), sample_of(K0 + n), grid)
        + STATE.pack(b"S", sample_of(K0 + n), 9 * n, n, 0, 0, 0, 20_000)
        for n in range(9)
    )
    for at in range(0, len(whole), cut):
        made.outReceived(whole[at : at + cut])
    assert all(made.reel.grid(K0 + n).tobytes() == grid for n in range(9))
    assert (made.said.packets, made.said.continuity, made.said.pcr_us) == (72, 8, 20_000)
    assert "24904" in reactor.started[0]


def test_an_eye_that_ends_is_opened_again_and_the_gap_is_our_own(tmp_path) -> None:
    made, reactor = eyes(tmp_path)
    made.outReceived(STATE.pack(b"S", sample_of(K0), 9, 0, 0, 0, 0, 0) + b"P")
    made.processEnded(None)
    reactor.advance(0.6)
    assert len(reactor.started) == 2
    assert made.ended == 1
    assert made.reel.blind(K0)
    made.processEnded(None)
    made.stop()
    reactor.advance(5)
    assert len(reactor.started) == 2
    made.processEnded(None)
    assert made.ended == 2


class Kept:
    """Log and outbox that keep what they are given."""

    def __init__(self, last=()) -> None:
        self.runs, self.sent, self.flushed, self._last = [], 0, 0, last

    def add(self, runs) -> None:
        self.runs += runs

    def last(self):
        return self._last

    def flush(self) -> None:
        self.flushed += 1

    def send(self) -> bool:
        self.sent += 1
        return True


def run(first: int, last: int, state: str = "NORMAL", cause: str = "") -> SlotRun:
    return SlotRun(first=first, last=last, state=state, cause=cause)


def test_sound_and_picture_go_out_as_one_and_a_change_at_once() -> None:
    log, outbox, settled = Kept((run(0, 5),)), Kept(), []
    delivery = Delivery(log, outbox, settled.append)
    sound, reports = SoundLog(delivery), SoundOutbox(delivery)
    assert outbox.runs == [run(0, 5)]
    assert sound.last() == ()
    sound.add([run(5, 30)])
    reports.add([run(5, 30)])
    assert log.runs == []
    delivery.take("picture", [run(5, 20)])
    assert log.runs == [run(5, 20)] and outbox.sent == 0
    delivery.take("picture", [run(20, 25, "OUTAGE", "picture: black")])
    assert log.runs[-1] == run(20, 25, "OUTAGE", "picture: black")
    assert outbox.sent == 1
    assert settled[-1] == (run(20, 25, "OUTAGE", "picture: black"),)
    assert reports.send() and outbox.sent == 2
    sound.flush()
    assert log.flushed == 1


def test_the_points_name_says_what_is_measured() -> None:
    def section(name: str, raster: str) -> ChannelSection:
        return ChannelSection(
            id=name, chain=name, name_zh="", name_en="", area="340422000000", rundowns="", raster=raster
        )

    station = StationSection(id="t", name_zh="", name_en="", area="340422000000", areas="")
    settings = Settings(station=station, channels=[section("fm1", ""), section("tv1", "576p25")])
    assert point_of(settings, "fm1") == "player-output"
    assert point_of(settings, "tv1") == "player-output (TS picture, L16 sound)"


class Sound:
    """What the picture's watch needs of the sound's."""

    def __init__(self, version: Version) -> None:
        self.known, self.link, self.late = (version,), Link(up=True), False

    def may_still_be_told(self, until: int) -> bool:
        return self.late

    def media_known(self):
        return [medium.sha256 for medium in self.known[0].plan.media]


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    home = tmp_path_factory.mktemp("films")
    due = film(home, 1, 200)
    return Studio(home, {due.sha256: 1}), plan_of([take("news", due, K0 - 25, 200)], [due])


def watched(channel, reel):
    studio, plan = channel
    now, made = [sample_of(K0)], []
    sound = Sound(Version(plan=plan, overlays=(), since=SampleIndex(0)))
    watch = PictureWatch(
        sound=sound,
        reel=reel,
        screen=studio.screen,
        limits=Limits(),
        now=lambda: now[0],
        on_settled=made.extend,
        looked_at=studio.screen.gallery.take,
    )
    return watch, sound, now, made


def test_slots_are_judged_once_they_are_old_enough(channel) -> None:
    watch, _, now, made = watched(channel, grids_only(*channel, (), 100))
    watch.look()
    assert made == []
    now[0] += SEEN + 10 * SLOT
    watch.look()
    assert sum(r.last - r.first for r in made) == 9
    assert {r.state for r in made} == {"NORMAL"}
    assert watch.wanted() == [channel[1].media[0].sha256]


def test_a_finding_waits_for_the_stations_word_and_not_for_ever(channel) -> None:
    reel = grids_only(*channel, (), 100, lambda n, p: film_frame(n, 7) if n >= 10 else p)
    watch, sound, now, made = watched(channel, reel)
    sound.late = True
    now[0] += SEEN + 20 * SLOT
    watch.look()
    assert sum(r.last - r.first for r in made) == 3
    now[0] += 12 * 48_000
    watch.look()
    watch.stop()
    assert made[-1].state == "FOREIGN"


def test_what_is_seen_before_anything_was_told_to_be_due_is_no_finding(channel) -> None:
    reel = grids_only(*channel, (), 100, lambda n, p: film_frame(n, 7) if n >= 10 else p)
    watch, sound, now, made = watched(channel, reel)
    sound.known = (Version(plan=channel[1], overlays=(), since=SampleIndex(now[0] + 48_000)),)
    now[0] += SEEN + 40 * SLOT
    watch.look()
    watch.stop()
    early = [run for run in made if run.state == "UNKNOWN"]
    assert {run.cause for run in early} == {"picture: no plan known"}
    assert made[-1].state == "FOREIGN", "half a second after it was told it counts"


def test_a_medium_without_grids_is_waited_for_and_then_unknown(channel, tmp_path) -> None:
    _, plan = channel
    empty = Studio(tmp_path, {})
    watch, _, now, made = watched((empty, plan), grids_only(*channel, (), 100))
    now[0] += SEEN + 20 * SLOT
    watch.look()
    assert made == []
    now[0] += 10 * 48_000
    watch.look()
    assert made[0].state == "UNKNOWN"


def test_the_records_have_their_size_in_writing() -> None:
    assert (PICTURE.size, STATE.size) == (377, struct.calcsize("!cqIIIIII"))
