"""The players of a chain: one, or the two of a pair; what they are called, and to which ports the second sends. Pure; knows no process and no socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from station.settings import ChannelSection, Ports, Settings
from station.words import ChannelId, Text

SECOND: Final = ".b"  # ends the second player's name; no chain's name has a dot
TWIN_PORTS: Final = 200  # the ports of the second player's sound lie so much above the first's

Said = tuple[str, Text]


def chain_of(player: str) -> str:
    """The chain that a player plays."""
    return player.removesuffix(SECOND)


def is_second(player: str) -> bool:
    """Whether that is the second player of its chain."""
    return player.endswith(SECOND)


def twin_of(player: str) -> str:
    """The other player of the same chain, whether there is one or not."""
    return chain_of(player) if is_second(player) else player + SECOND


def letter(player: str) -> str:
    """A or B: what people call the two."""
    return "B" if is_second(player) else "A"


def is_pair(settings: Settings, chain: str) -> bool:
    """Whether two players play a chain at all times."""
    return any(one.chain == chain and one.redundancy == "pair" for one in settings.channels)


def is_television(settings: Settings, chain: str) -> bool:
    """Whether a chain's channel has a picture."""
    return any(one.chain == chain and one.raster for one in settings.channels)


def players(settings: Settings) -> dict[str, tuple[ChannelId, ...]]:
    """Every player that is to run, and the channels it mixes: the second of a pair right after the first."""
    made: dict[str, tuple[ChannelId, ...]] = {}
    for chain, channels in settings.chains().items():
        made[chain] = channels
        if is_pair(settings, chain):
            made[chain + SECOND] = channels
    return made


def guests(settings: Settings) -> tuple[str, ...]:
    """Second players that may come for a while beside one that is alone, to carry the air while it is renewed."""
    return tuple(
        chain + SECOND
        for chain in settings.chains()
        if not is_pair(settings, chain) and not is_television(settings, chain)
    )


def ports_of(settings: Settings, ports: Ports, player: str) -> Ports:
    """Where a player's sound can be heard on this machine: the second of a pair sends it to ports of its own, a guest to those of its host."""
    own = is_second(player) and is_pair(settings, chain_of(player))
    return Ports(ports.base + TWIN_PORTS) if own else ports


def last_port(settings: Settings) -> int:
    """How far above the base the ports of second players reach; 0 where there is no pair."""
    pairs = [number for number, one in enumerate(settings.channels) if one.redundancy == "pair"]
    return Ports(TWIN_PORTS).ts(pairs[-1]) if pairs else 0


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule of pairs that does not hold: path, sentence without its subject."""
    for k, one in enumerate(settings.channels):
        at = f"channels[{k}]"
        if one.redundancy == "pair":
            yield from _pair(at, one)
        else:
            yield from _alone(at, one, is_pair(settings, one.chain))


def _pair(at: str, one: ChannelSection) -> Iterator[Said]:
    if one.raster:
        yield (
            f"{at}.redundancy",
            Text(
                "is “pair”, but television has one player so far: one that comes back would be seen before it is its twin’s equal",
                "的值为“pair”,但电视频道目前只能有一台播放器:恢复的一台在与另一台一致之前即会播出",
            ),
        )


def _alone(at: str, one: ChannelSection, paired: bool) -> Iterator[Said]:
    if paired:
        yield (
            f"{at}.redundancy",
            Text(
                f"is “none”, but another channel of the chain {one.chain!r} is a pair: a chain is a pair as a whole",
                f"的值为“none”,但播出链 {one.chain!r} 的另一频道为“pair”:主备须整链一致",
            ),
        )
    for name in ("l16_twin", "ts_twin"):
        if getattr(one, name) and not paired:
            yield (
                f"{at}.{name}",
                Text(
                    "names where a second player sends, but redundancy is not “pair”",
                    "指定了备机的发送地址,但 redundancy 不是“pair”",
                ),
            )
