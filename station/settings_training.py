"""The rules of a shadow station (training): nothing it says leaves this machine, and its journal cannot be taken for the real one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs

from station.networks import address, figures, host_of
from station.outputs import OutputSection, target
from station.relay_sources import Source, read
from station.settings import Settings
from station.words import Text

MARK = "-training"
Said = tuple[str, Text]


def is_loopback(host: str) -> bool:
    """Whether an address (or `host:port`) names this machine's loopback."""
    name = host_of(host)
    found = figures(name)
    return name == "localhost" if found is None else found.is_loopback


def destinations(settings: Settings) -> Iterator[tuple[str, str]]:
    """(path in the settings, address) of everything this station would send to, take in or listen on."""
    for number, channel in enumerate(settings.channels):
        for kind in ("l16", "l16_twin", "ts", "ts_twin"):
            for place in getattr(channel, kind):
                yield f"channels[{number}].{kind}", place
        for place in (one for output in channel.outputs for one in _outputs(output)):
            yield f"channels[{number}].outputs", place
    yield from _ways(settings)
    for number, device in enumerate(settings.devices):
        yield f"devices[{number}].{'link' if device.link else 'host'}", device.reached
    for name in attrs.fields_dict(type(settings.networks)):
        value = getattr(settings.networks, name)
        if isinstance(value, str):
            yield f"networks.{name}", address(value)
    yield "panel.host", settings.panel.host
    if settings.alarms.call_hook:
        yield "alarms.call_hook", urlsplit(settings.alarms.call_hook).netloc


def _outputs(output: OutputSection) -> Iterator[str]:
    if output.kind != "file":
        found = target(output)
        yield output.to if found is None else found.host
    if output.to_twin:
        yield output.to_twin.rpartition(":")[0]


def _ways(settings: Settings) -> Iterator[tuple[str, str]]:
    """By what relays and live sources come; a sound card is nobody's loopback."""
    members = [(f"relays[{n}]", one.members) for n, one in enumerate(settings.relays)]
    members += [(f"live[{n}]", one.members) for n, one in enumerate(settings.live)]
    for at, named in members:
        for way in map(read, named):
            if isinstance(way, Source):
                yield f"{at}.members", way.text if way.scheme == "alsa" else way.host


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule of training that does not hold."""
    station = settings.station
    if station.training != station.id.endswith(MARK):
        said = Text(
            f"must end with {MARK} where station.training is on, and nowhere else: it stands in every record of the journal",
            f"仅在 station.training 开启时以 {MARK} 结尾:它写入日志的每条记录",
        )
        yield "station.id", said
    if not station.training:
        return
    if station.journal:
        yield "station.journal", Text("must be empty in training", "训练中应为空")
    if station.media_copy:  # a shadow keeps no second copy in the real one's place
        yield "station.media_copy", Text("must be empty in training", "训练中应为空")
    for path, place in destinations(settings):
        if not is_loopback(place):
            said = Text(
                f"names {place}: a training station has no route to a real line, 127.0.0.1 alone is allowed",
                f"的值为 {place}:训练台站不得通向真实线路,只允许 127.0.0.1",
            )
            yield path, said
    for number, source in enumerate(settings.sources):
        if source.preauthorised:
            said = Text("must be false in training", "训练中应为 false")
            yield f"sources[{number}].preauthorised", said
