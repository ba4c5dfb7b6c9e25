"""Commands about accounts and the telephone list, which the people's register obeys and not the desk; their events go by operator id alone. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import AreaCode, Command, Event, command, event

Which = Literal["password", "pin"]


@attrs.frozen(kw_only=True)
class Contact:
    """One line of the telephone list: a role or an office, perhaps an operator, and a number."""

    role: str  # a post of the duty book, or a word of the station's own: "power", "county-office"
    name_zh: str
    name_en: str
    phone: str
    operator: str = ""  # whose number it is, where it is a colleague's
    note: str = ""


@command("people.add", right="admin")
class AddPerson(Command):
    """Make an account; the answer carries its one-time password and PIN, once."""

    operator: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    areas: tuple[AreaCode, ...] = ()
    department: str = ""
    events: tuple[str, ...] = ()


@command("people.change", right="admin")
class ChangePerson(Command):
    """Give an account these roles, areas, department, events; close it or open it. What is left out stays."""

    operator: str
    roles: tuple[str, ...] | None = None
    areas: tuple[AreaCode, ...] | None = None
    department: str | None = None
    events: tuple[str, ...] | None = None
    active: bool | None = None


@command("people.reset", right="admin")
class ResetSecret(Command):
    """Give an account a one-time password or PIN; the answer carries it, once. Its seats are over."""

    operator: str
    which: Which


@command("people.endseat", right="admin")
class EndSeat(Command):
    """End one open seat of anybody, by the beginning of its digest."""

    seat: str


@command("people.own", right="view", proof=False)
class OwnSecret(Command):
    """Choose your own password or PIN; the old one is the proof."""

    which: Which
    old: str
    new: str


@command("contacts.set", right="roster")
class SetContacts(Command):
    """The telephone list is now this."""

    contacts: tuple[Contact, ...]


@event("operator.unseated/1")
class OperatorUnseated(Event):
    """An administrator ended a seat."""

    operator: str


@event("contacts.changed/1")
class ContactsChanged(Event):
    """The telephone list is another; numbers stay out of the journal."""

    count: int
    sha256: str
