"""Whom a critical alarm calls that nobody acknowledges: who is on duty, the next of the roster, then engineer and leader, or who has the role; and what the gateway is told. Pure; knows no gateway and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from safety.alarm_record import Alarm, Call
from station.alarm_contacts import POSTS
from station.duty import State, shift_at
from station.duty_messages import Post
from station.people_orders import Contact
from station.settings import ContactSection, Role
from station.words import Instant, Text

Ids = tuple[str, ...]
LAST: Final = 3
MOST_CALLED: Final = 8  # at once
ANYBODY: tuple[Post, ...] = (
    "dispatcher",
    "operator",
    "engineer",
    "leader",
)  # where the card's own post is empty


def whom(level: int, role: Role, duty: State, now: Instant, roles: Mapping[str, Ids]) -> Ids:
    """Operator ids to call at a level (1, 2, 3) for a card that names `role`; `roles`: who has which, for the whole station.

    1: who holds the post, else who is on the roster for it, else whoever is on duty. 2: the next of the roster, else
    the leader. 3: engineer and leader. Where neither book nor roster names anybody, those who have the role.
    """
    post = next((one for one in ANYBODY if one == POSTS.get(role)), ANYBODY[0])
    first = _now(post, duty, now) or next((found for one in ANYBODY if (found := _now(one, duty, now))), ())
    if level == 1:
        called = first
    elif level == 2:
        called = _next(post, duty, now, first) or _now("leader", duty, now) or first
    else:
        called = (*_now("engineer", duty, now), *_now("leader", duty, now)) or first
    return tuple(dict.fromkeys(called or _having(level, role, roles)))[:MOST_CALLED]


def _having(level: int, role: Role, roles: Mapping[str, Ids]) -> Ids:
    if level == LAST:
        return (*roles.get("engineer", ()), *roles.get("approver", ()))
    return roles.get(role, ()) or roles.get("dispatcher", ())


def _now(post: Post, duty: State, now: Instant) -> Ids:
    held = duty.posts.get(post)
    if held is not None:
        return (held.operator,)
    return tuple(dict.fromkeys(who for shift in shift_at(duty, now) for who in shift.people(post)))


def _next(post: Post, duty: State, now: Instant, called: Ids) -> Ids:
    """The others of this shift, else the first of those that come after."""
    others = [who for shift in shift_at(duty, now) for who in shift.people(post) if who not in called]
    if others:
        return tuple(dict.fromkeys(others))
    for shift in duty.shifts:
        found = tuple(who for who in shift.people(post) if who not in called)
        if shift.start > now and found:
            return found
    return ()


def message(
    station: str,
    alarm: Alarm,
    call: Call,
    role: Role,
    text: Text,
    lines: Iterable[Contact],
    settings: Iterable[ContactSection],
    person: Callable[[str], Text],
) -> dict[str, Any]:
    """The body of one call for the gateway: what is wrong, whom to reach, and the key under which it is one call."""
    book = tuple(lines)
    return {
        "key": f"{station}:{alarm.number}:{call.level}:{call.at}",
        "station": station,
        "alarm": alarm.number,
        "level": call.level,
        "severity": alarm.condition.severity,
        "card": alarm.condition.card,
        "where": alarm.condition.where,
        "en": text.en,
        "zh": text.zh,
        "since": alarm.since,
        "at": call.at,
        "people": [*_people(call, book, person), *_listed(call, role, settings)],
    }


def _people(call: Call, book: tuple[Contact, ...], person: Callable[[str], Text]) -> Iterator[dict[str, str]]:
    for who in call.who:
        name = person(who)
        phone = next((one.phone for one in book if one.operator == who), "")
        yield {"operator": who, "en": name.en, "zh": name.zh, "phone": phone}


def _listed(call: Call, role: Role, settings: Iterable[ContactSection]) -> Iterator[dict[str, str]]:
    """Numbers of the settings for the card's role: where nobody was named, and with the engineer."""
    wanted = {role} if not call.who else {"engineer"} if call.level == LAST else set[str]()
    for one in settings:
        if one.role in wanted:
            yield {"operator": "", "en": one.name, "zh": one.name, "phone": one.phone}
