"""What becomes of an item after an alert, as an event of the journal and as an edit of the plan. Pure; decides nothing."""

from __future__ import annotations

from typing import Final

import attrs

from playout.live_state import lying
from playout.messages import ProgrammeResumed, ResumeProgramme
from schedules.aftermath import Broken
from schedules.edits import Edit, Verb
from schedules.plan import Take

VERBS: Final[dict[str, Verb]] = {"resume": "resume", "restart": "restart", "drop": "leave"}


def event_of(command: ResumeProgramme, found: Broken) -> ProgrammeResumed:
    """What is written down: all of it, so that nothing that is approved or adopted later changes it."""
    assert found.then != "join"  # then nothing was found
    heard = found.lies or found.take
    return ProgrammeResumed(
        channel=command.channel,
        alert=command.alert,
        cause=command.cause,
        then=found.then,
        at=command.at,
        was=found.was,
        ends=found.take.end,
        until=found.until,
        take=found.take.id,
        title=found.take.title,
        item=heard.item,
        samples=0 if found.lies is None else heard.end - heard.start,
        media=heard.media,
        approval=heard.approval,
        offset=heard.offset,
        gain=heard.gain,
        fade_in=heard.fade_in,
        fade_out=heard.fade_out,
        curve=heard.curve,
        category=heard.category,
        trimmed=heard.trimmed,
        tail=heard.tail,
        replacement=heard.replacement,
    )


def edit_of(happened: ProgrammeResumed) -> Edit:
    """What it does to the plan."""
    return Edit(
        verb=VERBS[happened.then],
        at=happened.at,
        take=happened.take,
        lies=_lies(happened) if happened.samples else None,
        until=happened.until,
        was=happened.was,
        ends=happened.ends,
    )


def _lies(happened: ProgrammeResumed) -> Take:
    take = lying(happened, offset=happened.offset, trimmed=happened.trimmed)
    return attrs.evolve(take, tail=happened.tail, replacement=happened.replacement)


__all__ = ["edit_of", "event_of"]
