"""`gengfu train`: a shadow of this station to exercise on. Derives its settings (no route to a real line, people, keys and journal of its own), then runs it beside the real one. Knows what must be cut off; nothing of the exercises."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import attrs

from station import library, logs, prepared, run, settings_file
from station.arguments import Parser
from station.clock import AnchorTime, install
from station.settings import Networks, PanelSection, Places, Ports, Settings, SourceSection
from station.settings_training import MARK
from station.supervisor import Child, Supervisor
from station.toml_text import toml
from station.wire import to_plain
from station.words import Refused

FOLDER = "training"
FILE = "station.toml"
AWAY = 1_000  # its ports lie so far above the real ones
NICE = 5  # the real station goes first


def derived(settings: Settings, port: int, state: Path) -> Settings:
    """The shadow's settings, with `state` as its own state directory: the same areas, channels, rules and times; every output, device, source and listener cut off
    from real lines. That nothing was forgotten is a rule of the settings (`station.settings_training`)."""
    station = attrs.evolve(
        settings.station,
        id=settings.station.id[: 32 - len(MARK)] + MARK,
        name_zh=f"【训练】{settings.station.name_zh}",
        name_en=f"TRAINING · {settings.station.name_en}",
        training=True,
        journal="",
        media_copy="",
        state=str(state),
        port=port,
    )
    return attrs.evolve(
        settings,
        station=station,
        channels=[attrs.evolve(one, l16=[], ts=[], outputs=[]) for one in settings.channels],
        devices=[attrs.evolve(one, host="127.0.0.1", port=0) for one in settings.devices],
        sources=_sources(settings),
        relays=[],  # their sound cards and ports would be taken from the real player
        live=[],
        terminals=attrs.evolve(settings.terminals, profile="gengfu-sim", signing_key="sm2.key"),
        alarms=attrs.evolve(settings.alarms, contacts=[], call_hook="", call_token_file=""),
        networks=Networks(),
        panel=PanelSection(),
    )


def _sources(settings: Settings) -> list[SourceSection]:
    """A made-up province and weather office; no real source may send here, and nothing airs without people."""
    common: dict[str, Any] = {"preauthorised": False, "areas": []}
    return [
        SourceSection(
            id="training-province", kind="ebd", authority="province", token_file="training-province.token",  # noqa: S106 - a file's name
            certificates=["training-sm2.pem"], **common,
        ),
        SourceSection(
            id="training-weather", kind="cap", authority=settings.station.authority,
            token_file="training-weather.token", certificates=["training-cap.pem"], **common,  # noqa: S106
        ),
    ]  # fmt: skip


def prepare(path: Path, real: Places, folder: Path, port: int) -> Path:
    """Write the shadow's settings and link what it may share with the real station; its settings file.

    Media are linked, never moved; keys, tokens, accounts and journal are never copied.
    """
    mine = folder / "state"
    if mine.resolve() == real.state.resolve():
        raise Refused("the shadow needs a folder of its own", "影子台站须有自己的目录")
    settings = derived(settings_file.load(path), port, mine)
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    _link(path.parent.resolve(), home, real.state)
    text = "# Derived by gengfu train at each start; changes are lost. 由 gengfu train 生成,请勿修改。\n"
    (home / FILE).write_text(text + toml(to_plain(settings)), encoding="utf-8")
    settings_file.load(home / FILE)  # raises in words where a destination is no loopback
    _media(real, Places(mine))
    return home / FILE


def _link(source: Path, home: Path, state: Path) -> None:
    """Everything beside the settings file, as links; never settings, nor what holds the real state."""
    for old in home.iterdir():
        if old.is_symlink():
            old.unlink()
    for one in source.iterdir():
        holds = state.resolve().is_relative_to(one.resolve()) or one.resolve().is_relative_to(state.resolve())
        settings = one.suffix == ".toml" and one.name != "templates.toml"
        if not (holds or settings or one.name.startswith(".")):
            (home / one.name).symlink_to(one)


def _media(real: Places, mine: Places) -> None:
    """House files of the real library as hard links (or copies), so that nothing is decoded again."""
    mine.media.mkdir(parents=True, exist_ok=True)
    entries = library.read(real)
    for entry in entries:
        source, target = real.medium(entry.sha256), mine.medium(entry.sha256)
        if source.exists() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            try:
                os.link(source, target)
            except OSError:
                shutil.copy(source, target)
    if entries:
        library.write(mine, entries)


def children(path: Path, settings: Settings, places: Places, ports: Ports) -> list[Child]:
    """The processes of a demo, and the instructor."""
    instructor = Child(
        name="instructor",
        argv=(sys.executable, "-m", "station.instructor", str(path), str(places.state), str(ports.base)),
        log=places.logs / "instructor.log",
    )
    return [*run.children(path, settings, places, ports, demo=True), instructor]


def welcome(settings: Settings, places: Places, ports: Ports) -> str:
    """What is printed when it runs."""
    rows = "\n".join(
        f"    {row['operator']:<6} {row['password']:<16} PIN {row['pin']}   {row['name_zh']} · {row['name_en']}"
        for row in prepared.read_logins(places)
        if row["operator"] in ("zhao", "gao", "qian")
    )
    return f"""{settings.station.name_zh} · {settings.station.name_en}

  TRAINING 训练: a shadow station; nothing here reaches a real line · 影子台站,不通向任何真实线路
  panel · 面板        http://127.0.0.1:{ports.panel}/training
  state · 状态        {places.state}

  log in as the dispatcher zhao; wang, zhang and chen are played by the script
  请用调度员 zhao 登录;wang、zhang、chen 由脚本扮演
{rows}

  Ctrl-C ends the training, the real station goes on · Ctrl-C 结束训练,真实台站不受影响
"""


def main(argv: list[str]) -> int:
    """Derive, prepare, run."""
    parser = Parser(
        prog="gengfu train",
        description="a shadow station to exercise on, without a route to a real line · 训练用影子台站,不通向任何真实线路",
    )
    add = parser.add_argument
    add("settings", type=Path, help="station.toml of the real station · 真实台站的设置文件")
    add("--state", default=None, help="state directory of the real station · 真实台站的状态目录")
    add("--folder", type=Path, default=None, help="where the shadow lives · 影子台站的目录")
    add("--port", type=int, default=None, help="base port of the shadow · 影子台站的端口基数")
    options = parser.parse_args(argv)
    real = settings_file.load(options.settings)
    if real.station.training:
        raise Refused("this is a training station already", "该设置文件本身就是训练台站")
    places = settings_file.places(options.settings, real, options.state)
    folder = options.folder or places.state / FOLDER
    port = options.port or real.station.port + AWAY
    run.check_ports(Ports(port))
    os.nice(NICE)
    return _run(prepare(options.settings, places, folder.resolve(), port), Ports(port))


def _run(path: Path, ports: Ports) -> int:
    settings = settings_file.load(path)
    places = settings_file.places(path, settings, None)
    prepared.rooms(places)
    held = run.hold(places)
    if not run.set_up(path, None, demo=True):
        return 1
    reactor = install("epoll")
    with (places.logs / "run.log").open("a", encoding="utf-8") as log:
        logs.start("train", AnchorTime(places.anchor).now, out=log)
        supervisor = Supervisor(reactor, children(path, settings, places, ports), places.run)
        text = welcome(settings, places, ports)
        run.keep_running(reactor, supervisor, run.Telling(reactor, text, ports, places.logs))
    held.close()
    return 0
