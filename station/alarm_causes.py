"""Which conditions follow from which: a channel is silent because its player is away, a carrier is lost because the amplifier failed. Pure; sets `because`, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from station.alarm_conditions import away
from station.conditions import SEVERITIES, Condition

# in one transmitter, what comes first explains what comes after
IN_A_TRANSMITTER: Final = (
    "transmitter.interlock-open",
    "transmitter.exciter-fault",
    "transmitter.pa-fault",
    "transmitter.vswr-trip",
    "transmitter.carrier-lost",
    "transmitter.power-low",
)
SILENT: Final = frozenset({"witness.outage", "witness.empty"})


@attrs.frozen(kw_only=True)
class Ties:
    """What hangs on what: channel → chain of its player, channel → devices that carry it."""

    chains: Mapping[str, str] = attrs.field(factory=dict)
    carriers: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


def linked(found: Iterable[Condition], ties: Ties) -> tuple[Condition, ...]:
    """The same conditions, each with the first cause that explains it; one that is graver than its cause has none."""
    made = tuple(found)
    keys = {one.key: one for one in made}
    direct = {one.key: next(_causes(one, keys, ties), None) for one in made}
    return tuple(_with_root(one, direct, keys) for one in made)


def _with_root(one: Condition, direct: Mapping[str, str | None], keys: Mapping[str, Condition]) -> Condition:
    root = direct[one.key]
    while root is not None and direct[root] is not None:
        root = direct[root]
    if root is None or _rank(keys[root]) > _rank(one):
        return one
    return attrs.evolve(one, because=root)


def _rank(one: Condition) -> int:
    return SEVERITIES.index(one.severity)


def _causes(one: Condition, keys: Mapping[str, Condition], ties: Ties) -> Iterator[str]:
    """Keys of what stands and explains this one, the best first; never in a circle, for causes come before effects."""
    if one.card in IN_A_TRANSMITTER:
        earlier = IN_A_TRANSMITTER[: IN_A_TRANSMITTER.index(one.card)]
        yield from (k for k, other in keys.items() if other.where == one.where and other.card in earlier)
    if one.card in SILENT:
        chain = ties.chains.get(one.where, "")
        if away(chain) in keys:
            yield away(chain)
        devices = ties.carriers.get(one.where, ())
        yield from (
            k for k, other in keys.items() if other.where in devices and other.card in IN_A_TRANSMITTER
        )
