"""The named networks of a station: which address each listener is bound to, and which networks must not be one. Pure; knows no socket."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    NetmaskValueError,
    ip_address,
)
from itertools import combinations

from station.settings import Networks
from station.words import Text

NAMES = ("office", "playout", "devices", "terminals", "upstream")
APART = (
    # a network, one it must be kept from, and why
    (
        "office",
        "devices",
        Text(
            "anybody in the office could then switch a transmitter",
            "否则办公网内任何人都能操作发射机",
        ),
    ),
    (
        "office",
        "terminals",
        Text("anybody in the office could then speak to the loudspeakers", "否则办公网内任何人都能接触终端"),
    ),
    (
        "office",
        "playout",
        Text("office traffic would then disturb what is on air", "否则办公流量会影响播出"),
    ),
    (
        "upstream",
        "devices",
        Text("the way in from outside would then lead to the devices", "否则外部接入可直达设备"),
    ),
    (
        "upstream",
        "playout",
        Text("the way in from outside would then lead to what is on air", "否则外部接入可直达播出网"),
    ),
)


def interface(said: str) -> IPv4Interface | None:
    """An address with its net (`192.168.10.5/24`; alone it is a net of one); None where it is neither."""
    try:
        return IPv4Interface(said)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def address(said: str) -> str:
    """The address to bind to, without its net; as it is where it makes no sense (the rules have said so)."""
    found = interface(said)
    return said if found is None else str(found.ip)


def is_local(said: str) -> bool:
    """Whether nobody but this machine can come in there."""
    found = interface(said)
    return found is not None and found.ip.is_loopback


def host_of(place: str) -> str:
    """The host of `host`, `host:port` or `[address]:port`; the place itself where it is none of these."""
    if place.startswith("["):
        name, closed, rest = place[1:].partition("]")
        return name if closed and rest[:1] in ("", ":") else place
    return place.partition(":")[0] if place.count(":") == 1 else place


def figures(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is in figures; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def same_net(one: str, other: str) -> bool:
    """Whether two addresses lie in one net; loopback is nobody's net."""
    a, b = interface(one), interface(other)
    if a is None or b is None or a.ip.is_loopback or b.ip.is_loopback:
        return False
    return a.network.overlaps(b.network)


def rules(networks: Networks, panel_host: str) -> Iterator[tuple[str, Text]]:
    """Every rule of `[networks]` that does not hold, with its path."""
    for name in NAMES:
        said = getattr(networks, name)
        found = interface(said)
        if found is None or found.ip.is_unspecified or found.ip.is_multicast:
            yield (
                f"networks.{name}",
                Text(
                    f"is {said!r} but must be one address of this machine, best with its net, such as 192.168.10.5/24",
                    f"的值 {said!r} 应为本机的一个地址,最好带网段,例如 192.168.10.5/24",
                ),
            )
    yield from _shared(networks)
    yield from _panel(networks, panel_host)


def _shared(networks: Networks) -> Iterator[tuple[str, Text]]:
    known = {"+".join(pair) for pair in combinations(NAMES, 2)}
    said = {"+".join(sorted(one.split("+"), key=_place)) for one in networks.may_share}
    for k, one in enumerate(networks.may_share):
        if "+".join(sorted(one.split("+"), key=_place)) not in known:
            yield (
                f"networks.may_share[{k}]",
                Text(
                    f"is {one!r} but must name two networks, such as office+devices",
                    f"的值 {one!r} 应为两个网络,例如 office+devices",
                ),
            )
    for one, other, why in APART:
        pair = "+".join(sorted((one, other), key=_place))
        if pair not in said and same_net(getattr(networks, one), getattr(networks, other)):
            yield (
                f"networks.{other}",
                Text(
                    f"is in the net of {one}: {why.en}; give it a net of its own, or write may_share = [{pair!r}]",
                    f"与 {one} 同一网段:{why.zh};请使用独立网段,或写明 may_share = [{pair!r}]",
                ),
            )


def _place(name: str) -> int:
    return NAMES.index(name) if name in NAMES else len(NAMES)


def _panel(networks: Networks, host: str) -> Iterator[tuple[str, Text]]:
    if host and not is_local(host) and host != "localhost" and address(host) != address(networks.office):
        yield (
            "panel.host",
            Text(
                f"is {host!r} but the panel listens on loopback or on networks.office, nowhere else",
                f"的值 {host!r} 不允许:面板只能监听本机回环或 networks.office",
            ),
        )
