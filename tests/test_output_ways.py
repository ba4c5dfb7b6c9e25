"""Further outputs at work on loopback, each driven block by block: a receiver that stops reading, refuses, hangs up; files that begin anew; who sends what."""

import errno
import itertools
import os
import shutil
import socket
import stat
import time
from pathlib import Path

import attrs
import av
import numpy as np
import pytest
from test_pairs import section, settings

from playout import crew, exits, filing, piping, pushing
from playout.baton import LETS, Baton
from playout.datagrams_out import Announcer, Counted, LinearSender, TsSender
from playout.encoding import LONGEST_GAP, Blocks
from playout.exits import Exits, is_streamed
from playout.gauge import Gauge
from playout.lanes import Lane
from playout.linear import Linear
from playout.outlets import Outlets
from playout.rings import BLOCK, AirRing
from playout.rtp_ts import TsPackets
from playout.senders import Throw
from playout.ts_ring import DATAGRAM, Follower, TsRing
from playout.ways import Board, Gone, Way, keep_trying, why_of
from station.outputs import OutputSection, Target
from station.settings import Places, Ports
from station.words import SAMPLE_RATE, Instant, SampleIndex, instant_of, sample_at

START = SAMPLE_RATE * 60 * 1_000_000  # a full minute
TONE = (np.sin(np.arange(BLOCK) * np.pi / 24) * 8_000).astype(np.int16)
PCM = np.stack((TONE, TONE), 1)


class Enough(Exception):
    """The test has seen what it came for."""


class World:
    """Time and a ring that go on by a block whenever an output rests; `each` is called then."""

    def __init__(self, tmp_path, output, rate=320_000):
        self.air, self.ts, self.blocks, self.rests = AirRing(), TsRing(rate), 0, 0
        self.each = lambda: None
        self.most = 4_000
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        (secrets / "pw").write_text("geheimes Wort\n")
        (secrets / "pw").chmod(0o600)
        self.way = Way(
            section=output, channel="fm1", name="FM", gauge=Gauge("one"), air=self.air, ts=self.ts, board=Board(),
            via="127.0.0.1", secrets=secrets, state=tmp_path, now=lambda: instant_of(SampleIndex(self.index)),
            rest=self.rest, monotonic=lambda: self.blocks * 10_000_000,
        )  # fmt: skip

    @property
    def index(self):
        return START + self.blocks * BLOCK

    def rest(self, seconds):
        self.rests += 1
        if self.rests > self.most:
            raise Enough
        if seconds:
            self.pass_on(max(1, round(seconds * 100)))
        self.each()

    def pass_on(self, blocks):
        for _ in range(blocks):
            self.air.put(self.index, PCM, 0)
            self.blocks += 1

    @property
    def line(self):
        return self.way.gauge.line(self.way.now())


class Server:
    """An Icecast server of a few lines: takes what comes on each connection while it `reads`."""

    def __init__(self, answer=b"HTTP/1.1 100 Continue\r\n\r\n"):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        self.socket.setblocking(False)
        self.answer, self.reads, self.taken = answer, True, []

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def turn(self):
        try:
            taken, _ = self.socket.accept()
            taken.setblocking(False)
            self.taken.append([taken, b""])
        except BlockingIOError:
            pass
        for one in self.taken:
            try:
                one[1] += one[0].recv(1 << 16) if self.reads else b""
            except BlockingIOError:
                continue
            if self.answer and one[1].endswith(b"\r\n\r\n") and b"Expect" in one[1]:
                one[0].send(self.answer)
                self.answer = b""
            if one[1].startswith(b"GET") and one[1].endswith(b"\r\n\r\n"):
                one[0].send(b"HTTP/1.0 200 OK\r\n\r\n<ok/>")
                one[1] += b"answered"

    def close(self):
        for one, _ in self.taken:
            one.close()
        self.socket.close()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def ice(port, codec=""):
    return OutputSection(
        id="one", kind="icecast", to=f"http://127.0.0.1:{port}/fm1", codec=codec, secret_file="pw"
    )


def test_a_server_gets_the_sound_and_its_title(tmp_path, server):
    world = World(tmp_path, ice(server.port))
    world.each, world.most = server.turn, 200
    world.way.board.write("早间新闻")
    with pytest.raises(Enough):
        pushing.push(world.way)
    (_, stream), (_, title) = server.taken
    head, _, sound = stream.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /fm1 HTTP/1.1\r\n") and b"Authorization: Basic " in head
    assert b"song=%E6%97%A9%E9%97%B4%E6%96%B0%E9%97%BB" in title and title.count(b"GET") == 1
    assert sound[:1] == b"\xff" and abs(len(sound) - 2 * 16_000) < 4_000  # two seconds of 128 kbit/s
    assert world.line.state == "up" and world.line.dropped == 0 and world.line.sent > 25_000


def test_a_server_that_stops_reading_costs_nobody_else_anything_and_is_left(tmp_path, server):
    world = World(tmp_path, ice(server.port, "flac"))
    world.air.put(START, PCM, 0)
    noise = np.random.default_rng(1).integers(-9_000, 9_000, (BLOCK, 2)).astype(np.int16)
    world.pass_on = lambda count: (
        world.air.put(world.index, noise, 0),
        setattr(world, "blocks", world.blocks + count),
    )

    def each():
        server.turn()
        server.reads = not server.taken or world.blocks < 100

    world.each = each
    with pytest.raises(Gone, match="stalled"):
        pushing.push(world.way)
    assert world.line.dropped > 100_000 and world.line.state == "slow"
    assert world.blocks > 1_000  # time went on all the while: ten seconds until it was left
    assert world.air.head == world.index


@pytest.mark.parametrize(
    ("answer", "why"),
    [(b"HTTP/1.0 401 no\r\n\r\n", "password"), (b"what?\r\n\r\n", "answer"), (b"", "timeout")],
)
def test_a_server_that_does_not_want_it_is_told_apart(tmp_path, server, answer, why):
    server.answer = answer
    world = World(tmp_path, ice(server.port))
    world.each = server.turn
    world.way.rest(0.01)
    ticks = iter(range(10**9))
    way = attrs.evolve(world.way, monotonic=lambda: next(ticks) * 100_000_000)
    with pytest.raises(Gone, match=why):
        pushing.push(way)


def test_nobody_there_a_server_that_hangs_up_and_a_secret_that_others_may_read(tmp_path, server):
    world = World(tmp_path, ice(server.port))
    attempts = []

    def hang_up():
        server.turn()
        if server.taken and world.rests > 50:
            server.taken.pop()[0].close()

    world.each = hang_up

    def attempt(way):
        attempts.append(world.line.why)
        if len(attempts) == 2:
            world.each = lambda: None
            server.close()
        if len(attempts) == 4:
            (tmp_path / "secrets/pw").chmod(0o644)
        if len(attempts) == 6:
            raise Enough
        pushing.push(way)

    with pytest.raises(Enough):
        keep_trying(world.way, attempt)
    assert attempts == ["", "closed", "refused", "refused", "secret", "secret"]
    assert world.line.tries == 5 and world.rests > 60  # and it rested in between


def test_a_title_that_cannot_be_told_does_no_harm(tmp_path, server, capsys):
    world = World(tmp_path, ice(server.port))
    titles = pushing.Titles(
        world.way,
        pushing.Mount(host="127.0.0.1", port=server.port, path="/a", user="s", password="p"),
        Target("127.0.0.1", server.port),
    )
    titles.turn()
    world.way.board.write("a")
    titles.turn()
    server.socket.close()
    for _ in range(3):
        titles.turn()
    assert "the title could not be told" in capsys.readouterr().err


def test_what_was_missed_is_silence_in_its_place():
    ring = AirRing(16)
    for k in range(3):
        ring.put(START + k * BLOCK, PCM, 0)
    blocks = Blocks(ring)
    assert blocks.more() is None and blocks.at == START + 3 * BLOCK
    for k in range(3, 40):
        ring.put(START + k * BLOCK, PCM, 0)
    pcm = blocks.more()
    assert len(pcm) == 37 * BLOCK and not pcm[: 20 * BLOCK].any() and (pcm[-BLOCK:] == PCM).all()
    assert blocks.missed == 23 * BLOCK
    ring.put(START + LONGEST_GAP + 60 * BLOCK, PCM, 0)
    assert blocks.more() is None and blocks.at == ring.head
    assert Blocks(AirRing()).more() is None


def test_each_packet_of_sound_leaves_when_it_is_due(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="l24", to="127.0.0.1:9"))
    world.pass_on(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.setblocking(False)
        section = attrs.evolve(world.way.section, to=f"localhost:{ear.getsockname()[1]}")
        moment = [instant_of(SampleIndex(START))]
        sender = LinearSender(attrs.evolve(world.way, section=section, now=lambda: moment[0]))
        stamps, waits = [], []
        for at in range(START, START + 3 * BLOCK + 48, 48):
            moment[0] = instant_of(SampleIndex(at))
            waits.append(sender.due(moment[0]))
            try:
                while True:
                    stamps.append((at, int.from_bytes(ear.recv(2_048)[4:8], "big")))
            except BlockingIOError:
                continue
    assert [stamp for _, stamp in stamps] == [at % (1 << 32) for at, _ in stamps]
    assert len(stamps) == 21 and max(waits) <= 0.0101
    world.pass_on(1)
    assert sender.due(world.way.now()) == 0.001  # what is not rendered yet is looked for again in a moment


def test_a_sender_goes_on_after_blocks_that_were_never_rendered(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="l16", to="127.0.0.1:9"))
    sender = LinearSender(world.way)
    world.blocks += 300
    world.pass_on(2)
    for _ in range(400):
        sender.due(world.way.now())
    assert sender._next >= START + 301 * BLOCK


def test_an_output_whose_network_is_gone_says_so_and_is_up_again_by_itself(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="rtp-ts", to="127.0.0.1:9"))

    class Away(Throw):
        broken = True

        def send(self, datagram):
            self.dropped += self.broken

    throw = Away(("127.0.0.1", 9))
    out = Counted(throw, world.way.gauge)
    out.look(world.way.now())
    assert world.line.state == "starting"
    for broken, state in ((True, "down"), (False, "slow")):
        throw.broken = broken
        out.send(b"x" * 10)
        world.pass_on(100)
        out.look(world.way.now())
        assert world.line.state == state
    assert (world.line.dropped, world.line.sent) == (10, 10)


def test_a_stream_in_rtp_has_every_packet_of_it_and_counts_what_it_passed_over(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="rtp-ts", to="127.0.0.1:9"), rate=8 * 3 * DATAGRAM)

    class Kept:
        def __init__(self):
            self.sent = []

        def send(self, datagram):
            self.sent.append(datagram)

        def look(self, now):
            pass

    kept = Kept()
    sender = TsSender(world.way, kept, TsPackets(world.ts.rate, 1), Follower(world.ts))
    for k in range(3):
        world.ts.put(world.ts.head, bytes([k]) * DATAGRAM)
    while sender.turn(world.way.now()):
        pass
    assert [one[12:13] for one in kept.sent] == [b"\0", b"\1", b"\2"]
    for _ in range(9):
        world.ts.put(world.ts.head, bytes(DATAGRAM))
    assert not sender.turn(world.way.now()) and world.line.dropped == 9 * DATAGRAM


def test_an_announcement_comes_again_and_again(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="l24", to="127.0.0.1:9", sap="239.255.255.255"))
    said = Announcer(world.way, Linear(bits=24, frames=48, ssrc=1))
    said._throw = kept = type("Kept", (list,), {"send": list.append})()
    for _ in range(61):
        said.turn(world.way.now())
        world.pass_on(100)
    assert len(kept) == 3 and len(set(kept)) == 1 and b"s=FM one\r\n" in kept[0]


@pytest.mark.parametrize("codec", ["flac", "wav", "opus"])
def test_files_begin_anew_on_the_minute_and_hold_every_sample(tmp_path, codec):
    world = World(tmp_path, OutputSection(id="one", kind="file", to="out", codec=codec, minutes=1))
    world.blocks = -200
    world.pass_on(1)
    world.most = 40
    with pytest.raises(Enough):
        filing.write_files(world.way)
    whole, left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert whole == filing.name_of("fm1", instant_of(SampleIndex(START - 199 * BLOCK)), codec)
    assert left.endswith(f"Z.{codec}.part")
    with av.open(str(tmp_path / "out" / whole)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert samples == 199 * BLOCK if codec in filing.LOSSLESS else abs(samples - 199 * BLOCK) < 4_000
    assert world.line.state == "up"


def test_a_successor_keeps_what_was_left_and_lets_go_of_what_is_too_old(tmp_path, monkeypatch):
    world = World(tmp_path, OutputSection(id="one", kind="file", to="out", codec="wav", days=1))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/fm1-1970-01-02T000000.000Z.wav.part").write_bytes(b"x")
    (tmp_path / "out/notes.txt").write_bytes(b"x")
    shelf = filing.Shelf(world.way)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "fm1-1970-01-02T000000.000Z.wav",
        "notes.txt",
    ]
    path = shelf.begin(world.way.now())
    path.write_bytes(b"y")
    shelf.whole(path, world.way.now())
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [path.stem, "notes.txt"]
    monkeypatch.setattr(filing, "LEAST_FREE", 1 << 80)
    with pytest.raises(Gone, match="disk"):
        shelf.begin(world.way.now())


def test_a_stream_is_written_as_it_is(tmp_path):
    world = World(tmp_path, OutputSection(id="one", kind="file", to="out", codec="ts", minutes=1))
    world.blocks, world.most = -150, 40
    world.each = lambda: world.ts.put(world.ts.head, bytes([world.rests]) * DATAGRAM)
    with pytest.raises(Enough):
        filing.write_files(world.way)
    one, two = sorted((tmp_path / "out").iterdir())
    assert one.suffix == ".ts" and two.suffix == ".part"
    data = one.read_bytes() + two.read_bytes()
    assert set(data[::DATAGRAM]) == set(range(1, 41)) and len(data) == 40 * DATAGRAM


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A directory of stand-ins for the programs of the system."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    monkeypatch.setenv("PATH", f"{bin_}:/usr/bin:/bin")
    monkeypatch.setattr(shutil, "which", lambda name: str(bin_ / name) if (bin_ / name).exists() else None)

    def write(text):
        path = bin_ / "srt-live-transmit"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return write


SRT = OutputSection(
    id="one", kind="srt", to="srt://10.3.0.9:9000?streamid=a%20b&latency=300", secret_file="pw"
)


def test_the_programs_are_given_their_words(tmp_path):
    way = World(tmp_path, SRT).way
    words = piping.command(way, "srt-live-transmit")
    assert words[-1] == "srt://10.3.0.9:9000?mode=caller&streamid=a%20b&latency=300"
    assert piping.command(way, "ffmpeg")[-1].endswith("&latency=300000&pkt_size=1316")
    plain = attrs.evolve(way, via="10.3.0.5", section=attrs.evolve(SRT, to="srt://10.3.0.9:9000"))
    assert (
        piping.command(plain, "srt-live-transmit")[-1]
        == "srt://10.3.0.9:9000?mode=caller&latency=120&adapter=10.3.0.5"
    )


def test_a_passphrase_reaches_its_program_and_nobody_who_lists_processes(tmp_path, programs):
    programs("exec /bin/sleep 60")
    world = World(tmp_path, attrs.evolve(SRT, secret_file=""))
    with piping.Carrier(
        world.way,
        ["/bin/sh", "-c", 'read -r a <$2; echo "$a" >$0', str(tmp_path / "said"), "to"],
        "geheimes Wort=1",
    ):
        deadline = time.monotonic() + 5
        seen = set()
        while not (tmp_path / "said").exists() or not (tmp_path / "said").read_text():
            assert time.monotonic() < deadline
            seen |= {
                one.read_bytes() for one in Path("/proc").glob("[0-9]*/cmdline") if "geheimes" in _text(one)
            }
            time.sleep(0.005)
    assert (tmp_path / "said").read_text() == "passphrase=geheimes Wort=1\n" and not seen
    with pytest.raises(Gone, match="program"):
        piping.push_srt(
            attrs.evolve(world.way, section=SRT)
        )  # only ffmpeg takes a passphrase so, and it is not there


def _text(file):
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("said", ["kurz", "", "x" * 80, "zwei Zeilen\nPassphrase"])
def test_a_passphrase_that_srt_would_not_take_is_told_at_once(tmp_path, said):
    world = World(tmp_path, SRT)
    (tmp_path / "secrets/pw").write_text(said)
    with pytest.raises(Gone, match="secret"):
        piping.push_srt(world.way)


def test_what_the_system_says_is_told_in_words():
    for error, why in (
        (socket.gaierror(-2, "x"), "unknown"),
        (OSError(errno.ECONNREFUSED, "x"), "refused"),
        (OSError(errno.ENOSPC, "x"), "disk"),
        (OSError("x"), "unreachable"),
    ):
        assert why_of(error) == why


def test_a_program_that_is_not_there_or_ends_is_told(tmp_path, programs):
    world = World(tmp_path, attrs.evolve(SRT, secret_file=""))
    with pytest.raises(Gone, match="program"):
        piping.push_srt(world.way)
    programs("exit 1")
    world.each = lambda: os.sched_yield()
    world.most = 10**6
    ticks = iter(range(10**9))
    with pytest.raises(Gone, match=r"timeout|closed"):
        piping.push_srt(attrs.evolve(world.way, monotonic=lambda: next(ticks) * 1_000))


def test_a_program_that_takes_nothing_is_ended_and_what_it_did_not_take_is_counted(tmp_path, programs):
    programs("exec sleep 60")
    world = World(tmp_path, attrs.evolve(SRT, secret_file=""))
    world.each = lambda: world.ts.put(world.ts.head, bytes(2 * DATAGRAM))
    with pytest.raises(Gone, match="stalled"):
        piping.push_srt(world.way)
    assert world.line.dropped > 0 and 0 < world.line.sent <= 3 << 16


def test_each_player_of_a_pair_may_send_all_and_a_guest_nothing():
    first = OutputSection(id="a", kind="l16", to="h:1")
    both = [first, attrs.evolve(first, id="b", twin=True)]
    pair, alone = section("fm1", outputs=both, redundancy="pair"), section("fm1", outputs=both[:1])

    def sent(player, channel):
        return [one.id for one in Outlets(settings(channel), Ports(8000), player).further(channel)]

    assert [sent(name, pair) for name in ("radio", "radio.b", "tv")] == [["a", "b"], ["a", "b"], []]
    assert [sent(name, alone) for name in ("radio", "radio.b")] == [["a"], []]
    ways = section("fm1", outputs=[attrs.evolve(first, to_twin="h:2"), first], redundancy="pair")
    goes = [
        [one.to for one in Outlets(settings(ways), Ports(8000), name).further(ways)]
        for name in ("radio", "radio.b")
    ]
    assert goes == [["h:1", "h:1"], ["h:2", "h:1"]]
    meant = [
        [Outlets(settings(pair), Ports(8000), name).first(one) for one in both]
        for name in ("radio", "radio.b")
    ]
    assert meant == [[True, False], [False, True]]
    assert [Outlets(settings(one), Ports(8000), "radio").paired for one in (pair, alone)] == [True, False]


def test_one_of_two_players_sends_and_the_other_goes_on_when_it_ends(tmp_path):
    now = [0]
    path = tmp_path / "run/out-fm1-a.lock"
    first, second = (Baton(path, lambda: now[0], first=one) for one in (True, False))
    assert not second.held(), "it leaves it to the one that is meant to"
    assert first.held() and first.held()
    now[0] = LETS + 1
    assert not second.held()
    pid = os.fork()
    if not pid:  # a process of its own, killed
        first.leave()
        third = Baton(path, lambda: now[0], first=True)
        os._exit(int(third.held()))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "what is held elsewhere is not to be had"
    first.leave()
    assert second.held() and not first.held()
    second.leave()
    assert first.held()


def test_whoever_stands_by_attempts_nothing_and_is_no_failure(tmp_path):
    world = World(tmp_path, ice(9))
    turns = iter([False] * 5 + [True] * 9)
    world.way.gauge.down("ended", world.way.now())
    seen = []

    def attempt(way):
        seen.append(way.gauge.line(way.now()))
        raise Gone("refused") if len(seen) < 2 else Enough

    with pytest.raises(Enough):
        keep_trying(attrs.evolve(world.way, turn=lambda: next(turns)), attempt)
    assert [(one.state, one.why, one.tries) for one in seen] == [("starting", "", 0), ("down", "refused", 1)]
    assert world.rests >= 5 + 5  # it rested, and for a second after what failed


def test_players_of_a_pair_have_one_lock_for_an_output(tmp_path):
    one = OutputSection(id="a", kind="l16", to="127.0.0.1:9")
    for paired in (True, False):
        channel = section("fm1", outputs=[one], **({"redundancy": "pair"} if paired else {}))
        turns = [
            Exits(
                Outlets(settings(channel), Ports(8000), name), Places(tmp_path), [lane_of("fm1")], real
            )._turn("fm1", one)
            for name in ("radio", "radio.b")
        ]
        assert [turns[0](), turns[1]()] == ([True, False] if paired else [True, True])
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["out-fm1-a.lock"]


def test_what_reads_the_stream_has_one():
    one = OutputSection(id="a", kind="l16", to="h:1")
    kinds = [is_streamed(attrs.evolve(one, kind=kind)) for kind in ("srt", "rtp-ts", "l16", "file")]
    assert kinds == [True, True, False, False] and is_streamed(attrs.evolve(one, kind="file", codec="ts"))


class Hired(list):
    def __call__(self, name, work, renewed=None, patience=crew.HUNG):
        self.append((name, work, renewed, patience))


def lane_of(channel):
    from playout.standby import quiet_plan

    return Lane(
        channel=channel,
        air=AirRing(),
        plan=quiet_plan(channel, SampleIndex(START)),
        rings=range(0),
        overlays=None,
    )


def test_a_process_for_each_output_and_a_stream_only_where_one_is_read(tmp_path):
    outputs = [
        OutputSection(id="a", kind="l24", to="127.0.0.1:9"),
        OutputSection(id="b", kind="file", to="f"),
    ]
    made = settings(
        section("fm1", outputs=outputs),
        section("fm2", outputs=[attrs.evolve(outputs[0], kind="rtp-ts")]),
        section("fm3"),
    )
    lanes, now = [lane_of(name) for name in ("fm1", "fm2", "fm3")], instant_of(SampleIndex(START))
    ways = Exits(Outlets(made, Ports(8000), "radio"), Places(tmp_path), lanes, lambda: now)
    hired = Hired()
    ways.hire(hired, lambda _: pytest.fail, lambda _: None)
    assert [name for name, *_ in hired] == ["out-fm1-a", "out-fm1-b", "out-fm2-a"]
    assert [patience for *_, patience in hired] == [crew.HUNG, crew.ON_DISK, crew.HUNG]
    assert [len(ways.stream(one)) for one in ("fm1", "fm2", "fm3")] == [0, 1, 0]
    assert not ways.wants_pictures("fm1")
    assert [[gauge.id for gauge in lane.gauges] for lane in lanes] == [["a", "b"], ["a"], []]
    child = crew.Child("x", id, id)
    for restarts, cause, why in (
        (0, "", ""),
        (1, "exit code 1", "ended"),
        (2, "no sign of life after", "hung"),
    ):
        child.restarts, child.cause = restarts, cause
        hired[0][2](child)
        assert lanes[0].gauges[0].line(now).why == why
    lanes[0].air.put(START, PCM, 0)
    ways.tick()


def test_television_gives_its_outputs_its_own_stream_and_pictures(tmp_path):
    tv = section("tv1", raster="576p25", outputs=[OutputSection(id="a", kind="rtmp", to="rtmp://h/a/b"),
                                                  OutputSection(id="b", kind="srt", to="srt://h:9")])  # fmt: skip
    ways = Exits(Outlets(settings(tv), Ports(8000), "radio"), Places(tmp_path), [lane_of("tv1")], real)
    assert [ring.rate for ring in ways.stream("tv1")] == [3_200_000] and ways.wants_pictures("tv1")
    assert ways.stream("fm9") == () and not ways.wants_pictures("fm9")


def test_every_kind_that_may_be_written_has_its_work():
    import typing

    from station.outputs import Kind

    assert set(exits.WORK) == set(typing.get_args(Kind))


def test_words_on_the_board_are_read_whole():
    board = Board()
    assert board.read() == ""
    board.write("早间新闻")
    board.write("短")
    assert board.read() == "短"
    board.write("长" * 400)
    assert board.read() == "长" * 170


def test_a_process_of_its_own_sends_on_while_another_output_is_dead_and_is_replaced_when_it_dies(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(0.02)
        here = OutputSection(id="a", kind="l24", to=f"127.0.0.1:{ear.getsockname()[1]}")
        nobody = OutputSection(id="b", kind="icecast", to="http://127.0.0.1:9/x", secret_file="none")
        lane = lane_of("fm1")
        outlets = Outlets(settings(section("fm1", outputs=[here, nobody])), Ports(8000), "radio")
        ways, people = Exits(outlets, Places(tmp_path), [lane], real), crew.Crew(lambda _: None)
        ways.hire(
            lambda name, work, renewed, patience: people.add(
                crew.Child(name, lambda end: work(end, lambda: None), renewed)
            ),
            lambda _: time.sleep,
            lambda _: None,
        )
        try:
            first = stamps(people, lane.air, ear)
            people.children[0].kill()
            again = stamps(people, lane.air, ear)
        finally:
            people.end()
    for found in (first, again):
        assert {(b - a) % (1 << 32) for a, b in itertools.pairwise(found[-60:])} == {48}
    alive, dead = (gauge.line(real()) for gauge in lane.gauges)
    assert (alive.tries, dead.state, dead.why) == (1, "down", "secret")


def real():
    return Instant(time.time_ns() // 1_000)


def stamps(people, ring, ear, wanted=120):
    """Time stamps of the packets that come while the mixer renders 40 ms ahead of real time."""
    found, end = [], time.monotonic() + 8
    while len(found) < wanted and time.monotonic() < end:
        people.tend(time.monotonic_ns())
        ahead = sample_at(real()) // BLOCK * BLOCK + 4 * BLOCK
        for index in range(ring.head or ahead, ahead + 1, BLOCK):
            ring.put(index, PCM, 0)
        try:
            found.append(int.from_bytes(ear.recv(2_048)[4:8], "big"))
        except TimeoutError:
            continue
    return found
