"""Which row of L10 an alert falls under, and who may put a signature. Knows no life cycle and no clock."""

from __future__ import annotations

import hashlib

from emergency.messages import Message, Source, Template
from emergency.policy import Policy
from emergency.state import Record
from station import reviews
from station.area_codes import any_contains
from station.settings import SignatureRow
from station.wire import canonical, to_plain
from station.words import MINUTE, Operator, Refused, Sha256

SIGNING_ROLES = frozenset({"reviewer", "approver", "dispatcher"})


def content_of(message: Message | Template) -> Sha256:
    """What people sign: SHA-256 of the canonical JSON of a message (or a template)."""
    return Sha256(hashlib.sha256(canonical(to_plain(message)).encode()).hexdigest())


def row_of(
    message: Message, source: Source, template: Template | None, villages: int, policy: Policy
) -> SignatureRow:
    """The row an alert falls under, first match wins; whatever no other row takes needs three people.

    `template` is the reviewed template its words come from, `villages` how many it would sound in.
    """
    if message.kind != "actual":
        return policy.rows["daily_drill"]
    if source.kind == "template" and template is not None:
        alone = _small_enough(message, template, villages, policy)
        return policy.rows["template_alone" if alone else "composer"]
    if source.kind in ("composer", "template"):
        return policy.rows["composer"]
    if not (source.verified and source.preauthorised):
        return policy.rows["unverified"]
    life = fails_open(message, source, policy)
    return policy.rows["upstream_life" if life else "upstream_other"]


def fails_open(message: Message, source: Source, policy: Policy) -> bool:
    """L9: a verified actual alert of level 1–2 on the life list."""
    return (
        source.verified
        and message.kind == "actual"
        and message.level in (1, 2)
        and policy.on_life_list(message.event)
    )


def _small_enough(message: Message, template: Template, villages: int, policy: Policy) -> bool:
    span = message.expires - message.effective
    return (
        policy.on_life_list(message.event)
        and villages <= min(template.max_villages, policy.template_villages)
        and span <= min(template.max_minutes * MINUTE, policy.template_span)
    )


def check_signer(by: Operator, record: Record) -> None:
    """Raise Refused when this operator's roles or areas do not let him sign this alert."""
    check_role(by)
    outside = [area for area in record.message.areas if by.areas and not any_contains(by.areas, area)]
    if outside:
        raise Refused(
            f"It reaches beyond your area ({outside[0]}); someone who answers for the whole area must sign.",
            f"播出范围超出您的辖区({outside[0]}),请由负责整个范围的人签审。",
            code="area",
        )


def check_role(by: Operator) -> None:
    """Raise Refused unless a reviewer, an approver or a dispatcher; an administrator never signs content."""
    if "admin" in by.roles:
        raise Refused(
            "Administrators do not sign content; ask a reviewer, an approver or a dispatcher.",
            "管理员不能签审内容,请审核人、审批人或值班调度签审。",
            code="forbidden",
        )
    if not by.roles & SIGNING_ROLES:
        raise Refused(
            "Only reviewers, approvers and dispatchers sign; ask one of them.",
            "只有审核人、审批人和值班调度可以签审,请找其中一人。",
            code="forbidden",
        )


def check(record: Record, by: Operator, content: Sha256) -> None:
    """Raise Refused when this signature may not stand under this alert."""
    check_signer(by, record)
    author = "" if _alone(record, by) else record.submitted_by
    reviews.check_signature((*record.signatures, *record.after), author, by.id, record.content, content)


def _alone(record: Record, by: Operator) -> bool:
    """The lone dispatcher hears what he filled in and then signs it himself; what is owed after air is never his."""
    return record.row == "template_alone" and record.since is None and "dispatcher" in by.roles


def check_glass(record: Record, by: Operator, content: Sha256) -> None:
    """As `check`, but two people suffice in an emergency: the one who filled the template may be the first."""
    check_signer(by, record)
    given = (*record.signatures, *record.after)
    reviews.check_signature(given, "", by.id, record.content, content)


def complete(record: Record) -> bool:
    """Whether enough different people have signed exactly this content."""
    return reviews.missing(record.needed, reviews.holding(record.signatures, record.content)) == 0
