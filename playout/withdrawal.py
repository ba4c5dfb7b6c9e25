"""Decides about media that are withdrawn (撤播) and given back: who may, and what plans become of it. Knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from playout.messages import MediumRestored, MediumWithdrawn, RestoreMedium, WithdrawMedium
from playout.sheets import State
from schedules.plan import Medium
from schedules.rundown import Rundown
from schedules.timeline import Frame
from station.words import ChannelId, Instant, Operator, Refused, Sha256

REASON_LENGTH = 500


def gone(state: State) -> frozenset[Sha256]:
    """The media that are withdrawn."""
    return frozenset(one.media for one in state.withdrawn)


def withdraw(
    command: WithdrawMedium,
    state: State,
    now: Instant,
    by: Operator,
    media: Mapping[str, Medium],
    frames: Mapping[ChannelId, Frame],
) -> tuple[MediumWithdrawn, ...]:
    """One person is enough; nothing follows where it is withdrawn already. Raises Refused."""
    medium = media.get(command.media)
    if medium is None:
        raise Refused(
            f"There is no medium {command.media[:12]} in the library.", f"素材库中没有 {command.media[:12]}。"
        )
    before = gone(state)
    if medium.sha256 in before:
        return ()
    without = before | {medium.sha256}
    bare = [channel for channel, frame in frames.items() if not _left(frame, without)]
    if bare:
        names = ", ".join(bare)
        raise Refused(
            f"It is the last filler of {names}: name other filler in the settings first. STOP silences a channel at once.",
            f"这是 {names} 的最后一条垫片:请先在设置中指定其他垫片。需立即静默可按停播。",
        )
    reason = command.reason.strip()[:REASON_LENGTH]
    title = medium.title or medium.sha256[:12]
    return (MediumWithdrawn(media=medium.sha256, title=title, reason=reason, by=by.id, at=now),)


def _left(frame: Frame, without: Collection[Sha256]) -> bool:
    every = (*frame.filler, *((frame.loop,) if frame.loop else ()))
    return any(medium.sha256 not in without for medium in every)


def restore(command: RestoreMedium, state: State, by: Operator) -> tuple[MediumRestored, ...]:
    """Another person than the one who withdrew it gives it back. Raises Refused."""
    found = next((one for one in state.withdrawn if one.media == command.media), None)
    if found is None:
        raise Refused(
            f"Medium {command.media[:12]} is not withdrawn.", f"素材 {command.media[:12]} 未被撤播。"
        )
    if found.by == by.id:
        raise Refused(
            f"You withdrew “{found.title}” yourself: somebody else who signs gives it back.",
            f"《{found.title}》是您本人撤播的,须由另一名签审人员恢复。",
        )
    return (
        MediumRestored(
            media=found.media, title=found.title, reason=command.reason.strip()[:REASON_LENGTH], by=by.id
        ),
    )


def check_rundown(rundown: Rundown, bound: Iterable[tuple[str, Sha256]], state: State) -> None:
    """Raise Refused where a new rundown names what is withdrawn."""
    titles = {one.media: one.title for one in state.withdrawn}
    names = {name: titles[sha256] for name, sha256 in bound if sha256 in titles}
    named = ((item.line, name) for item in rundown.items for name in (item.media, item.replacement))
    wrong = [(line, names[name]) for line, name in named if name in names]
    if wrong:
        en = "; ".join(f"line {line}: “{title}” is withdrawn" for line, title in wrong)
        zh = ";".join(f"第 {line} 行:《{title}》已撤播" for line, title in wrong)
        raise Refused(f"{en}.", f"{zh}。")
