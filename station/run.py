"""`gengfu run`: every process of one station on this machine under a small supervisor. Knows which processes there are and how to start them; nothing of what they do."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path
from typing import Any

from station import logs, settings_file, setup
from station.clock import AnchorTime, install
from station.settings import Places, Ports, Settings
from station.supervisor import Child, Supervisor
from station.words import Refused

TERMINALS_REPORT = "terminals.json"  # what the simulated terminals of a demo say themselves
GENGFU = (sys.executable, "-m", "station.cli")


def children(path: Path, settings: Settings, places: Places, ports: Ports, *, demo: bool) -> list[Child]:
    """All processes, in the order of their start."""
    common = ("--settings", str(path.resolve()), "--state", str(places.state), "--port", str(ports.base))

    def child(name: str, *words: str, keep: bool = False) -> Child:
        return Child(name=name, argv=(*GENGFU, *words), log=places.logs / f"{name}.log", keep=keep)

    found = [child("clock", "clock", "--state", str(places.state))]
    found += [child(f"player-{chain}", "player", chain, *common, keep=True) for chain in settings.chains()]
    found.append(child("station", "station", *common))
    found += [child(f"witness-{one.id}", "witness", one.id, *common) for one in settings.channels]
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
    return [terminals, clerk]


def check_ports(ports: Ports) -> None:
    """Raise Refused for the first TCP port that something else holds."""
    for what, port in (
        ("panel", ports.panel), ("ingest", ports.ingest), ("terminals", ports.terminals), ("metrics", ports.metrics),
    ):  # fmt: skip
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                raise Refused(
                    f"port {port} ({what}) is in use or not allowed; choose another with --port, or stop what holds it",
                    f"端口 {port}({what})被占用或不可用;请用 --port 另选,或停止占用它的程序",
                    code="port",
                ) from None


def welcome(settings: Settings, places: Places, ports: Ports, path: Path, *, demo: bool) -> str:
    """What is printed when everything was started."""
    first = settings.channels[0]
    village = f"{settings.station.area[:6]}100000"
    keys = places.state / setup.UPSTREAM
    lines = [
        f"{settings.station.name_zh} · {settings.station.name_en}",
        "",
        f"  panel · 面板        http://127.0.0.1:{ports.panel}/",
        f"  listen · 收听       ffplay -protocol_whitelist file,udp,rtp udp://127.0.0.1:{ports.ts(0)}   (MPEG-TS)",
        f"                      rtp://127.0.0.1:{ports.l16(0)} (L16), or the player on the panel's first page · 或面板首页",
        f"  ingest · 预警接入   http://127.0.0.1:{ports.ingest}/ingest/cap  /ingest/ebd  /healthz",
        f"  terminals · 终端    tcp 127.0.0.1:{ports.terminals}    metrics · 指标  http://127.0.0.1:{ports.metrics}/metrics",
        f"  state · 状态        {places.state}",
    ]
    if demo:
        lines += ["", "  demo log-ins (made for this state directory alone) · 演示账户(仅用于本状态目录)"]
        lines += [
            f"    {row['operator']:<6} {row['password']:<16} PIN {row['pin']}   {row['name_zh']} · {row['name_en']}"
            for row in setup.read_logins(places)
        ]
        lines += [
            "",
            "  send a first alert · 发第一条预警:",
            f"    .venv/bin/gengfu sim source --to http://127.0.0.1:{ports.ingest} --keys {keys} --areas {village} --event 11A51 --level 1",
            f"  or by hand: log in as zhao, Alerts, choose a template · 或用 zhao 登录,在“预警”页选模板 ({first.name_zh})",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything · Ctrl-C 全部停止", ""])


def keep_running(reactor: Any, supervisor: Supervisor, text: str) -> None:
    """Start everything, say where it is, and on Ctrl-C or SIGTERM stop all of it, players included."""

    def begin() -> None:
        supervisor.start()
        sys.stdout.write(text)
        sys.stdout.flush()

    reactor.callWhenRunning(begin)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: supervisor.stop(all=True))
    reactor.run()


def main(argv: list[str]) -> int:
    """Prepare what is missing, then run."""
    parser = argparse.ArgumentParser(prog="gengfu run", description=__doc__)
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
    options = parser.parse_args(argv)
    settings = settings_file.load(options.settings)
    ports = Ports(options.port or settings.station.port)
    check_ports(ports)
    settings, places = setup.prepare(options.settings, options.state, demo=options.demo)
    reactor = install("epoll")
    anchor = AnchorTime(places.anchor)
    with (places.logs / "run.log").open("a", encoding="utf-8") as log:
        logs.start("run", anchor.now, out=log)
        supervisor = Supervisor(
            reactor, children(options.settings, settings, places, ports, demo=options.demo), places.run
        )
        keep_running(
            reactor, supervisor, welcome(settings, places, ports, options.settings, demo=options.demo)
        )
    return 0
