"""Decides about adopting settings: two persons, one exact text, from the settings that run. Pure; knows no file and no rule of what settings must be."""

from __future__ import annotations

import hashlib

import attrs

from station import reviews
from station.keeping import StationStarted
from station.settings_orders import (
    ApproveSettings,
    ProposeSettings,
    RecordInstalled,
    RecordNotInstalled,
    RecordRolledBack,
    SettingsApproved,
    SettingsInstalled,
    SettingsNotInstalled,
    SettingsProposed,
    SettingsRolledBack,
    SettingsWithdrawn,
    WithdrawSettings,
)
from station.words import Command, Event, Instant, Operator, Refused, Sha256, Text

TEXT_AT_MOST = 200_000  # characters
NOTE_AT_MOST = 300
NOTHING = Sha256("")  # before any start is on record


@attrs.frozen(kw_only=True)
class Proposal:
    """Settings that are proposed, and perhaps approved."""

    sha256: Sha256
    base: Sha256
    by: str
    at: Instant
    note: str
    approved_by: str = ""


@attrs.frozen(kw_only=True)
class State:
    """What runs, and what waits."""

    running: Sha256 = NOTHING
    proposal: Proposal | None = None
    rolled_back: SettingsRolledBack | None = None  # until somebody proposes anew, or other settings run


EMPTY = State()
Events = tuple[Event, ...]


def sha256_of(text: str) -> Sha256:
    """SHA-256 (hex) of a settings file with this text, in UTF-8."""
    return Sha256(hashlib.sha256(text.encode()).hexdigest())


def decide(state: State, wish: Command, now: Instant, by: Operator, policy: None) -> Events:
    """What a command comes to; raises Refused. Whether the text holds is looked at before."""
    if isinstance(wish, ProposeSettings):
        return _propose(state, wish, now, by)
    if isinstance(wish, ApproveSettings):
        return _approve(state, wish, by)
    if isinstance(wish, WithdrawSettings):
        return _withdraw(state, wish, by)
    if isinstance(wish, RecordRolledBack):
        return _roll_back(state, wish, now)
    assert isinstance(wish, (RecordInstalled, RecordNotInstalled))
    if state.proposal is None or state.proposal.sha256 != wish.sha256:
        return ()
    if isinstance(wish, RecordNotInstalled):
        return (SettingsNotInstalled(sha256=wish.sha256, why=wish.why[:NOTE_AT_MOST]),)
    return (SettingsInstalled(sha256=wish.sha256, before=state.running),)


def _roll_back(state: State, wish: RecordRolledBack, now: Instant) -> Events:
    if state.rolled_back is not None and state.rolled_back.token == wish.token:
        return ()
    made = SettingsRolledBack(
        token=wish.token,
        sha256=wish.sha256,
        before=wish.before,
        starts=wish.starts,
        en=wish.en[:NOTE_AT_MOST],
        zh=wish.zh[:NOTE_AT_MOST],
        at=now,
    )
    return (made,)


def rolled_back_text(found: SettingsRolledBack) -> Text:
    """What became of the last adoption, in a sentence."""
    why = Text(found.en or "its log says why", found.zh or "原因见日志")
    return Text(
        f"the settings {found.sha256[:12]} kept the station from starting {found.starts} times ({why.en}); those before are back by themselves",
        f"设置 {found.sha256[:12]} 使台站 {found.starts} 次启动失败({why.zh});已自动恢复为之前的设置",
    )


def _propose(state: State, wish: ProposeSettings, now: Instant, by: Operator) -> Events:
    if len(wish.text) > TEXT_AT_MOST or len(wish.note) > NOTE_AT_MOST:
        raise Refused("The settings or the note are too long.", "设置或说明过长。")
    if wish.base != state.running:
        raise Refused(
            "Other settings run by now; load the page again and make your change in those.",
            "运行中的设置已变;请重新载入页面,在新设置上修改。",
            code="changed",
        )
    sha256 = sha256_of(wish.text)
    if sha256 == state.running:
        raise Refused("Nothing is different from what runs.", "与运行中的设置相同,没有改动。", code="same")
    held = state.proposal
    if held is not None and (held.approved_by or held.by != by.id):
        raise Refused(
            f"A proposal of {held.by} waits; approve it or turn it down first.",
            f"{held.by} 的修改正在等待;请先批准或退回。",
            code="waiting",
        )
    return (SettingsProposed(sha256=sha256, base=wish.base, by=by.id, at=now, note=wish.note.strip()),)


def _waiting(state: State, sha256: Sha256) -> Proposal:
    held = state.proposal
    if held is None or held.sha256 != sha256:
        raise Refused(
            "This proposal waits no more; load the page again.",
            "该修改已不在等待;请重新载入页面。",
            code="changed",
        )
    if held.approved_by:
        raise Refused("It is approved and being written.", "已批准,正在写入。", code="over")
    return held


def _approve(state: State, wish: ApproveSettings, by: Operator) -> Events:
    held = _waiting(state, wish.sha256)
    if reviews.person(held.by) == reviews.person(by.id):
        raise Refused(
            "Whoever proposed it does not approve it; ask a colleague.",
            "本人提出的修改不能由本人批准,请同事批准。",
            code="author",
        )
    return (SettingsApproved(sha256=held.sha256, by=by.id),)


def _withdraw(state: State, wish: WithdrawSettings, by: Operator) -> Events:
    held = _waiting(state, wish.sha256)
    reason = wish.reason.strip()
    if not 0 < len(reason) <= NOTE_AT_MOST:
        raise Refused("Say why, in a few words.", "请用几个字写明原因。", code="reason")
    return (SettingsWithdrawn(sha256=held.sha256, by=by.id, reason=reason),)


def evolve(state: State, happened: Event) -> State:
    """The state after an event. A start with other settings than those a proposal came from ends it."""
    if isinstance(happened, SettingsProposed):
        made = Proposal(
            sha256=happened.sha256, base=happened.base, by=happened.by, at=happened.at, note=happened.note
        )
        return attrs.evolve(state, proposal=made, rolled_back=None)
    if isinstance(happened, SettingsApproved):
        assert state.proposal is not None
        return attrs.evolve(state, proposal=attrs.evolve(state.proposal, approved_by=happened.by))
    if isinstance(happened, (SettingsWithdrawn, SettingsNotInstalled, SettingsInstalled)):
        return attrs.evolve(state, proposal=None)
    if isinstance(happened, SettingsRolledBack):
        return attrs.evolve(state, rolled_back=happened)
    if isinstance(happened, StationStarted):
        running = Sha256(happened.settings)
        over = state.rolled_back is not None and state.rolled_back.before != running
        state = attrs.evolve(state, rolled_back=None) if over else state
        held = state.proposal
        stale = held is not None and held.base != running
        return attrs.evolve(state, running=running, proposal=None if stale else held)
    return state


def due(state: State, now: Instant, policy: None) -> tuple[Command, ...]:
    """Nothing falls due here."""
    return ()


def next_due(state: State, now: Instant, policy: None) -> Instant | None:
    """Never."""
    return None


def wanted(state: State) -> Sha256 | None:
    """The settings that ought to be written now: approved and not yet in force."""
    held = state.proposal
    return held.sha256 if held is not None and held.approved_by else None
