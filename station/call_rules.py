"""What must hold of [alarms] call_minutes, call_hook and call_token_file in the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import urlsplit

from station.networks import figures, interface
from station.settings import Settings
from station.words import Text

LEVELS = 3
LONGEST = 24 * 60  # min
Said = tuple[str, Text]


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule that does not hold, with its path."""
    minutes = settings.alarms.call_minutes
    good = (
        len(minutes) <= LEVELS
        and minutes == sorted(set(minutes))
        and all(0 < one <= LONGEST for one in minutes)
    )
    if not good:
        said = Text(
            f"must be up to {LEVELS} growing numbers of minutes, 1 to {LONGEST}, such as [2, 5, 10]; [] calls nobody",
            f"应为至多 {LEVELS} 个递增的分钟数(1 至 {LONGEST}),例如 [2, 5, 10];[] 表示不叫应",
        )
        yield "alarms.call_minutes", said
    hook = settings.alarms.call_hook
    if hook and not _near(hook, settings.networks.office):
        said = Text(
            f"is {hook!r} but must be http://address:port/path on this machine or in the office network, the address in figures",
            f"的值 {hook!r} 应为本机或办公网内的 http://地址:端口/路径,地址用数字",
        )
        yield "alarms.call_hook", said
    yield from _token(settings.alarms.call_token_file, hook)


def _token(name: str, hook: str) -> Iterator[Said]:
    if name and PurePath(name).name != name:
        said = Text(
            f"is {name!r} but must be the bare name of a file in secrets/",
            f"的值 {name!r} 应为 secrets/ 下的文件名,不含路径",
        )
        yield "alarms.call_token_file", said
    elif name and not hook:
        yield (
            "alarms.call_token_file",
            Text("is of no use without call_hook", "未设 call_hook 时无用"),
        )


def _near(hook: str, office: str) -> bool:
    """Whether an address is plain http on loopback or in the office's net."""
    try:
        parts = urlsplit(hook)
        host, port = figures(parts.hostname or ""), parts.port
    except ValueError:
        return False
    if host is None:
        return False
    plain = parts.scheme == "http" and port != 0 and not (parts.username or parts.password or parts.fragment)
    net = interface(office)
    return plain and (host.is_loopback or (net is not None and host in net.network)) and not _odd(hook)


def _odd(text: str) -> bool:
    return len(text) > 300 or any(not "!" <= one <= "~" for one in text)
