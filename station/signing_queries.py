"""Who may still sign an alert, for the glass that says whom to ask: every account put before the very rule that decides. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emergency.signatures import check
from emergency.state import Record
from emergency.table import OPEN
from station.words import Operator, Refused
from station.world import World


class SigningQueries:
    """`signers` of docs/control-protocol.md."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"signers": self.signers}

    def signers(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """Active accounts whose signature under this alert would count now, with their roles; none when it is over."""
        record = self._world.desk.states["emergency"].alerts.get(str(args.get("id", "")))
        if record is None:
            return []
        return [
            {"operator": one.id, "name": one.name, "roles": list(one.roles)}
            for one in self._world.people.accounts()
            if one.active
            and may_sign(record, Operator(id=one.id, roles=frozenset(one.roles), areas=one.areas))
        ]


def may_sign(record: Record, by: Operator) -> bool:
    """Whether a signature of this operator would count now: asked of the very rule that decides."""
    if record.phase not in OPEN and not record.owing:
        return False
    try:
        check(record, by, record.content)
    except Refused:
        return False
    return True
