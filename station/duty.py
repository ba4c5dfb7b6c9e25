"""Decides about the duty book: who holds which post, notes that are never changed, the roster. Pure; knows no alarm, no alert and no account."""

from __future__ import annotations

import attrs

from station.duty_messages import (
    POST_NAMES,
    DutyLeft,
    DutyNoted,
    DutyOffered,
    DutyRostered,
    DutyTaken,
    HandOverDuty,
    NoteDuty,
    Post,
    SetRoster,
    Shift,
    TakeDuty,
)
from station.duty_roster import parse
from station.words import Command, Event, Instant, Operator, Refused, Text

TEXT_AT_MOST = 2_000  # characters of a note
WHY_AT_MOST = 300
SEEN_AT_MOST = 500
NOTES_KEPT = 500  # ids of notes that a later one may set right
SHIFTS_KEPT = 800

MAY_HOLD: dict[Post, frozenset[str]] = {
    "leader": frozenset({"approver", "reviewer", "dispatcher", "engineer"}),
    "dispatcher": frozenset({"dispatcher"}),
    "operator": frozenset({"operator", "dispatcher", "editor"}),
    "engineer": frozenset({"engineer"}),
}


@attrs.frozen(kw_only=True)
class Policy:
    """`tz`: the station's time zone, in which rosters are written."""

    tz: str


@attrs.frozen(kw_only=True)
class Offer:
    """Somebody stands ready to take a post over."""

    operator: str
    seen: tuple[str, ...]  # alerts they have acknowledged by name
    at: Instant


@attrs.frozen(kw_only=True)
class Holding:
    """A post that is held."""

    operator: str
    since: Instant
    offer: Offer | None = None


@attrs.frozen(kw_only=True)
class State:
    """Who is on duty, the roster, and which notes there are to set right. Bounded."""

    posts: dict[str, Holding] = attrs.field(factory=dict)
    shifts: tuple[Shift, ...] = ()  # by their start
    notes: tuple[str, ...] = ()  # ids, oldest first

    def on_duty(self, operator: str) -> tuple[str, ...]:
        """The posts that somebody holds."""
        return tuple(post for post, held in self.posts.items() if held.operator == operator)


EMPTY = State()
Events = tuple[Event, ...]


def decide(state: State, wish: Command, now: Instant, by: Operator, policy: Policy) -> Events:
    """What a command comes to; raises Refused. Whether alarms or alerts stand in the way is asked before."""
    if isinstance(wish, TakeDuty):
        return _take(state, wish, now, by)
    if isinstance(wish, HandOverDuty):
        return _hand_over(state, wish, now, by)
    if isinstance(wish, NoteDuty):
        return _note(state, wish)
    assert isinstance(wish, SetRoster)
    shifts = parse(wish.csv, policy.tz)
    days = sorted(shift.day for shift in shifts)
    return (DutyRostered(first=days[0], last=days[-1], shifts=shifts),)


def _take(state: State, wish: TakeDuty, now: Instant, by: Operator) -> Events:
    if not by.roles & MAY_HOLD[wish.post]:
        roles = sorted(MAY_HOLD[wish.post])
        raise Refused(
            f"The {POST_NAMES[wish.post].en} is one of: {', '.join(roles)}.",
            f"{POST_NAMES[wish.post].zh}须由以下角色担任:{'、'.join(roles)}。",
            code="forbidden",
        )
    absent = _short(wish.absent)
    if len(wish.seen) > SEEN_AT_MOST:
        raise Refused("More alerts are named than can be open.", "列出的预警数量超过上限。")
    held = state.posts.get(wish.post)
    if held is not None and held.operator == by.id:
        raise Refused("You hold this post already.", "您已在该岗。", code="twice")
    if held is None or absent:
        before = held.operator if held is not None else ""
        return (
            DutyTaken(post=wish.post, operator=by.id, at=now, before=before, absent=absent, seen=wish.seen),
        )
    return (DutyOffered(post=wish.post, operator=by.id, seen=wish.seen, at=now),)


def _hand_over(state: State, wish: HandOverDuty, now: Instant, by: Operator) -> Events:
    name = POST_NAMES[wish.post]
    held = state.posts.get(wish.post)
    if held is None or held.operator != by.id:
        raise Refused(
            f"You do not hold the post of {name.en}; only its holder hands it over.",
            f"您不在{name.zh}岗,只有在岗者可以交班。",
            code="forbidden",
        )
    why = _short(wish.unattended)
    if why:
        return (DutyLeft(post=wish.post, operator=by.id, why=why),)
    if held.offer is None:
        raise Refused(
            f"Nobody has come to take over as {name.en}; ask the next one to press “take over”.",
            f"还没有人接{name.zh}班;请接班人先按“接班”。",
            code="nobody",
        )
    offer = held.offer
    return (DutyTaken(post=wish.post, operator=offer.operator, at=now, before=by.id, seen=offer.seen),)


def _short(why: str) -> str:
    text = why.strip()
    if len(text) > WHY_AT_MOST:
        raise Refused(f"The reason is longer than {WHY_AT_MOST} characters.", f"原因超过 {WHY_AT_MOST} 字。")
    return text


def _note(state: State, wish: NoteDuty) -> Events:
    text = wish.text.strip()
    if not 0 < len(text) <= TEXT_AT_MOST or any(ord(one) < 32 and one != "\n" for one in text):
        raise Refused(
            f"A note has 1 to {TEXT_AT_MOST} readable characters.",
            f"记事须为 1 至 {TEXT_AT_MOST} 个可读字符。",
        )
    if not 0 < len(wish.note) <= 100:
        raise Refused("A note needs an id of its own.", "记事须有自己的编号。", code="misheard")
    if wish.note in state.notes:
        return ()
    if wish.corrects and wish.corrects not in state.notes:
        raise Refused(
            "The note to be set right is not in the book, or too old; write a new one that names it.",
            "要更正的记事不在值班簿中或已过久;请另写一条并注明。",
            code="missing",
        )
    return (DutyNoted(note=wish.note, text=text, corrects=wish.corrects),)


def evolve(state: State, happened: Event) -> State:
    """The state after an event."""
    if isinstance(happened, DutyTaken):
        return _post(state, happened.post, Holding(operator=happened.operator, since=happened.at))
    if isinstance(happened, DutyOffered):
        offer = Offer(operator=happened.operator, seen=happened.seen, at=happened.at)
        held = state.posts[happened.post]
        return _post(state, happened.post, attrs.evolve(held, offer=offer))
    if isinstance(happened, DutyLeft):
        return attrs.evolve(state, posts={k: v for k, v in state.posts.items() if k != happened.post})
    if isinstance(happened, DutyNoted):
        return attrs.evolve(state, notes=(*state.notes, happened.note)[-NOTES_KEPT:])
    if isinstance(happened, DutyRostered):
        return attrs.evolve(state, shifts=_rostered(state.shifts, happened))
    return state


def _post(state: State, post: Post, held: Holding) -> State:
    return attrs.evolve(state, posts={**state.posts, post: held})


def _rostered(before: tuple[Shift, ...], said: DutyRostered) -> tuple[Shift, ...]:
    days = {shift.day for shift in said.shifts}
    kept = [shift for shift in before if shift.day not in days]
    return tuple(sorted([*kept, *said.shifts], key=lambda shift: (shift.start, shift.name))[-SHIFTS_KEPT:])


def due(state: State, now: Instant, policy: Policy) -> tuple[Command, ...]:
    """Nothing falls due here: a shift that ends is handed over by people."""
    return ()


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """Never."""
    return None


def shift_at(state: State, at: Instant) -> tuple[Shift, ...]:
    """The shifts of the roster that hold an instant."""
    return tuple(shift for shift in state.shifts if shift.start <= at < shift.end)


def post_name(post: Post) -> Text:
    """What people call a post."""
    return POST_NAMES[post]
