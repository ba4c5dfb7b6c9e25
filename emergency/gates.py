"""The gates an alert passes before it is taken in and before it airs (L5, L9): form, time, areas, rate, quiet hours. Raises Refused or answers; changes nothing."""

from __future__ import annotations

from datetime import timedelta

from emergency.messages import AUTHORITIES, Authority, Message, Source
from emergency.policy import Policy, instant, local, same_area_inside
from emergency.state import State
from emergency.table import OPEN
from emergency.templates import has_controls
from station.words import MINUTE, Instant, Operator, Refused, is_area

HEADLINE_AT_MOST = 200  # characters
TEXT_AT_MOST = 10_000
AREAS_AT_MOST = 1000
REFERENCES_AT_MOST = 50
AHEAD_AT_MOST = 7 * 24 * 60 * MINUTE  # no alert is taken in longer before its time


def own(source: Source) -> bool:
    """Whether it was written at this station."""
    return source.kind in ("composer", "template")


def outranks(one: Authority, other: Authority) -> bool:
    """Whether `one` is the same or a higher authority than `other`."""
    return AUTHORITIES.index(one) <= AUTHORITIES.index(other)


def check_form(message: Message, source: Source) -> None:
    """Raise Refused for what no alert may look like, whoever sent it."""
    _check_identity(message)
    texts = (message.headline, message.event_text)
    if any(map(has_controls, texts)) or has_controls(message.description + message.instruction, lines=True):
        raise _malformed("the text holds control characters", "文字含有控制字符")
    if len(message.headline) > HEADLINE_AT_MOST:
        raise _malformed(
            f"the headline is longer than {HEADLINE_AT_MOST} characters", f"标题超过 {HEADLINE_AT_MOST} 字"
        )
    if len(message.description) + len(message.instruction) > TEXT_AT_MOST:
        raise _malformed(f"the text is longer than {TEXT_AT_MOST} characters", f"正文超过 {TEXT_AT_MOST} 字")
    if (
        message.type != "cancel"
        and not (message.headline + message.description).strip()
        and not message.audio
    ):
        raise _malformed("it says nothing: headline and description are empty", "标题和正文都为空")
    if not 0 <= message.level <= 4:
        raise _malformed(
            f"there is no level {message.level}; 1 is red, 4 blue", f"没有 {message.level} 级;1 红 4 蓝"
        )
    if message.kind == "actual" and message.level == 0 and own(source) and message.type != "cancel":
        raise _malformed("a real alert needs a level, 1 red to 4 blue", "真实预警必须有级别,1 红至 4 蓝")


def _check_identity(message: Message) -> None:
    names = (message.identifier, message.sender, message.event, *message.references)
    if not (message.identifier and message.sender) or any(
        len(name) > 200 or has_controls(name) for name in names
    ):
        raise _malformed("identifier or sender is missing or not readable", "缺少消息标识或发送者,或无法辨认")
    if len(message.references) > REFERENCES_AT_MOST:
        raise _malformed(f"more than {REFERENCES_AT_MOST} references", f"引用超过 {REFERENCES_AT_MOST} 条")


def _malformed(en: str, zh: str) -> Refused:
    return Refused(f"The alert cannot be taken: {en}.", f"消息不能受理:{zh}。", code="form")


def check_areas(message: Message, source: Source, by: Operator, policy: Policy) -> None:
    """Raise Refused unless every area exists and the sender may ask for it; an unknown area is never "all"."""
    if not message.areas or len(message.areas) > AREAS_AT_MOST:
        raise Refused(
            f"Name between 1 and {AREAS_AT_MOST} areas; an alert without an area does not sound.",
            f"请指定 1 至 {AREAS_AT_MOST} 个区域;没有区域的消息不会播出。",
            code="area",
        )
    allowed = (policy.area,) if own(source) else policy.areas_of(source.id)
    for code in message.areas:
        if not is_area(code):
            raise Refused(
                f"{code!r} is no area code of 12 digits.", f"{code!r} 不是 12 位行政区划代码。", code="area"
            )
        policy.tree.known(code)
        if not same_area_inside(allowed, code):
            raise _beyond(policy, code, source.id)
        if not same_area_inside(by.areas, code):
            raise _beyond(policy, code, by.id)


def _beyond(policy: Policy, code: str, who: str) -> Refused:
    name = policy.tree.path_name(policy.tree.known(code))
    return Refused(
        f"{name} ({code}) is outside the area of {who}.",
        f"{name}({code})不在 {who} 的辖区内。",
        code="area",
    )


def check_time(message: Message, source: Source, now: Instant, policy: Policy) -> None:
    """Raise Refused for what is over, never begins, or asks for too long (L5)."""
    if message.expires <= now:
        raise Refused(
            "Its time is over; send a new message with a later expiry.",
            "消息已过有效期;请重新发送并填写新的失效时间。",
            code="expired",
        )
    if message.expires <= message.effective:
        raise Refused("It ends before it begins.", "失效时间早于生效时间。", code="time")
    begins = max(now, message.effective)
    if begins > now + AHEAD_AT_MOST:
        raise Refused(
            "It begins more than seven days from now; send it nearer to its time.",
            "生效时间在七天以后;请临近时再发送。",
            code="time",
        )
    if own(source) and message.expires - begins > policy.longest:
        minutes = policy.longest // MINUTE
        raise Refused(
            f"It would sound longer than {minutes} minutes; shorten it, and renew it by an update.",
            f"播出时间超过 {minutes} 分钟;请缩短,必要时用更新续播。",
            code="time",
        )


def check_rate(state: State, message: Message, source: Source, policy: Policy) -> None:
    """Raise Refused when too much waits already. What is verified and actual is never held back by rate (L9)."""
    waiting = [record for record in state.alerts.values() if record.phase in OPEN]
    if message.kind == "actual" and source.verified:
        if len(waiting) < policy.waiting_in_all:
            return
    elif sum(record.source.id == source.id for record in waiting) < policy.waiting_a_source:
        return
    raise Refused(
        f"Too many alerts of {source.id} wait for a decision already; sign or reject those first.",
        f"{source.id} 已有过多消息待处理;请先签审或退回。",
        code="rate",
    )


def quiet(now: Instant, policy: Policy) -> bool:
    """Whether it is night: from `quiet_from` to `quiet_to`, local time."""
    when = local(now, policy.zone)
    return _quiet_minute(when.hour * 60 + when.minute, policy)


def _quiet_minute(minute: int, policy: Policy) -> bool:
    if policy.quiet_from <= policy.quiet_to:
        return policy.quiet_from <= minute < policy.quiet_to
    return minute >= policy.quiet_from or minute < policy.quiet_to


def next_local(now: Instant, minute: int, policy: Policy) -> Instant:
    """The next instant after `now` at which local clocks show `minute` (since midnight)."""
    today = local(now, policy.zone).replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    found = instant(today)
    return found if found > now else instant(today + timedelta(days=1))


def day_begins(now: Instant, policy: Policy) -> Instant:
    """When the quiet hours end next."""
    return next_local(now, policy.quiet_to, policy)


def check_quiet(message: Message, now: Instant, policy: Policy) -> None:
    """Raise Refused for daily programme that would begin at night (L9: nothing daily sounds at night)."""
    begins = max(now, message.effective)
    if message.kind != "daily" or not quiet(begins, policy):
        return
    at = local(begins, policy.zone).strftime("%H:%M")
    then = local(day_begins(begins, policy), policy.zone).strftime("%H:%M")
    raise Refused(
        f"{at} is night, and nothing daily sounds at night. Shall it be {then}?",
        f"{at} 是夜间,日常内容夜间不播。是否改为 {then}?",
        code="quiet",
    )


def latest_end(message: Message, since: Instant, policy: Policy) -> Instant:
    """When what airs at `since` stops at the latest: its expiry, the station's limit, for daily the evening."""
    until = min(message.expires, Instant(since + policy.longest))
    if message.kind == "daily" and policy.quiet_from != policy.quiet_to:
        until = min(until, next_local(since, policy.quiet_from, policy))
    return until
