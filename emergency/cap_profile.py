"""Holds a CAP alert against a profile: rules of one kind of user, kept as data (emergency/cap_profiles/). Pure but for reading such a file; knows no XML."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import attrs

from emergency import profile_file
from emergency.cap_alert import Alert, Area, Info, Resource
from station.wire import worded
from station.words import Refused, Text

FOLDER = Path(__file__).parent / "cap_profiles"
NAMES = ("base", "CAP-CP", "IPAWS", "WMO")
Part = Alert | Info | Resource | Area


@attrs.frozen(kw_only=True)
class When:
    """A rule's condition: a field of the part, or else of the alert, is one of these, or with `given` is there at all."""

    field: str
    among: tuple[str, ...] = ()
    given: bool = False


@attrs.frozen(kw_only=True)
class Rule:
    """One demand on each part of a kind; which of the other fields count depends on `check` (docs/protocols/cap.md)."""

    id: str
    level: Literal["must", "should"]
    each: Literal["alert", "info", "resource", "area"]
    check: Literal["present", "absent", "among", "has", "every", "pair", "same", "later", "any", "longest"]
    en: str
    zh: str
    field: str = ""
    fields: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    key: str = ""  # of a pair, compared without regard to case
    like: str = ""  # a regular expression for the whole value
    least: int = 1
    most: int = 1_000_000
    when: When | None = None
    unverified: bool = False


@attrs.frozen(kw_only=True)
class Profile:
    """A profile: who says that an alert follows it (`claims`: patterns of alert codes), and its rules."""

    name: str
    title: str
    source: str
    claims: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


@attrs.frozen(kw_only=True)
class Verdict:
    """What a profile says of an alert. It fits when no `must` is broken; what it only should is in `remarks`."""

    profile: str
    claimed: bool
    fits: bool
    reasons: tuple[Text, ...] = ()
    remarks: tuple[Text, ...] = ()


@functools.cache
def shipped() -> tuple[Profile, ...]:
    """The profiles that come with the program."""
    return tuple(load(FOLDER / f"{name}.toml") for name in NAMES)


def load(path: Path) -> Profile:
    """A profile from a TOML file. Raises Refused naming what is wrong with it."""
    try:
        return profile_file.read(path, Profile, _sound)
    except ValueError as error:
        wrong = worded(error)
        raise Refused(f"The profile {path}: {wrong.en}", f"配置 {path}:{wrong.zh}", code="profile") from None


_PARTS: dict[str, Any] = {"alert": Alert, "info": Info, "resource": Resource, "area": Area}


def _sound(profile: Profile) -> None:
    """Raises ValueError or re.error where a rule names a field that its part does not have, or a pattern is none."""
    for rule in profile.rules:
        _sound_rule(rule)
    for claim in profile.claims:
        re.compile(claim)


def _sound_rule(rule: Rule) -> None:
    """Raises ValueError where a rule names a field that its part does not have, or a pattern that is none."""
    re.compile(rule.like)
    part = Info if rule.check == "same" else _PARTS[rule.each]
    known = {field.name for field in attrs.fields(part)}
    named = [name for name in (rule.field, *rule.fields) if name]
    wrong = [name for name in named if name not in known]
    if wrong or not named:
        raise ValueError(f"rule {rule.id}: {', '.join(wrong) or 'no field'} of {rule.each}")
    if rule.when and rule.when.field not in known | {field.name for field in attrs.fields(Alert)}:
        raise ValueError(f"rule {rule.id}: when {rule.when.field}")


def verdict(profile: Profile, alert: Alert) -> Verdict:
    """What the profile says of the alert. Never raises for what the alert holds."""
    said: dict[str, list[Text]] = {"must": [], "should": []}
    for rule in profile.rules:
        places = [place for place, part in _parts(alert, rule.each) if not _kept(rule, part, alert)]
        if places:
            said[rule.level].append(_sentence(rule, places))
    return Verdict(
        profile=profile.name,
        claimed=any(re.fullmatch(claim, code) for claim in profile.claims for code in alert.codes),
        fits=not said["must"],
        reasons=tuple(said["must"]),
        remarks=tuple(said["should"]),
    )


def _parts(alert: Alert, each: str) -> Iterator[tuple[str, Part]]:
    if each == "alert":
        yield "", alert
        return
    for number, info in enumerate(alert.infos, 1):
        if each == "info":
            yield f"info {number}", info
        for at, area in enumerate(info.areas if each == "area" else (), 1):
            yield f"info {number}, area {at}", area
        for at, file in enumerate(info.resources if each == "resource" else (), 1):
            yield f"info {number}, resource {at}", file


def _sentence(rule: Rule, places: list[str]) -> Text:
    if not places[0]:
        return Text(rule.en, rule.zh)
    more = len(places) - 1
    en = f" (and {more} more)" if more else ""
    zh = f"(另有 {more} 处)" if more else ""
    return Text(f"{places[0]}{en}: {rule.en}", f"{places[0]}{zh}:{rule.zh}")


def _kept(rule: Rule, part: Part, alert: Alert) -> bool:
    if rule.when and not _applies(rule.when, part, alert):
        return True
    return _CHECKS[rule.check](rule, part)


def _applies(when: When, part: Part, alert: Alert) -> bool:
    held = getattr(part if hasattr(part, when.field) else alert, when.field)
    return bool(held) if when.given else held in when.among


def _values(rule: Rule, part: Part) -> tuple[Any, ...]:
    held = getattr(part, rule.field)
    return held if isinstance(held, tuple) else (held,) if held not in ("", None) else ()


def _pairs(rule: Rule, part: Part) -> bool:
    wanted = [
        value
        for name, value in _values(rule, part)
        if re.fullmatch(rule.key, name, re.IGNORECASE) and re.fullmatch(rule.like, value)
    ]
    return rule.least <= len(wanted) <= rule.most


def _same(rule: Rule, part: Part) -> bool:
    return isinstance(part, Alert) and len({getattr(info, rule.field) for info in part.infos}) <= 1


def _later(rule: Rule, part: Part) -> bool:
    times = [getattr(part, name) for name in rule.fields]
    return None in times or times[0] > times[1]


_CHECKS: dict[str, Callable[[Rule, Part], bool]] = {
    "present": lambda rule, part: bool(_values(rule, part)),
    "absent": lambda rule, part: not _values(rule, part),
    "among": lambda rule, part: set(_values(rule, part)) <= set(rule.values),
    "has": lambda rule, part: any(re.fullmatch(rule.like, str(one)) for one in _values(rule, part)),
    "every": lambda rule, part: all(re.fullmatch(rule.like, str(one)) for one in _values(rule, part)),
    "pair": _pairs,
    "same": _same,
    "later": _later,
    "any": lambda rule, part: any(getattr(part, name) for name in rule.fields),
    "longest": lambda rule, part: sum(len(getattr(part, name)) for name in rule.fields) <= rule.most,
}
