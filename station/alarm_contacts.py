"""Whom an alarm card names now: who holds the post, the telephone list, the settings. Pure; knows no alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from station.alarm_views import ContactView
from station.people_orders import Contact
from station.rights import ROLE_NAMES
from station.settings import ContactSection, Role
from station.words import Text

# the post of the duty book that stands for a role
POSTS: Final[Mapping[str, str]] = {
    "operator": "operator",
    "dispatcher": "dispatcher",
    "engineer": "engineer",
    "reviewer": "leader",
    "approver": "leader",
}


def whom(
    role: Role,
    holders: Mapping[str, str],
    lines: Iterable[Contact],
    settings: Iterable[ContactSection],
    person: Callable[[str], Text],
) -> list[ContactView]:
    """Who is on duty first, then whoever the lists name for the role; `holders`: post → operator on duty now."""
    post, told = POSTS.get(role, role), tuple(lines)
    holder = holders.get(post, "")
    found = list(_of_the_book(role, post, holder, told))
    if holder and not any(one.operator == holder for one in told):
        found.insert(0, ContactView(role=ROLE_NAMES[role], name=person(holder), phone="", on_duty=True))
    listed = (
        ContactView(role=ROLE_NAMES[role], name=Text(one.name_en or one.name, one.name), phone=one.phone)
        for one in settings
        if one.role == role
    )
    return [*found, *listed]


def _of_the_book(role: Role, post: str, holder: str, lines: tuple[Contact, ...]) -> Iterator[ContactView]:
    on_duty = [one for one in lines if holder and one.operator == holder]
    others = [one for one in lines if one not in on_duty and one.role in (role, post)]
    for one in (*on_duty, *others):
        name = Text(one.name_en, one.name_zh)
        yield ContactView(role=ROLE_NAMES[role], name=name, phone=one.phone, on_duty=one in on_duty)
