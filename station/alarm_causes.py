"""Which conditions follow from which: a channel is silent because its player is away, a carrier is lost because the amplifier failed. Pure; sets `because`, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from station.alarm_conditions import away
from station.conditions import SEVERITIES, Condition
from station.words import Text

# in one transmitter, what comes first explains what comes after
IN_A_TRANSMITTER: Final = (
    "transmitter.interlock-open",
    "transmitter.exciter-fault",
    "transmitter.pa-fault",
    "transmitter.vswr-trip",
    "transmitter.carrier-lost",
    "transmitter.power-low",
)
SILENT: Final = frozenset({"witness.outage", "witness.empty", "stream.outage", "stream.empty"})
MAINS: Final = "ups.on-battery"  # the mains of a site are gone
# what a site without mains explains: of its transmitters, and of the supply itself
OF_MAINS: Final = frozenset(
    {*IN_A_TRANSMITTER, "transmitter.carrier-unclear", "transmitter.cooling-fault"}
    | {"device.no-contact", "device.unread", "ups.battery-low"}
)


@attrs.frozen(kw_only=True)
class Ties:
    """What hangs on what: channel → chain of its player, channel → devices that carry it, device → supplies of its site."""

    chains: Mapping[str, str] = attrs.field(factory=dict)
    carriers: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    supplies: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


def linked(found: Iterable[Condition], ties: Ties) -> tuple[Condition, ...]:
    """The same conditions, each with the first cause that explains it; one that is graver than its cause has none.

    Only mains that are gone are as grave as the gravest of what they did: one siren for the site, not one a transmitter.
    """
    made = tuple(found)
    keys = {one.key: one for one in made}
    direct = {one.key: next(_causes(one, keys, ties), None) for one in made}
    rooted = tuple(_with_root(one, direct, keys) for one in made)
    return tuple(_as_grave(one, rooted) if one.card == MAINS else one for one in rooted)


def _as_grave(one: Condition, rooted: tuple[Condition, ...]) -> Condition:
    followers = [other for other in rooted if other.because == one.key]
    if not followers:
        return one
    worst = SEVERITIES[min(_rank(other) for other in (one, *followers))]
    text = Text(f"{one.text.en}; {len(followers)} more follow", f"{one.text.zh};连带 {len(followers)} 条")
    return attrs.evolve(one, severity=worst, text=text)


def _with_root(one: Condition, direct: Mapping[str, str | None], keys: Mapping[str, Condition]) -> Condition:
    root = direct[one.key]
    while root is not None and direct[root] is not None:
        root = direct[root]
    if root is None or (_rank(keys[root]) > _rank(one) and keys[root].card != MAINS):
        return one
    return attrs.evolve(one, because=root)


def _rank(one: Condition) -> int:
    return SEVERITIES.index(one.severity)


def _causes(one: Condition, keys: Mapping[str, Condition], ties: Ties) -> Iterator[str]:
    """Keys of what stands and explains this one, the best first; never in a circle, for causes come before effects."""
    if one.card in IN_A_TRANSMITTER:
        earlier = IN_A_TRANSMITTER[: IN_A_TRANSMITTER.index(one.card)]
        yield from (k for k, other in keys.items() if other.where == one.where and other.card in earlier)
    if one.card in OF_MAINS:
        yield from _mains((one.where,), keys, ties)
    if one.card in SILENT:
        chain = ties.chains.get(one.where, "")
        if away(chain) in keys:
            yield away(chain)
        devices = ties.carriers.get(one.where, ())
        yield from (
            k for k, other in keys.items() if other.where in devices and other.card in IN_A_TRANSMITTER
        )
        yield from _mains(devices, keys, ties)


def _mains(devices: Iterable[str], keys: Mapping[str, Condition], ties: Ties) -> Iterator[str]:
    """The supplies of these devices' sites that run on their batteries."""
    supplies = {supply for device in devices for supply in ties.supplies.get(device, (device,))}
    yield from (key for key, other in keys.items() if other.card == MAINS and other.where in supplies)
