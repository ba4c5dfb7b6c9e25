"""`gengfu run`: every process of one station on this machine under a small supervisor. Knows which processes there are and how to start them; nothing of what they do."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from station import logs, prepared, settings_file
from station.adoption import RENEWED, Renewals
from station.arguments import Parser
from station.children import PARENT
from station.clock import AnchorTime, install
from station.listened import listened
from station.pairs import is_pair, players, ports_of, twin_of
from station.settings import Places, Ports, Settings
from station.supervisor import Child, Supervisor
from station.words import Refused

TERMINALS_REPORT = "terminals.json"  # what the simulated terminals of a demo say themselves
ANSWERS_WITHIN = 30.0  # s; then it is said which of them does not
GENGFU = (sys.executable, "-m", "station.cli")


def children(path: Path, settings: Settings, places: Places, ports: Ports, *, demo: bool) -> list[Child]:
    """All processes, in the order of their start."""
    common = ("--settings", str(path.resolve()), "--state", str(places.state), "--port", str(ports.base))

    def child(name: str, *words: str, keep: bool = False) -> Child:
        return Child(name=name, argv=(*GENGFU, *words), log=places.logs / f"{name}.log", keep=keep)

    found = [child("clock", "clock", "--state", str(places.state))]
    found += [child(f"player-{player}", "player", player, *common, keep=True) for player in players(settings)]
    found.append(child("station", "station", *common))
    found += [child(f"witness-{one.id}", "witness", one.id, *common) for one in listened(settings)]
    found.append(child("panel", "panel", *common))
    if demo:
        found += _demo(path, settings, places, ports, child)
    return found


def _demo(path: Path, settings: Settings, places: Places, ports: Ports, child: Any) -> list[Child]:
    registry = path.resolve().parent / settings.terminals.registry
    count = sum(1 for _ in registry.open(encoding="utf-8")) - 1
    key = (places.secrets / settings.terminals.signing_key).with_suffix(".pub.pem")
    terminals = child(
        "sim-terminals", "sim", "terminals", "--count", str(count), "--port", str(ports.terminals),
        "--registry", str(registry), "--key", str(key), "--report", str(places.state / TERMINALS_REPORT),
    )  # fmt: skip
    clerk = Child(
        name="demo-clerk",
        argv=(sys.executable, "-m", "station.demo", str(path.resolve()), str(places.state)),
        log=places.logs / "demo-clerk.log",
    )
    return [terminals, clerk, *_plant(settings, ports, child)]


def _plant(settings: Settings, ports: Ports, child: Any) -> list[Child]:
    """A simulator for each device whose port is left to the demo."""
    television = {section.id for section in settings.channels if section.raster}
    return [
        child(
            f"sim-{one.id}", "sim", one.kind, "--unit", str(one.unit), "--seed", str(number),
            "--port", str(ports.device(number)), "--control", str(ports.device_faults(number)),
            *(("--mhz", "674") if one.channel in television else ()),
        )
        for number, one in enumerate(settings.devices)
        if one.port == 0 and not one.link
    ]  # fmt: skip


def _hear(settings: Settings, ports: Ports) -> list[str]:
    """Where every channel can be received: radio to listen to, television to watch."""
    lines = []
    for number, channel in enumerate(settings.channels):
        what, silent = ("watch · 观看 ", "") if channel.raster else ("listen · 收听", " -nodisp")
        lines += [
            f"  {what}       ffplay{silent} -protocol_whitelist file,udp,rtp udp://127.0.0.1:{ports.ts(number)}   (MPEG-TS, {channel.id}: {channel.name_zh} · {channel.name_en})",
            f"                      rtp://127.0.0.1:{ports.l16(number)} (L16)",
        ]
        if is_pair(settings, channel.chain):
            second = ports_of(settings, ports, twin_of(channel.chain))
            lines.append(f"                      rtp://127.0.0.1:{second.l16(number)} (L16, B)")
    return lines


def _faults(settings: Settings, ports: Ports) -> list[str]:
    """How the first simulated transmitter is made to fail and mended."""
    for number, one in enumerate(settings.devices):
        if one.kind == "transmitter" and one.port == 0 and not one.link:
            fault = f"    .venv/bin/gengfu sim fault {ports.device_faults(number)}"
            return [
                "  make a transmitter fail, then mend it · 让发射机出故障,再恢复:",
                f"{fault} antenna\n{fault} -antenna",
            ]
    return []


def hold(places: Places) -> IO[str]:
    """Hold a state directory for one `gengfu run` as long as this process lives; Refused where another has it.

    Two would fight over the same players and witnesses, and the one that stops would stop the other's.
    """
    file = (places.run / "run.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "?"
        file.close()
        raise Refused(
            f"{places.state} is in use by another gengfu run (pid {pid}); stop it, or choose another --state",
            f"{places.state} 正被另一个 gengfu run 使用(进程 {pid});请先停止它,或用 --state 另选目录",
            code="state",
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def set_up(path: Path, state: str | None, *, demo: bool) -> bool:
    """`gengfu setup` as a process of its own, for what it needs (databases, codecs) this one would keep for as long as it runs; False: it said why not."""
    hear_interrupts()
    words = [*GENGFU, "setup", "--quiet", *(("--demo",) if demo else ())]
    words += [*(() if state is None else ("--state", state)), str(path)]
    return subprocess.run(words, check=False, env={**os.environ, PARENT: str(os.getpid())}).returncode == 0


def check_ports(ports: Ports) -> None:
    """Raise Refused for the first TCP port that something else holds."""
    for what, port in (
        ("panel", ports.panel), ("ingest", ports.ingest), ("terminals", ports.terminals), ("metrics", ports.metrics),
    ):  # fmt: skip
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise Refused(
                    f"port {port} ({what}) is in use; stop what holds it or choose another --port N, from 1024 to 32000: above that other programs' connections come and go",
                    f"端口 {port}({what})已被占用;请停止占用它的程序,或用 --port N 另选(1024–32000,更高的端口会被其他程序的连接临时占用)",
                    code="port",
                ) from None


def welcome(settings: Settings, places: Places, ports: Ports, path: Path, *, demo: bool) -> str:
    """What is printed when everything was started."""
    village = f"{settings.station.area[:6]}100000"
    keys = places.state / prepared.UPSTREAM
    lines = [
        f"{settings.station.name_zh} · {settings.station.name_en}",
        "",
        f"  panel · 面板        http://127.0.0.1:{ports.panel}/",
        f"  wall · 大屏         http://127.0.0.1:{ports.panel}/wall",
        *_hear(settings, ports),
        "                      or the player on the panel's first page · 或面板首页",
        f"  ingest · 预警接入   http://127.0.0.1:{ports.ingest}/ingest/cap  /ingest/ebd  /healthz",
        f"  terminals · 终端    tcp 127.0.0.1:{ports.terminals}    metrics · 指标  http://127.0.0.1:{ports.metrics}/metrics",
        f"  state · 状态        {places.state}",
    ]
    if demo:
        lines += ["", "  demo log-ins (made for this state directory alone) · 演示账户(仅用于本状态目录)"]
        lines += [
            f"    {row['operator']:<6} {row['password']:<16} PIN {row['pin']}   {row['name_zh']} · {row['name_en']}"
            for row in prepared.read_logins(places)
        ]
        lines += [
            "",
            "  send a first alert · 发第一条预警:",
            f"    .venv/bin/gengfu sim source --to http://127.0.0.1:{ports.ingest} --keys {keys} --areas {village} --event 11A51 --level 1",
            "  or by hand: log in as zhao, Alerts, choose a template · 或用 zhao 登录,在“预警”页选模板",
            "  what to do next, by what happens · 遇到情况怎么做:  docs/manual/  (operator · 值机员, dispatcher · 调度员, engineer · 技术员)",
            *_faults(settings, ports),
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything · Ctrl-C 全部停止", ""])


class Telling:
    """What `gengfu run` says on its terminal: that it starts, where everything is once it answers, that it stops."""

    def __init__(self, reactor: Any, text: str, ports: Ports, logs_at: Path) -> None:
        self._reactor, self._text, self._ports, self._logs = reactor, text, ports, logs_at
        self._began = 0.0
        self._again: Any = None

    def begin(self) -> None:
        """Say so, and look until panel and controller answer."""
        self._began = self._reactor.seconds()
        _write("starting … · 正在启动……\n")
        self._look()

    def _look(self) -> None:
        quiet = [name for name, port in self._doors() if not answers(port)]
        late = self._reactor.seconds() - self._began > ANSWERS_WITHIN
        if quiet and not late:
            self._again = self._reactor.callLater(0.2, self._look)
            return
        _write(self._text)
        for name in quiet:
            _write(
                f"  {name} does not answer yet, see {self._logs / name}.log · {name} 尚未应答,请看日志 {self._logs / name}.log\n"
            )

    def _doors(self) -> tuple[tuple[str, int], ...]:
        return ("station", self._ports.ingest), ("panel", self._ports.panel)

    def stopping(self) -> None:
        """Say that it ends."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        _write("\nstopping everything … · 正在全部停止……\n")

    def asked_again(self) -> None:
        """Say that it is at it, to whoever presses Ctrl-C once more."""
        _write("already stopping; it takes some seconds · 正在停止,需数秒\n")


def answers(port: int) -> bool:
    """Whether somebody takes connections at a port of this machine; on loopback that is known at once."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def hear_interrupts() -> None:
    """Obey SIGINT although a shell that started this with `&` left it ignored: the reactor takes over Python's own handler, nothing else."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def keep_running(reactor: Any, supervisor: Supervisor, telling: Telling) -> None:
    """Start everything, say where it is, and on Ctrl-C or SIGTERM stop all of it, players included."""

    def begin() -> None:
        supervisor.start()
        Renewals(reactor, supervisor.run, lambda: supervisor.renew(RENEWED)).start()
        telling.begin()

    def end() -> Any:
        telling.stopping()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: telling.asked_again())
        return supervisor.stop(all=True)

    hear_interrupts()
    reactor.callWhenRunning(begin)
    reactor.addSystemEventTrigger("before", "shutdown", end)
    reactor.run()
    _write("stopped · 已停止\n")


ABOUT = "start everything of one station on this machine · 在本机启动整个台站"


def _asked(argv: list[str]) -> argparse.Namespace:
    parser = Parser(prog="gengfu run", description=ABOUT)
    parser.add_argument("settings", type=Path, help="station.toml · 设置文件")
    parser.add_argument(
        "--demo", action="store_true", help="with simulators and invented people · 带模拟器与演示人员"
    )
    parser.add_argument("--state", default=None, help="state directory · 状态目录")
    parser.add_argument(
        "--port",
        type=int,
        default=None,
        help="base port N: panel N, ingest N+1, terminals N+2, metrics N+3 · 端口基数",
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Prepare what is missing, then run."""
    options = _asked(argv)
    settings = settings_file.load(options.settings)
    base = settings.station.port if options.port is None else options.port
    if not 1024 <= base <= 65_000:
        raise Refused(
            f"--port is a number from 1024 to 65000, not {base}",
            f"--port 应为 1024 至 65000 之间的数,而不是 {base}",
        )
    ports = Ports(base)
    check_ports(ports)
    places = settings_file.places(options.settings, settings, options.state)
    prepared.rooms(places)
    held = hold(places)
    if not set_up(options.settings, options.state, demo=options.demo):
        return 1
    reactor = install("epoll")
    anchor = AnchorTime(places.anchor)
    with (places.logs / "run.log").open("a", encoding="utf-8") as log:
        logs.start("run", anchor.now, out=log)
        supervisor = Supervisor(
            reactor, children(options.settings, settings, places, ports, demo=options.demo), places.run
        )
        text = welcome(settings, places, ports, options.settings, demo=options.demo)
        keep_running(reactor, supervisor, Telling(reactor, text, ports, places.logs))
    held.close()
    return 0
