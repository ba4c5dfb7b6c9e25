"""What must hold of the addresses in [panel]: pure, and opens nothing. Knows no page; tells whether an address is one of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from station.settings import Settings
from station.words import Text

Said = tuple[str, Text]  # path, sentence without its subject
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def rules(settings: Settings) -> Iterator[Said]:
    """Every address of [panel] wall_from that is none, or that would let everybody in."""
    for k, said in enumerate(settings.panel.wall_from):
        path = f"panel.wall_from[{k}]"
        found = network(said)
        if found is None:
            yield (
                path,
                Text(
                    f"is {said!r} but must be an address or a network, such as 10.1.2.3 or 10.1.2.0/24",
                    f"的值 {said!r} 应为地址或网段,例如 10.1.2.3 或 10.1.2.0/24",
                ),
            )
        elif not found.prefixlen:
            yield path, Text("would show the wall to everybody", "等于对所有地址开放大屏")


def network(said: str) -> Network | None:
    """The network that is written there; None when it is none."""
    try:
        return ipaddress.ip_network(said.strip())
    except ValueError:
        return None


def among(address: str, networks: Iterable[str]) -> bool:
    """Whether a peer's address lies in one of the networks; an IPv4 address inside IPv6 counts as itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    here = mapped or found
    known = (network(one) for one in networks)
    return any(one is not None and here.version == one.version and here in one for one in known)
