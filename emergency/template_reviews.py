"""Putting a template up and its three reviews. Decides; knows no alert."""

from __future__ import annotations

from emergency.messages import (
    SignTemplate,
    SubmitTemplate,
    TemplateRejected,
    TemplateSigned,
    TemplateSubmitted,
)
from emergency.policy import Policy
from emergency.refusals import check_words
from emergency.signatures import check_role, content_of
from emergency.state import State
from emergency.templates import check_template, has_controls
from station import reviews
from station.words import MINUTE, Event, Instant, Operator, Refused

TEMPLATES_AT_MOST = 500
Events = tuple[Event, ...]


def propose(state: State, command: SubmitTemplate, now: Instant, by: Operator, policy: Policy) -> Events:
    content = content_of(command.body)
    known = state.proposals.get(command.template) or state.templates.get(command.template)
    if known is not None and known.content == content and not known.rejected_by:
        return ()
    check_template(command.body, now, policy.longest // MINUTE)
    if not command.template or len(command.template) > 100 or has_controls(command.template):
        raise Refused("The template's id is missing or malformed.", "模板编号缺失或格式不对。", code="form")
    if len(state.proposals) + len(state.templates) >= TEMPLATES_AT_MOST and known is None:
        raise Refused(
            f"There are {TEMPLATES_AT_MOST} templates already.",
            f"模板已达 {TEMPLATES_AT_MOST} 个。",
            code="rate",
        )
    return (TemplateSubmitted(template=command.template, body=command.body, content=content, by=by.id),)


def review(state: State, command: SignTemplate, now: Instant, by: Operator, policy: Policy) -> Events:
    record = state.proposals.get(command.template)
    if record is None or record.rejected_by:
        raise Refused("No such template waits for a review.", "没有这样的模板等待审核。", code="missing")
    check_role(by)
    check_words(command.reason)
    reviews.check_signature(record.signatures, record.by, by.id, record.content, command.content)
    if command.verdict == "reject":
        return (TemplateRejected(template=record.template, by=by.id, reason=command.reason),)
    return (TemplateSigned(template=record.template, content=record.content, by=by.id),)
