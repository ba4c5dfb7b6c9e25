"""What the facts about a station's own keeping mean: secrets, keys, people, journal, backup. Pure; knows no file, no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from station import networks
from station.settings import Settings
from station.symptoms import Finding, bad, ok, warn
from station.words import HOUR, Instant, Text

DAY_US = 24 * HOUR
DEFAULTS = frozenset(
    {"", "admin", "password", "changeme", "change-me", "secret", "token", "123456", "000000", "gengfu"}
)
SHORTEST = 16  # characters of a token below which it could be guessed
OLD_KEY_DAYS = 730
SOON_DAYS = 30
ACTING = frozenset({"operator", "editor", "reviewer", "approver", "dispatcher", "engineer", "admin"})


@attrs.frozen(kw_only=True)
class File:
    """A file that must be kept: permission bits, size in bytes."""

    name: str
    mode: int
    size: int
    content: str = ""  # of tokens only, stripped


@attrs.frozen(kw_only=True)
class Key:
    """A key or certificate: how old (days), and when it ends (days from now; None: it never says)."""

    name: str
    age_days: int
    ends_in_days: int | None = None


@attrs.frozen(kw_only=True)
class Person:
    """An account as far as the doctor looks."""

    id: str
    roles: frozenset[str]
    active: bool
    pin: bool
    demo: bool = False


# -- secrets --------------------------------------------------------------------------------------


def secrets(files: Sequence[File]) -> Iterator[Finding]:
    """Tokens and keys: there, long enough, no default, each its own, nobody else's to read."""
    wrong = [*_open(files), *_weak(files), *_same(files)]
    yield from wrong
    if not wrong:
        yield ok(
            "secrets",
            f"{len(files)} secrets, readable by their owner alone",
            f"{len(files)} 个密钥文件,仅属主可读",
        )


def _open(files: Sequence[File]) -> Iterator[Finding]:
    for file in files:
        if file.mode & 0o077 and not file.name.endswith(".pub.pem"):
            yield bad(
                "secrets",
                f"others can read secrets/{file.name} (mode {file.mode:04o}): chmod 600 it, and change it if anybody did",
                f"他人可读取 secrets/{file.name}(权限 {file.mode:04o}):请 chmod 600,若可能已泄露请更换",
            )


def _weak(files: Sequence[File]) -> Iterator[Finding]:
    for file in files:
        if file.size == 0:
            yield bad(
                "secrets",
                f"secrets/{file.name} is empty: run gengfu setup, or put the sender's token there",
                f"secrets/{file.name} 为空:请运行 gengfu setup 或写入来源令牌",
            )
        elif file.name.endswith(".token") and (
            file.content.lower() in DEFAULTS or len(file.content) < SHORTEST
        ):
            yield bad(
                "secrets",
                f"secrets/{file.name} can be guessed: agree with the sender on at least {SHORTEST} random characters",
                f"secrets/{file.name} 容易被猜中:请与来源方约定至少 {SHORTEST} 个随机字符",
            )


def _same(files: Sequence[File]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for file in files:
        if not file.content:
            continue
        if file.content in seen:
            yield bad(
                "secrets",
                f"secrets/{file.name} and secrets/{seen[file.content]} are the same: each sender needs its own",
                f"secrets/{file.name} 与 secrets/{seen[file.content]} 相同:每个来源须用各自的令牌",
            )
        seen[file.content] = file.name


def modes(files: Sequence[File]) -> Finding:
    """Databases, sockets and the state directory itself: not for others to read or write."""
    for file in files:
        if file.mode & 0o002 or (file.name.endswith("people.db") and file.mode & 0o077):
            return bad(
                "files",
                f"others may use {file.name} (mode {file.mode:04o}): chmod go-rwx it",
                f"他人可访问 {file.name}(权限 {file.mode:04o}):请 chmod go-rwx",
            )
    return ok(
        "files", "nobody else may write here, or read who the people are", "他人不可写,也不可读取账户库"
    )


def demo(settings: Settings, people: Sequence[Person], upstream_keys: bool) -> Finding:
    """Invented people and the platform's private keys belong to a demo, and a demo keeps to its own machine."""
    invented = [person.id for person in people if person.demo and person.active]
    real = any(not networks.is_local(getattr(settings.networks, name)) for name in networks.NAMES)
    if invented and real:
        return bad(
            "demo",
            f"this station has a real network and {len(invented)} demo people ({', '.join(invented[:3])} …): close them with gengfu people close",
            f"本台已接入真实网络,却仍有 {len(invented)} 个演示账户({'、'.join(invented[:3])} 等):请用 gengfu people close 停用",
        )
    if upstream_keys and real:
        return bad(
            "demo",
            "the simulated platform's private keys lie in upstream/: who has them can sound every loudspeaker; take its sources out of the settings and delete upstream/",
            "模拟上级平台的私钥仍在 upstream/ 中:持有者可触发全部终端;请删除其来源设置及 upstream/ 目录",
        )
    if invented or upstream_keys:
        return ok("demo", "a demo, which nobody outside this machine can reach", "演示台站,本机之外不可访问")
    return ok("demo", "no demo people, no demo keys", "无演示账户与演示密钥")


# -- keys and people ------------------------------------------------------------------------------


def keys(found: Sequence[Key]) -> Iterator[Finding]:
    """Certificates that end, keys that grow old."""
    wrong = 0
    for key in found:
        ends = key.ends_in_days
        if ends is not None and ends < 0:
            wrong += 1
            yield bad(
                "keys",
                f"secrets/{key.name} ended {-ends} days ago: ask its owner for the new one",
                f"secrets/{key.name} 已过期 {-ends} 天:请向其所有者索取新证书",
            )
        elif ends is not None and ends <= SOON_DAYS:
            wrong += 1
            yield warn(
                "keys",
                f"secrets/{key.name} ends in {ends} days: ask its owner for the new one",
                f"secrets/{key.name} 将在 {ends} 天后过期:请向其所有者索取新证书",
            )
        elif key.age_days > OLD_KEY_DAYS:
            wrong += 1
            yield warn(
                "keys",
                f"secrets/{key.name} is {key.age_days // 365} years old: agree on a new one",
                f"secrets/{key.name} 已使用 {key.age_days // 365} 年:请商定更换",
            )
    if not wrong:
        yield ok(
            "keys",
            f"{len(found)} keys, none old, none ending soon",
            f"{len(found)} 个密钥,均未老化或临近过期",
        )


def people(found: Sequence[Person] | None) -> Iterator[Finding]:
    """Enough people for the signature table, each able to act, and more than one who can help another in."""
    if found is None:
        yield bad(
            "people",
            "people.db cannot be read: restore it from a backup",
            "账户库 people.db 无法读取:请从备份恢复",
        )
        return
    active = [person for person in found if person.active]
    wrong = list(_missing_people(active))
    without = [person.id for person in active if person.roles & ACTING and not person.pin]
    if without:
        wrong.append(
            warn(
                "people",
                f"{', '.join(without)} have no PIN and cannot sign: gengfu people secret",
                f"{'、'.join(without)} 没有 PIN,无法签审:请用 gengfu people secret 设置",
            )
        )
    yield from wrong
    if not wrong:
        yield ok(
            "people",
            f"{len(active)} people, all with a PIN where they act",
            f"{len(active)} 人,需操作者均有 PIN",
        )


def _missing_people(active: Sequence[Person]) -> Iterator[Finding]:
    admins = [person for person in active if "admin" in person.roles]
    if not admins:
        yield bad(
            "people",
            "there is no administrator: gengfu people add … --role admin",
            "没有管理员:请用 gengfu people add … --role admin 添加",
        )
    elif len(admins) == 1:
        yield warn(
            "people",
            f"{admins[0].id} is the only administrator: make a second one before the first is ill",
            f"{admins[0].id} 是唯一的管理员:请再设一名",
        )
    signers = [person for person in active if person.roles & {"reviewer", "approver", "dispatcher"}]
    if active and len(signers) < 3:
        yield bad(
            "people",
            f"{len(signers)} people may sign and some alerts need three: add people",
            f"仅 {len(signers)} 人可签审,部分预警须三人签:请增加人员",
        )


def journal(*, records: int, wrong: Text | None, there: bool) -> Finding:
    """The chain of the journal, whole."""
    if not there:
        return warn("journal", "there is none yet: the station has not run here", "尚无日志:台站还未在此运行")
    if wrong is not None:
        return bad(
            "journal",
            f"{wrong.en}: keep the file as it is, tell who is responsible, restore a backup on another machine",
            f"{wrong.zh}:请保留原文件,报告负责人,并在另一台机器上恢复备份",
        )
    return ok("journal", f"{records} records, the chain holds", f"{records} 条记录,散列链完整")


def backup(at: Instant | None, now: Instant) -> Finding:
    """How old the last one is."""
    if at is None:
        return warn(
            "backup",
            "there was none yet: gengfu backup DIR, on another disk, every night",
            "从未备份:请每夜运行 gengfu backup 目录(另一块磁盘)",
        )
    days = max(0, now - at) // DAY_US
    said = Text(f"the last one is {days} days old", f"上次备份在 {days} 天前")
    if days > 30:
        return bad("backup", f"{said.en}: make one now", f"{said.zh}:请立即备份")
    if days > 7:
        return warn("backup", f"{said.en}: it should be made every night", f"{said.zh}:应每夜备份")
    return ok("backup", said.en, said.zh)


def gate(before: str | None) -> Finding:
    """What an upgrade would newly sound is held until somebody looks."""
    if before is not None:
        return bad(
            "upgrade",
            f"since the upgrade from version {before} something is held that the old version did not sound: look at the alerts, then gengfu upgrade --release",
            f"自版本 {before} 升级后,有旧版未播出的内容被暂停:请核对预警后运行 gengfu upgrade --release",
        )
    return ok("upgrade", "nothing is held", "无暂停事项")
