"""Events about accounts, by operator id alone: no name, no credential. Decides nothing."""

from __future__ import annotations

from typing import Literal

from station.words import AreaCode, Event, event


@event("operator.added/1")
class OperatorAdded(Event):
    """An account was made."""

    operator: str
    roles: tuple[str, ...]
    areas: tuple[AreaCode, ...]
    department: str = ""
    events: tuple[str, ...] = ()


@event("operator.changed/1")
class OperatorChanged(Event):
    """Roles, areas or whether the account may be used at all are now these."""

    operator: str
    roles: tuple[str, ...]
    areas: tuple[AreaCode, ...]
    active: bool
    department: str = ""
    events: tuple[str, ...] = ()


@event("operator.credential/1")
class CredentialChanged(Event):
    """A password or PIN was set anew; sessions that stood on the old one are over."""

    operator: str
    which: Literal["password", "pin"]


@event("operator.seated/1")
class OperatorSeated(Event):
    """Somebody logged in."""

    operator: str


@event("operator.left/1")
class OperatorLeft(Event):
    """Somebody logged out."""

    operator: str


@event("operator.slowed/1")
class OperatorSlowed(Event):
    """Too many wrong passwords or PINs for this account: it must wait between tries."""

    operator: str
    which: Literal["password", "pin"]
