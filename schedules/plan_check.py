"""What must hold of a plan, whoever wrote it: every mistake at once, in words. Pure; knows no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from schedules.handling import MOST_GAIN
from schedules.plan import PLAN_FORMAT, Medium, Plan, Replacement, Take, sounds_until
from schedules.raster import RASTERS
from schedules.render import replaced_from
from schedules.segue import room_after
from station.words import Sha256, Text, is_sha256

MOST_FADE: Final = 1 << 28  # so that gain times fade stays within int64
MOST_TAKES: Final = 50_000
_PICTURES: Final = sorted({raster.frame for raster in RASTERS.values()})  # samples that one may last


def mistakes(plan: Plan) -> list[Text]:
    """All that is wrong with a plan, in its order; empty when it can be played."""
    found = list(_whole(plan))
    known = {medium.sha256: medium for medium in plan.media}
    for medium in plan.media:
        found += _medium(medium)
    for take in plan.takes:
        found += [Text(f"{take.id}: {text.en}", f"{take.id}:{text.zh}") for text in _take(take, known)]
    return found


def _whole(plan: Plan) -> Iterator[Text]:
    if plan.format != PLAN_FORMAT:
        yield Text(
            f"the format {plan.format!r} is not {PLAN_FORMAT}", f"格式 {plan.format!r} 不是 {PLAN_FORMAT}"
        )
    if not plan.takes:
        yield Text("there is no take", "没有任何播出条目")
        return
    if len(plan.takes) > MOST_TAKES:
        yield Text(f"there are more than {MOST_TAKES} takes", f"播出条目超过 {MOST_TAKES} 条")
    if plan.takes[0].start != plan.start or plan.takes[-1].end != plan.end:
        yield Text("the takes do not reach from start to end", "播出条目没有从 start 覆盖到 end")
    for before, after in pairwise(plan.takes):
        if before.end != after.start:
            kind = Text("a gap", "空档") if before.end < after.start else Text("an overlap", "重叠")
            yield Text(
                f"{kind.en} between {before.id} and {after.id}", f"{before.id} 与 {after.id} 之间有{kind.zh}"
            )
    yield from _tails(plan)
    if len({medium.samples // medium.frames for medium in plan.media if medium.frames}) > 1:
        yield Text("its films have different frame rates", "影片的帧率不一致")
    known = {medium.sha256 for medium in plan.media}
    for sha256 in (*plan.filler, *([plan.loop] if plan.loop else [])):
        if sha256 not in known:
            yield Text(
                f"filler or loop {sha256} is not among the media", f"垫片或循环 {sha256} 不在 media 中"
            )


def _tails(plan: Plan) -> Iterator[Text]:
    for at, take in enumerate(plan.takes):
        room = 0 if take.kind == "silence" else room_after(plan.takes, at)
        if not 0 <= take.tail <= room:
            yield Text(
                f"{take.id} sounds on for {take.tail} samples, and what follows has room for {room}",
                f"{take.id} 尾音 {take.tail} 采样,其后只容 {room}",
            )


def _medium(medium: Medium) -> Iterator[Text]:
    if not is_sha256(medium.sha256):
        yield Text(
            f"{medium.sha256!r} is no SHA-256 in lower-case hex",
            f"{medium.sha256!r} 不是小写十六进制的 SHA-256",
        )
    if medium.samples <= 0:
        yield Text(
            f"{medium.sha256} has {medium.samples} samples", f"{medium.sha256} 的采样数是 {medium.samples}"
        )
    if medium.frames and medium.samples not in [medium.frames * lasts for lasts in _PICTURES]:
        en, zh = (word.join(map(str, _PICTURES)) for word in (" or ", " 或 "))
        yield Text(
            f"{medium.sha256} has {medium.frames} pictures for {medium.samples} samples, not one for {en}",
            f"{medium.sha256} 有 {medium.frames} 帧画面、{medium.samples} 采样,应为每帧 {zh} 采样",
        )


def _take(take: Take, known: Mapping[Sha256, Medium]) -> Iterator[Text]:
    if take.end <= take.start:
        yield Text("it ends before it begins", "结束早于开始")
    if not take.item:
        yield Text("it names no item", "没有 item")
    if not take.approval:
        yield Text("nobody approved it", "没有审批依据")
    if not 0 <= take.gain <= MOST_GAIN:
        yield Text(f"the gain {take.gain} is not within 0 to 2^33", f"增益 {take.gain} 不在 0 至 2^33 之间")
    if min(take.fade_in, take.fade_out) < 0 or max(take.fade_in, take.fade_out) > MOST_FADE:
        yield Text("a fade is negative or too long", "淡入淡出为负或过长")
    if take.kind == "silence":
        return
    medium = known.get(take.media) if take.media else None
    if medium is None:
        yield Text("its medium is not among the media", "其素材不在 media 中")
    else:
        yield from _place(take, medium)
    if take.replacement is not None:
        yield from _replacement(take, take.replacement, known)


def _place(take: Take, medium: Medium) -> Iterator[Text]:
    if take.offset < 0 or take.offset + sounds_until(take) - take.start > medium.samples:
        yield Text("it reaches beyond its medium", "超出素材长度")
    elif medium.live and take.offset != take.start:
        yield Text("a relay is heard as it comes: offset is not start", "转播须即时播出:offset 应等于 start")


def _replacement(take: Take, instead: Replacement, known: Mapping[Sha256, Medium]) -> Iterator[Text]:
    medium, first = known.get(instead.media), replaced_from(take)
    if medium is None:
        yield Text("its replacement is not among the media", "其替播素材不在 media 中")
    elif first < 0 or first + take.end - take.start > medium.samples:
        yield Text("it is longer than its replacement", "长于其替播素材")
    if not 0 <= instead.gain <= MOST_GAIN:
        yield Text(
            f"the gain {instead.gain} of its replacement is not within 0 to 2^33",
            f"替播素材的增益 {instead.gain} 不在 0 至 2^33 之间",
        )
