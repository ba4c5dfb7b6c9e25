"""The station of a simulated day: an invented county of its own, or one read from a settings file, with keys and media made from the seed. Writes only below a directory of its own."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from random import Random
from typing import Final

import attrs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.plant_profile import SHIPPED
from emergency import sim_signing, sm2
from station import keys, library, settings_file
from station.areas import AreaTree
from station.areas import load as load_areas
from station.library import Entry
from station.settings import DeviceSection, Places, Settings
from station.simulation.loudspeakers import BEAT
from station.words import SAMPLE_RATE, AreaCode, Operator, Sha256

TOWNS: Final = ("石桥镇", "柳林镇", "白塔镇", "东湾镇", "清河乡", "南岭乡")
VILLAGES: Final = ("东庄村", "西庄村", "河口村", "桥头村", "新建村")
COUNTY: Final = "340499"  # no county has this code
MOST_SPEAKERS: Final = 60  # that are installed; of a larger registry a part, chosen by the seed
MUSIC, FEATURES = 24, 12
NAMED = ("snmp:", "nut:", "line")  # nobody plays such a device in a simulated day
FAST, SLOW = 20_000, 60_000  # ms between two looks at a device: a day has tens of thousands

PEOPLE: Final = (
    Operator(id="sun", roles=frozenset({"editor"})),
    Operator(id="li", roles=frozenset({"reviewer"})),
    Operator(id="qian", roles=frozenset({"reviewer"})),
    Operator(id="zhou", roles=frozenset({"reviewer"})),
    Operator(id="wu", roles=frozenset({"approver"})),
    Operator(id="wang", roles=frozenset({"dispatcher"})),
    Operator(id="zhao", roles=frozenset({"dispatcher"})),
    Operator(id="gao", roles=frozenset({"operator"})),
    Operator(id="he", roles=frozenset({"engineer"})),
    Operator(id="guan", roles=frozenset({"viewer"})),
    Operator(id="root", roles=frozenset({"admin"})),
)


@attrs.frozen(kw_only=True)
class County:
    """One station to simulate."""

    settings: Settings
    places: Places
    home: Path  # where areas and registry are read
    tree: AreaTree
    villages: tuple[AreaCode, ...]
    towns: tuple[AreaCode, ...]
    songs: tuple[str, ...]  # names as rundowns write them
    ebd: str  # id of the EBD source; empty: there is none
    cap: str


def own(folder: Path, seed: str, timezone: str) -> County:
    """The invented county, written below `folder`."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / "areas.csv").write_text(_areas(), encoding="utf-8")
    (home / "terminals.csv").write_text(_terminals(), encoding="utf-8")
    (home / "rundowns").mkdir()
    (home / "station.toml").write_text(_settings(timezone), encoding="utf-8")
    return of(home / "station.toml", folder, seed)


def of(path: Path, folder: Path, seed: str, timezone: str = "") -> County:
    """The station of a settings file: its rules, areas and terminals, but journal, keys and media of the simulation's own."""
    settings = settings_file.load(path)
    station = attrs.evolve(
        settings.station, journal="", timezone=timezone or settings.station.timezone, state="state"
    )
    terminals = attrs.evolve(settings.terminals, heartbeat_s=round(BEAT))
    spoken = [one for one in settings.devices if not one.link.startswith(NAMED)]
    devices = [_unhurried(one, path.parent, folder) for one in spoken]
    settings = attrs.evolve(settings, station=station, terminals=terminals, devices=devices)
    places = Places(folder / "state")
    for room in (places.state, places.run, places.media, places.logs, places.secrets):
        room.mkdir(parents=True, exist_ok=True)
    with (path.parent / station.areas).open(encoding="utf-8", newline="") as file:
        tree = load_areas(file)
    villages = tree.villages((station.area,))
    return County(
        settings=settings,
        places=places,
        home=path.parent.resolve(),
        tree=tree,
        villages=villages,
        towns=tuple(dict.fromkeys(AreaCode(f"{code[:9]}000") for code in villages)),
        songs=_media(settings, places, seed),
        ebd=next((one.id for one in settings.sources if one.kind == "ebd"), ""),
        cap=next((one.id for one in settings.sources if one.kind == "cap"), ""),
    )


def _unhurried(device: DeviceSection, home: Path, folder: Path) -> DeviceSection:
    """The same device, asked less often: its profile is the station's but for that."""
    source = home / device.profile if device.profile.endswith(".toml") else SHIPPED / f"{device.profile}.toml"
    text = source.read_text(encoding="utf-8")
    for group, period in (("fast", FAST), ("slow", SLOW)):
        text = re.sub(rf"(?m)^{group}_ms = \d+", f"{group}_ms = {period}", text)
    made = folder / f"{device.id}.toml"
    made.write_text(text, encoding="utf-8")
    if device.link:  # a simulated day opens no line of the machine
        return attrs.evolve(device, profile=str(made), link="", host="127.0.0.1", port=0)
    return attrs.evolve(device, profile=str(made))


def secrets(county: County, seed: str) -> dict[str, Path]:
    """Keys of the station and of one platform for each source, made from the seed; source id → the platform's folder."""
    dice = Random(f"{seed}/keys")  # noqa: S311 - a simulated day must repeat exactly; these keys open nothing
    keys.make_checkpoint_key(county.places.secrets)
    signing = county.places.secrets / county.settings.terminals.signing_key
    sm2.save_private(signing, sm2.generate())
    sm2.save_public(signing.with_suffix(".pub.pem"), sm2.load_private(signing).public)
    found = {}
    for source in county.settings.sources:
        folder = county.places.state / "platforms" / source.id
        sim_signing.init(folder)
        _cap_key(folder, dice)
        token = f"{dice.getrandbits(128):032x}"
        (county.places.secrets / source.token_file).write_text(token + "\n", encoding="ascii")
        for certificate in source.certificates:
            public = (folder / f"{source.kind}.pem").read_bytes()
            (county.places.secrets / certificate).write_bytes(public)
        found[source.id] = folder
    return found


def _cap_key(folder: Path, dice: Random) -> None:
    """A CAP key made from the seed: the journal names its mark."""
    key = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
    pem, raw = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "cap.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, raw))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "cap.pem").write_bytes(public)


def _media(settings: Settings, places: Places, seed: str) -> tuple[str, ...]:
    """A library whose house files are empty: lengths and checksums are all that deciding and rendering need."""
    dice = Random(f"{seed}/media")  # noqa: S311
    named = {name: dice.randint(400, 900) for one in settings.channels for name in one.filler}
    named |= {one.loop: 90 for one in settings.channels if one.loop}
    songs = {f"media/music/{k:02d}.flac": dice.randint(120, 420) for k in range(MUSIC)}
    features = {f"media/features/{k:02d}.flac": dice.randint(600, 3_500) for k in range(FEATURES)}
    entries = [_entry(name, length, dice) for name, length in {**named, **songs, **features}.items()]
    for entry in entries:
        path = places.medium(entry.sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    library.write(places, entries)
    return (*songs, *features)


def _entry(name: str, seconds: int, dice: Random) -> Entry:
    sha256 = Sha256(hashlib.sha256(f"{name}/{seconds}".encode()).hexdigest())
    samples = seconds * SAMPLE_RATE + dice.randrange(SAMPLE_RATE)
    return Entry(name=name, sha256=sha256, samples=samples, title=Path(name).stem, size=0, modified=0)


def _areas() -> str:
    rows = ["code,name,level", "340000000000,省,province", "340400000000,市,city"]
    rows.append(f"{COUNTY}000000,演习县,county")
    for town, name in enumerate(TOWNS):
        rows.append(f"{COUNTY}{100 + town}000,{name},township")
        rows += [
            f"{COUNTY}{100 + town}{k + 1:03d},{name[:2]}{village},village"
            for k, village in enumerate(VILLAGES)
        ]
    return "\n".join(rows) + "\n"


def _terminals() -> str:
    rows = ["code,name,area,longitude,latitude,model"]
    for town in range(len(TOWNS)):
        for village in range(len(VILLAGES)):
            area = f"{COUNTY}{100 + town}{village + 1:03d}"
            for number in (1, 2):
                code = f"6{area}03140104{number:02d}"
                rows.append(
                    f"{code},{area}/{number},{area},116.{town}{village},32.{village}{number},gengfu-sim"
                )
    return "\n".join(rows) + "\n"


SETTINGS = f"""\
[station]
id = "simulated"
name_zh = "演习县融媒体中心"
name_en = "Simulated Media Centre"
area = "{COUNTY}000000"
areas = "areas.csv"
timezone = "@timezone@"
ebr_code = "4{COUNTY}0000000103010101"

[[channels]]
id = "fm1"
chain = "radio"
name_zh = "综合广播"
name_en = "General"
area = "{COUNTY}000000"
rundowns = "rundowns"
filler = ["media/filler/1.flac", "media/filler/2.flac"]
loop = "media/loop/1.flac"

[[channels]]
id = "fm2"
chain = "radio"
name_zh = "乡镇广播"
name_en = "Township"
area = "{COUNTY}101000"
rundowns = "rundowns"
filler = ["media/filler/2.flac"]
loop = "media/loop/1.flac"
duck_below_level = 3

[alerts]
streams = 4
witnessed = 0
life_list = ["11A", "11B03", "11C", "11D", "12"]

[[after_alerts]]
category = "news"
then = "resume"
longest_s = 900

[[after_alerts]]
category = "feature"
then = "drop"
longest_s = 900

[[after_alerts]]
then = "restart"
restart_under_s = 60
longest_s = 900

[[sources]]
id = "province"
kind = "ebd"
authority = "province"
token_file = "province.token"
preauthorised = true
certificates = ["province.pem"]

[[sources]]
id = "weather"
kind = "cap"
authority = "county"
token_file = "weather.token"
certificates = ["weather.pem"]

[terminals]
registry = "terminals.csv"

[[devices]]
id = "fm1-main"
kind = "transmitter"
profile = "transmitter-gengfu"
channel = "fm1"
name_zh = "主发射机"
name_en = "main transmitter"

[[devices]]
id = "fm2-main"
kind = "transmitter"
profile = "transmitter-gengfu"
channel = "fm2"
name_zh = "乡镇发射机"
name_en = "township transmitter"

[[devices]]
id = "ups1"
kind = "ups"
profile = "ups-gengfu"
name_zh = "发射台电源"
name_en = "hill power supply"
"""


def _settings(timezone: str) -> str:
    return SETTINGS.replace("@timezone@", timezone)
