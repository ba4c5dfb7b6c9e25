"""`gengfu setup`: prepares a state directory before the first start: keys, media in house format, and for the demo its own people and an upstream platform. Idempotent; replaces no key."""

from __future__ import annotations

import json
import os
import runpy
import secrets
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import attrs
from tqdm import tqdm

from emergency import sm2
from playout.facts import SUBTITLES, Facts, read_facts
from playout.ingest import ingest
from schedules.handling import Measured
from schedules.raster import RASTERS
from station import keys, library, settings_file
from station.arguments import Parser
from station.children import PARENT, die_with_parent
from station.clock import AnchorTime
from station.library import Entry
from station.people import People
from station.people_store import Account
from station.prepared import LOGINS, UPSTREAM, rooms
from station.settings import Places, Settings
from station.words import Refused

FILMS = frozenset(
    (
        ".mp4",
        ".m4v",
        ".mov",
        ".ts",
        ".m2ts",
        ".mts",
        ".mpg",
        ".mpeg",
        ".mkv",
        ".avi",
        ".mxf",
        ".webm",
        ".wmv",
        ".flv",
    )
)

# id, Chinese name, English name, roles: invented people of the demo
DEMO_PEOPLE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("gao", "高值机", "Gao (master control)", ("operator",)),
    ("li", "李编辑", "Li (editor)", ("editor",)),
    ("wang", "王审核", "Wang (reviewer)", ("reviewer",)),
    ("zhang", "张签发", "Zhang (approver)", ("approver",)),
    ("zhao", "赵调度", "Zhao (dispatcher)", ("dispatcher",)),
    ("chen", "陈调度", "Chen (dispatcher)", ("dispatcher",)),
    ("qian", "钱技术", "Qian (engineer)", ("engineer",)),
    ("zhou", "周审计", "Zhou (auditor)", ("auditor",)),
    ("wu", "吴管理", "Wu (administrator)", ("admin",)),
    ("sun", "孙观察", "Sun (viewer)", ("viewer",)),
)


def prepare(path: Path, state: str | None = None, *, demo: bool = False) -> tuple[Settings, Places]:
    """Make what is missing; raises Refused in words. `demo` adds people, an upstream platform and its own programme."""
    settings = settings_file.load(path)
    places = settings_file.places(path, settings, state)
    home = path.parent.resolve()
    rooms(places)
    _station_keys(settings, places)
    if demo:
        first = not library.read(places)
        if first:
            _say("preparing the demo's programme, some minutes", "正在准备演示节目,约数分钟")
        _programme(home, _say if first else None)
        _upstream(settings, places)
        _people(settings, places)
        if first:
            _say("  3/3 taking it into house format", "入库为台内格式")
    _media(settings, places, home)
    return settings, places


def _station_keys(settings: Settings, places: Places) -> None:
    if not (places.secrets / keys.CHECKPOINT_KEY).exists():
        keys.make_checkpoint_key(places.secrets)
    signing = places.secrets / settings.terminals.signing_key
    if not signing.exists():
        sm2.save_private(signing, sm2.generate())
    public = signing.with_suffix(".pub.pem")
    if not public.exists():
        sm2.save_public(public, sm2.load_private(signing).public)


def _say(en: str, zh: str) -> None:
    sys.stdout.write(f"{en} · {zh}\n")
    sys.stdout.flush()


def _programme(home: Path, tell: Callable[[str, str], None] | None) -> None:
    """The example's own music, speech and films, where it brings the scripts that make them; told step by step."""
    steps = (
        ("make_media.py", "1/3 music and speech", "音乐和语音"),
        ("make_films.py", "2/3 films", "电视片"),
    )
    for script, en, zh in ((home / name, en, zh) for name, en, zh in steps):
        if script.exists():
            if tell is not None:
                tell(f"  {en}", zh)
            made = runpy.run_path(str(script))
            if made["main"]([str(home / "media")]):
                raise Refused("the demo's programme could not be made", "演示节目素材生成失败")


def _upstream(settings: Settings, places: Places) -> None:
    """The demo's upstream platform, with keys of its own; the station gets tokens and public keys only."""
    folder = places.state / UPSTREAM
    if not folder.exists():
        from emergency.sim_signing import init

        init(folder)
    for source in settings.sources:
        _copy(folder / f"{source.kind}.token", places.secrets / source.token_file)
        for certificate in source.certificates:
            _copy(folder / f"{source.kind}.pem", places.secrets / certificate)


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        shutil.copy(source, target)
        target.chmod(0o600)


def _people(settings: Settings, places: Places) -> None:
    """Invented people with passwords and PINs of this demo alone, written down for whoever tries it."""
    written = places.secrets / LOGINS
    if written.exists():
        return
    people = People.open(
        places.state / "people.db", now=AnchorTime(places.anchor).now, section=settings.people
    )
    logins = []
    for operator, name_zh, name_en, roles in DEMO_PEOPLE:
        login = {
            "operator": operator,
            "password": _password(),
            "pin": _pin(),
            "name_zh": name_zh,
            "name_en": name_en,
        }
        account = Account(id=operator, name_zh=name_zh, name_en=name_en, roles=roles)
        failed: list[object] = []
        people.add(account, password=login["password"], pin=login["pin"], by="system").addErrback(
            failed.append
        )
        if failed:
            raise Refused(
                f"the demo account {operator} could not be made: {failed[0]}", f"无法建立演示账户 {operator}"
            )
        logins.append({**login, "roles": list(roles)})
    people.close()
    keys.write_secret(written, json.dumps(logins, ensure_ascii=False, indent=1).encode("utf-8"))


def _password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(3))


def _pin() -> str:
    while True:
        pin = f"{secrets.randbelow(1_000_000):06d}"
        if len(set(pin)) > 3:
            return pin


def _media(settings: Settings, places: Places, home: Path) -> None:
    """Take every file below media/ that is new or changed into house format."""
    entries = library.read(places)
    known = {entry.name: _remeasured(entry, places) for entry in entries}
    if list(known.values()) != entries:
        library.write(places, list(known.values()))
    sources = (
        sorted(
            path
            for path in (home / "media").rglob("*")
            if path.is_file() and path.suffix.lower() not in SUBTITLES
        )
        if (home / "media").exists()
        else []
    )
    raster = next((section.raster for section in settings.channels if section.raster), "")
    coded = any(section.splice for section in settings.channels if section.raster)
    todo = [path for path in sources if not _held(known.get(_name(path, home)), path, places, raster, coded)]
    with (
        ThreadPoolExecutor(2) as pool,
        tqdm(
            total=len(todo), desc="ingest · 入库", unit="file", disable=not (todo and sys.stderr.isatty())
        ) as bar,
    ):
        waiting = {
            pool.submit(
                ingest, path, places.media, title=path.stem, raster=_asked(path, raster), coded=coded
            ): path
            for path in todo
        }
        for done in as_completed(waiting):
            entry = _entry(waiting[done], home, done.result(), raster)
            known[entry.name] = entry
            library.write(places, sorted(known.values(), key=lambda entry: entry.name))
            bar.update()


def _asked(path: Path, raster: str) -> str:
    """The raster in which a file's pictures are wanted."""
    return raster if path.suffix.lower() in FILMS else ""


def _entry(path: Path, home: Path, facts: Facts, raster: str) -> Entry:
    size, modified = library.looks(path)
    return Entry(
        name=_name(path, home),
        sha256=facts.sha256,
        samples=facts.samples,
        title=facts.title,
        size=size,
        modified=modified,
        frames=facts.frames,
        raster=_asked(path, raster),
        measured=_measured(facts),
    )


def _measured(facts: Facts) -> Measured:
    """What of its facts the library keeps; where its cues were never looked for, all of it is heard."""
    cues = facts.cues
    return Measured(
        loudness=facts.loudness_centi_lufs,
        peak=facts.true_peak_centi_db,
        cue_in=cues.cue_in if cues else 0,
        cue_out=cues.cue_out if cues else facts.samples,
        segue=cues.segue if cues else facts.samples,
    )


def _remeasured(entry: Entry, places: Places) -> Entry:
    """An entry from before measurements were kept in the list, with those beside its house file."""
    facts = None if entry.measured else read_facts(entry.sha256, places.media)
    return entry if facts is None else attrs.evolve(entry, measured=_measured(facts))


def _name(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix()


def _held(entry: Entry | None, source: Path, places: Places, raster: str, coded: bool) -> bool:
    return (
        entry is not None
        and library.unchanged(entry, source)
        and entry.raster == _asked(source, raster)
        and places.medium(entry.sha256).exists()
        and (not coded or not entry.frames or _coded(entry, places, raster))
    )


def _coded(entry: Entry, places: Places, raster: str) -> bool:
    """Whether a film lies there as its channel sends it, by the coder that is used now."""
    from playout.coded import read_index  # here alone: it needs the codecs

    return read_index(places.medium(entry.sha256), entry.sha256, RASTERS[raster]) is not None


def main(argv: list[str]) -> int:
    """Prepare a state directory."""
    parser = Parser(
        prog="gengfu setup",
        description="prepare a state directory: keys, media, accounts · 准备状态目录:密钥、素材、账户",
    )
    parser.add_argument("settings", type=Path, help="station.toml · 设置文件")
    parser.add_argument("--state", default=None, help="state directory · 状态目录")
    parser.add_argument(
        "--demo", action="store_true", help="invented people and an upstream platform · 演示人员与上级平台"
    )
    parser.add_argument("--quiet", action="store_true", help="say only what takes long · 只提示耗时的步骤")
    options = parser.parse_args(argv)
    if PARENT in os.environ:
        die_with_parent()
    settings, places = prepare(options.settings, options.state, demo=options.demo)
    if options.quiet:
        return 0
    media = len(library.read(places))
    sys.stdout.write(
        f"{settings.station.name_en}: {places.state} is ready, {media} media in house format\n"
        f"{settings.station.name_zh}:状态目录已就绪,{media} 条素材已入库\n"
    )
    return 0
