"""The reviews of alerts and rundowns alike: who may still sign exactly this content, and how many are missing. Knows no table of L10, no account, no clock."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import attrs

from station.words import SYSTEM, Refused, Sha256


@attrs.frozen(kw_only=True)
class Signature:
    """One person's name under exactly one content."""

    by: str  # operator id
    content: Sha256


def person(operator: str) -> str:
    """The one form under which an operator id is compared: `Li ` and `li` are one person, never two."""
    return unicodedata.normalize("NFKC", operator).strip().casefold()


def signers(given: Iterable[Signature]) -> frozenset[str]:
    """The different people among the signatures given."""
    return frozenset(person(signature.by) for signature in given)


def holding(given: Iterable[Signature], content: Sha256) -> tuple[Signature, ...]:
    """The signatures that are under `content`; one under an earlier version holds no more."""
    return tuple(signature for signature in given if signature.content == content)


def missing(needed: int, given: Iterable[Signature]) -> int:
    """How many different people must still sign; never below 0."""
    return max(0, needed - len(signers(given)))


def check_signature(
    given: Sequence[Signature], author: str, by: str, content: Sha256, signed: Sha256
) -> None:
    """Raise Refused when `by` may not put a signature for `signed` under `content` written by `author` (L10).

    The author's submission is not a signature, and the author gives none; nobody signs twice.
    """
    if signed != content:
        raise Refused(
            f"You signed another version (…{signed[-8:]}); what waits now is …{content[-8:]}. Read it again, then sign.",
            f"您签的是另一版本(…{signed[-8:]}),现在待审的是 …{content[-8:]}。请重新审阅后再签。",
            code="changed",
        )
    who = person(by)
    if not who or who == SYSTEM.id:
        raise Refused("Only a person can sign.", "只有人可以签审。", code="nobody")
    if who == person(author):
        raise Refused(
            "Whoever wrote it does not sign it; ask a colleague.",
            "本人提交的内容不能由本人签审,请同事签审。",
            code="author",
        )
    if who in signers(holding(given, content)):
        raise Refused("You have already signed this.", "您已经签过,不能重复签审。", code="twice")


def may_sign(given: Sequence[Signature], author: str, by: str, content: Sha256, signed: Sha256) -> bool:
    """Whether `check_signature` would let this signature pass; for the glass, which shows or hides the key."""
    try:
        check_signature(given, author, by, content, signed)
    except Refused:
        return False
    return True
