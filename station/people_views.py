"""What the glass is told of accounts and seats; never a secret. Instants are µs UTC; knows no state."""

from __future__ import annotations

import attrs

from station.words import AreaCode, Instant, Text


@attrs.frozen(kw_only=True)
class AccountView:
    """An account as the administrator sees it."""

    operator: str
    name: Text
    roles: list[str]
    areas: list[AreaCode]  # empty: everywhere
    area_names: list[str]
    department: str
    events: list[str]  # beginnings of event codes it may send; empty: all
    active: bool
    temporary: list[str]  # one-time secrets not yet replaced: password, pin


@attrs.frozen(kw_only=True)
class SeatRow:
    """An open seat, named by the beginning of its digest: with that nobody sits down."""

    seat: str
    operator: str
    since: Instant  # 0: not known, from an older version
    until: Instant
    acting_until: Instant | None


@attrs.frozen(kw_only=True)
class UsersView:
    """The Users page."""

    accounts: list[AccountView]
    seats: list[SeatRow]
    roles: dict[str, Text]
