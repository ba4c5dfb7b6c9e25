"""What must hold of the television channels in the settings. Pure but for asking whether a logo is there; knows no part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schedules.raster import RASTERS
from station.settings import ChannelSection, Settings
from station.words import Text

LEAST_SLACK_MS: Final = 100  # time for the picture process to draw an alert's words before they are due


Said = tuple[str, Text]


def television(settings: Settings, home: Path, *, files: bool) -> Iterator[Said]:
    """Every rule that does not hold: path, sentence without its subject."""
    chains = Counter(channel.chain for channel in settings.channels)
    for k, channel in enumerate(settings.channels):
        if channel.raster:
            yield from _channel(f"channels[{k}]", channel, shared=chains[channel.chain] > 1)
            if files and channel.logo and not (home / channel.logo).is_file():
                said = channel.logo
                yield (
                    f"channels[{k}].logo",
                    Text(f"names {said!r}, which is no file", f"指向的 {said!r} 不是文件"),
                )
        elif (channel.video, channel.sound) != ("h264", "mp2"):
            said = "video and sound are those of a television channel, and this one has no raster"
            yield f"channels[{k}].video", Text(said, "video 与 sound 只用于电视频道,而本频道没有画面格式")
        else:
            for name in ("splice", "shrink_levels"):
                if getattr(channel, name):
                    said = "is of a television channel, and this one has no raster"
                    yield f"channels[{k}].{name}", Text(said, "只用于电视频道,而本频道没有画面格式")
    rasters = sorted({channel.raster for channel in settings.channels if channel.raster})
    if len(rasters) > 1:
        said = ", ".join(rasters)
        yield (
            "channels",
            Text(
                f"have different rasters ({said}); a station has one",
                f"使用了不同的画面格式({said}),一个台站只用一种",
            ),
        )


def _channel(at: str, channel: ChannelSection, *, shared: bool) -> Iterator[Said]:
    if channel.raster not in RASTERS:
        names = ", ".join(RASTERS)
        yield (
            f"{at}.raster",
            Text(
                f"is {channel.raster!r} but must be one of {names}",
                f"的值 {channel.raster!r} 应为以下之一:{names}",
            ),
        )
    if channel.video == "mpeg2":
        yield from _mpeg2(at, channel)
    if shared:
        yield (
            f"{at}.chain",
            Text(
                f"is {channel.chain!r}, which has other channels: television needs a chain of its own",
                f"的值 {channel.chain!r} 还有其他频道:电视频道须独占一条播出链",
            ),
        )
    if channel.splice and (channel.clock or channel.logo):
        yield (
            f"{at}.splice",
            Text(
                "is set, but the channel shows a clock or a logo: films are sent as they were coded only without (clock = false, no logo)",
                "已启用,但频道显示时钟或台标:沿用入库编码须设 clock = false 且不设 logo",
            ),
        )
    for level in channel.shrink_levels:
        if not 1 <= level <= 4:
            said = f"has {level}, but alerts have levels 1 (red) to 4 (blue)"
            yield f"{at}.shrink_levels", Text(said, f"含 {level},而预警级别为 1(红)至 4(蓝)")
    if channel.slack_ms < LEAST_SLACK_MS:
        yield (
            f"{at}.slack_ms",
            Text(
                f"is {channel.slack_ms} but must be at least {LEAST_SLACK_MS} on television",
                f"的值 {channel.slack_ms} 过小:电视频道至少 {LEAST_SLACK_MS}",
            ),
        )


def _mpeg2(at: str, channel: ChannelSection) -> Iterator[Said]:
    """What takes the encoder's own pictures has no use for these."""
    if channel.splice:
        said = 'is set, but films are coded at ingest as H.264: write video = "h264" or splice = false'
        yield f"{at}.splice", Text(said, '已启用,但入库编码为 H.264,请写 video = "h264" 或 splice = false')
    if channel.hls:
        said = "is on, but no browser shows MPEG-2 video: write hls = false"
        yield f"{at}.hls", Text(said, "已开启,但浏览器不能播放 MPEG-2 视频,请写 hls = false")
    for number, output in enumerate(channel.outputs):
        if output.kind == "rtmp":
            said = "is rtmp, which carries no MPEG-2 video"
            yield f"{at}.outputs[{number}].kind", Text(said, "为 rtmp,不能传送 MPEG-2 视频")
