"""What must hold between and inside the settings of a station, beyond names and types. Pure but for asking whether named files are there; knows no part."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from station import alarm_rules, call_rules, device_rules, glass_rules, networks, pairs, settings_training
from station.live_rules import rules as live_rules
from station.output_rules import rules as output_rules
from station.relay_rules import rules as relay_rules
from station.replacement_rules import rules as replacement_rules
from station.settings import ChannelSection, Settings, SignatureRow, stream_channel
from station.tv_rules import television
from station.words import Text, is_area

Said = tuple[str, Text]  # path, sentence without its subject

CHANNELS_PER_CHAIN = 8  # design, section 2: one failure domain
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}\Z")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):([0-9]{1,5})\Z")
_EVENT = re.compile(r"[0-9A-Z]{1,5}\Z")
_EBR = re.compile(r"[0-9]{23}\Z")

# L10 as shipped: a table in the settings may ask for more, never for less
FLOOR = {
    row.row: row
    for row in (
        SignatureRow(row="upstream_life", before=0, owed=1, owed_within_s=3600),
        SignatureRow(row="upstream_other", before=1, timer_s=60),
        SignatureRow(row="composer", before=3),
        SignatureRow(row="template_alone", before=1, owed=1, owed_within_s=86_400),
        SignatureRow(row="breakglass", before=2, owed=1, owed_within_s=86_400),
        SignatureRow(row="daily_drill", before=3),
        SignatureRow(row="unverified", before=3),
    )
}

TIMED = ("upstream_life", "upstream_other")  # rows that may air when their timer runs out

# path inside Settings: least, greatest
RANGES: dict[str, tuple[float, float]] = {
    "alerts.streams": (1, 64),
    "alerts.witnessed": (0, 64),
    "alerts.repeats": (1, 20),
    "alerts.margin_ms": (0, 1_000),
    "alerts.gap_ms": (0, 10_000),
    "alerts.hold_s": (1, 3_600),
    "alerts.max_minutes": (1, 1_440),
    "alerts.template_villages": (1, 10_000),
    "alerts.template_minutes": (1, 1_440),
    "terminals.heartbeat_s": (1, 3_600),
    "terminals.retry_s": (1, 3_600),
    "safety.silence_s": (0.1, 600),
    "safety.loss_s": (0.1, 600),
    "safety.foreign_s": (0.1, 600),
    "safety.wrong_s": (0.1, 600),
    "safety.black_s": (0.1, 600),
    "safety.freeze_s": (0.3, 600),
    "safety.coverage_for_zero": (0, 1),
    "people.watch_h": (1, 24),
    "people.pin_s": (0, 3_600),
    "station.lock_s": (0, 3_600),
    **alarm_rules.RANGES,
}


def rules(settings: Settings, home: Path, *, files: bool) -> Iterator[Said]:
    """Every rule that does not hold; with `files`, media, rundowns and registries must be there too."""
    yield from _station(settings, home)
    yield from _ports(settings)
    yield from _channels(settings)
    yield from television(settings, home, files=files)
    yield from pairs.rules(settings)
    yield from output_rules(settings)
    yield from relay_rules(settings)
    yield from live_rules(settings)
    yield from _ranges(settings)
    yield from _alerts(settings)
    yield from _signatures(settings)
    yield from glass_rules.rules(settings)
    yield from _sources(settings)
    yield from _panel(settings)
    yield from networks.rules(settings.networks, settings.panel.host)
    yield from device_rules.rules(settings, home, files=files)
    yield from settings_training.rules(settings)
    yield from call_rules.rules(settings)
    yield from replacement_rules(settings, home, files=files)
    if files:
        yield from _files(settings, home)


def _station(settings: Settings, home: Path) -> Iterator[Said]:
    s = settings.station
    yield from _name("station.id", s.id)
    yield from _area("station.area", s.area)
    if not _is_zone(s.timezone):
        yield (
            "station.timezone",
            Text(
                f"names {s.timezone!r}, which is no time zone; write one like Asia/Shanghai",
                f"的值 {s.timezone!r} 不是时区名,请写成 Asia/Shanghai 这样的形式",
            ),
        )
    yield from _time("station.day_start", s.day_start)
    if s.ebr_code and not _EBR.match(s.ebr_code):
        yield (
            "station.ebr_code",
            Text(f"is {s.ebr_code!r} but must be 23 digits", f"的值 {s.ebr_code!r} 应为 23 位数字"),
        )
    yield from _file("station.areas", s.areas, home)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _ports(settings: Settings) -> Iterator[Said]:
    port = settings.station.port
    last = max(
        104 + 10 * len(settings.channels),
        201 + 2 * settings.alerts.streams,
        98 + 10 * settings.alerts.witnessed,
        pairs.last_port(settings),
    )
    if not 1024 <= port <= 65_535 - last:
        yield (
            "station.port",
            Text(
                f"is {port} but must be from 1024 to {65_535 - last}: this station uses ports up to {last} above it",
                f"的值 {port} 应在 1024 至 {65_535 - last} 之间:本台站占用其上至多 {last} 个端口",
            ),
        )


def _channels(settings: Settings) -> Iterator[Said]:
    if not settings.channels:
        yield (
            "channels",
            Text("has no entry; a station needs at least one channel", "没有任何频道,至少需要一个"),
        )
    yield from _twice("channels", [c.id for c in settings.channels], "id")
    streams = {stream_channel(k) for k in range(1, settings.alerts.streams + 1)}
    for k, channel in enumerate(settings.channels):
        at = f"channels[{k}]"
        yield from _channel(at, channel)
        if channel.id in streams:
            yield (
                f"{at}.id",
                Text(
                    f"is {channel.id!r}, the name of an alert stream", f"的值 {channel.id!r} 与预警音频流重名"
                ),
            )
        if channel.chain == settings.alerts.chain:
            yield (
                f"{at}.chain",
                Text(
                    f"is {channel.chain!r}, the chain of the alert streams",
                    f"的值 {channel.chain!r} 是预警音频流专用的播出链",
                ),
            )
    yield from _chains(settings.channels)


def _channel(at: str, channel: ChannelSection) -> Iterator[Said]:
    yield from _name(f"{at}.id", channel.id)
    yield from _name(f"{at}.chain", channel.chain)
    yield from _area(f"{at}.area", channel.area)
    for name in ("l16", "ts", "l16_twin", "ts_twin"):
        for k, destination in enumerate(getattr(channel, name)):
            yield from _host_port(f"{at}.{name}[{k}]", destination)
    yield from _between(f"{at}.slack_ms", channel.slack_ms, 10, 5_000)
    yield from _between(f"{at}.target_lufs", channel.target_lufs, -40, 0)
    yield from _between(f"{at}.record_days", channel.record_days, 0, 3_650)
    yield from _between(f"{at}.duck_below_level", channel.duck_below_level, 1, 9)
    yield from _between(f"{at}.overlap_tolerance_s", channel.overlap_tolerance_s, 0, 3_600)


def _chains(channels: list[ChannelSection]) -> Iterator[Said]:
    seen: Counter[str] = Counter()
    for k, channel in enumerate(channels):
        seen[channel.chain] += 1
        if seen[channel.chain] == CHANNELS_PER_CHAIN + 1:
            yield (
                f"channels[{k}].chain",
                Text(
                    f"is the ninth channel of the chain {channel.chain!r}; a chain carries at most {CHANNELS_PER_CHAIN}",
                    f"是播出链 {channel.chain!r} 的第九个频道,一条链最多 {CHANNELS_PER_CHAIN} 个",
                ),
            )


def _ranges(settings: Settings) -> Iterator[Said]:
    for path, (least, most) in RANGES.items():
        section, _, name = path.partition(".")
        yield from _between(path, getattr(getattr(settings, section), name), least, most)


def _alerts(settings: Settings) -> Iterator[Said]:
    a = settings.alerts
    yield from _name("alerts.chain", a.chain)
    yield from _time("alerts.quiet_from", a.quiet_from)
    yield from _time("alerts.quiet_to", a.quiet_to)
    for k, code in enumerate(a.life_list):
        if not _EVENT.match(code):
            yield (
                f"alerts.life_list[{k}]",
                Text(
                    f"is {code!r} but an event code is 1 to 5 capital letters and digits",
                    f"的值 {code!r} 不是事件代码,应为 1 至 5 位大写字母与数字",
                ),
            )


def _signatures(settings: Settings) -> Iterator[Said]:
    yield from _twice("signatures", [row.row for row in settings.signatures], "row")
    for k, row in enumerate(settings.signatures):
        floor = FLOOR[row.row]
        if row.before < floor.before:
            yield f"signatures[{k}].before", _fewer(row.row, row.before, floor.before)
        if row.owed < floor.owed:
            yield f"signatures[{k}].owed", _fewer(row.row, row.owed, floor.owed)
        yield from _late(
            f"signatures[{k}].owed_within_s", row.owed_within_s, floor.owed_within_s, bool(row.owed)
        )
        if row.timer_s and row.row not in TIMED:
            yield (
                f"signatures[{k}].timer_s",
                Text(f"is set, but {row.row} has no timer", f"已设置,但 {row.row} 没有定时"),
            )
        elif row.timer_s < 0:
            yield (
                f"signatures[{k}].timer_s",
                Text(f"is {row.timer_s} but must not be negative", f"的值 {row.timer_s} 不能为负数"),
            )


def _fewer(row: str, given: int, least: int) -> Text:
    return Text(
        f"is {given}: fewer signatures than the {least} that {row} must have; the table may ask for more, never for less",
        f"的值 {given} 少于 {row} 必须的 {least} 个签审;此表只能加严,不能放宽",
    )


def _late(path: str, given: int, floor: int, owed: bool) -> Iterator[Said]:
    if owed and given <= 0:
        yield path, Text("is missing: a signature owed needs its time", "缺少:补签须有期限")
    elif owed and floor and given > floor:
        yield path, Text(f"is {given} s but must be at most {floor} s", f"的值 {given} 秒超过上限 {floor} 秒")


def _sources(settings: Settings) -> Iterator[Said]:
    yield from _twice("sources", [source.id for source in settings.sources], "id")
    for k, source in enumerate(settings.sources):
        at = f"sources[{k}]"
        yield from _name(f"{at}.id", source.id)
        for name, said in (
            ("token_file", source.token_file),
            *((f"certificates[{n}]", c) for n, c in enumerate(source.certificates)),
        ):
            if not said or Path(said).name != said:
                yield (
                    f"{at}.{name}",
                    Text(
                        f"is {said!r} but must be the bare name of a file in secrets/",
                        f"的值 {said!r} 应为 secrets/ 下的文件名,不含路径",
                    ),
                )
        if source.preauthorised and not source.certificates:
            yield (
                f"{at}.certificates",
                Text(
                    "is empty, so nothing of this pre-authorised source could be verified",
                    "为空:预授权来源必须有可核验的证书",
                ),
            )
        yield from _between(f"{at}.skew_s", source.skew_s, 1, 86_400)
        for n, area in enumerate(source.areas):
            yield from _area(f"{at}.areas[{n}]", area)


def _panel(settings: Settings) -> Iterator[Said]:
    p = settings.panel
    if bool(p.certificate) != bool(p.key):
        path = "panel.key" if p.certificate else "panel.certificate"
        yield path, Text("is missing: certificate and key go together", "缺少:证书与密钥须同时给出")
    if not p.host:
        yield "panel.host", Text("is empty", "为空")


def _files(settings: Settings, home: Path) -> Iterator[Said]:
    for k, channel in enumerate(settings.channels):
        at = f"channels[{k}]"
        if not (home / channel.rundowns).is_dir():
            yield (
                f"{at}.rundowns",
                Text(
                    f"names {channel.rundowns!r}, which is no directory",
                    f"指向的 {channel.rundowns!r} 不是目录",
                ),
            )
        for n, name in enumerate(channel.filler):
            yield from _file(f"{at}.filler[{n}]", name, home)
        if channel.loop:
            yield from _file(f"{at}.loop", channel.loop, home)
    named = {
        "terminals.registry": settings.terminals.registry,
        "panel.certificate": settings.panel.certificate,
        "panel.key": settings.panel.key,
    }
    for path, name in named.items():
        if name:
            yield from _file(path, name, home)


def _name(path: str, name: str) -> Iterator[Said]:
    if not _NAME.match(name):
        yield (
            path,
            Text(
                f"is {name!r} but must be 1 to 32 letters, digits and hyphens",
                f"的值 {name!r} 应为 1 至 32 个字母、数字或连字符",
            ),
        )


def _area(path: str, code: str) -> Iterator[Said]:
    if not is_area(code):
        yield (
            path,
            Text(f"is {code!r} but an area code has 12 digits", f"的值 {code!r} 不是 12 位行政区划代码"),
        )


def _time(path: str, said: str) -> Iterator[Said]:
    if not _TIME.match(said):
        yield (
            path,
            Text(
                f"is {said!r} but must be a local time such as 05:00",
                f"的值 {said!r} 应为 05:00 这样的当地时间",
            ),
        )


def _host_port(path: str, said: str) -> Iterator[Said]:
    found = _HOST_PORT.match(said)
    if found is None or not 1 <= int(found[2]) <= 65_535:
        yield (
            path,
            Text(
                f"is {said!r} but must be host:port, such as 239.1.1.1:5004",
                f"的值 {said!r} 应为 主机:端口,例如 239.1.1.1:5004",
            ),
        )


def _between(path: str, value: float, least: float, most: float) -> Iterator[Said]:
    if not least <= value <= most:
        yield (
            path,
            Text(
                f"is {value} but must be from {least} to {most}", f"的值 {value} 应在 {least} 至 {most} 之间"
            ),
        )


def _file(path: str, name: str, home: Path) -> Iterator[Said]:
    if not (home / name).is_file():
        yield (
            path,
            Text(
                f"names {name!r}, which is no file beside the settings",
                f"指向的文件 {name!r} 不存在(相对于设置文件)",
            ),
        )


def _twice(path: str, names: Iterable[str], field: str) -> Iterator[Said]:
    seen: set[str] = set()
    for k, name in enumerate(names):
        if name in seen:
            yield (
                f"{path}[{k}].{field}",
                Text(f"is {name!r} a second time; each must be its own", f"的值 {name!r} 重复,必须各不相同"),
            )
        seen.add(name)


__all__ = ["FLOOR", "RANGES", "Said", "rules"]
