"""All that can be said of a CAP document: schema, profiles, signature, and what the ingest port would do with it. Decides nothing and reads no file; knows no clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emergency import cap, cap_message, cap_profile, cap_signature, intake
from emergency.cap import Judged
from emergency.cap_alert import Alert
from emergency.cap_profile import Profile, Verdict
from emergency.cap_signature import Checked, PinnedKey
from emergency.messages import Message
from station.areas import AreaTree
from station.ground import Ground
from station.words import Instant, Misheard, Refused, Text

SKEW_S = 300  # how far a sender's clock may be ahead, as a source's settings have it by default
MOST_UNKNOWN = 10  # areas shown
MOST_REFERRED = 32  # references shown


def verdict(
    data: bytes,
    *,
    keys: tuple[PinnedKey, ...] = (),
    profiles: Iterable[Profile] = (),
    now: Instant | None = None,
    ground: Ground | None = None,
    tree: AreaTree | None = None,
) -> dict[str, Any]:
    """The verdict in plain values, ready for JSON. Never raises for what the document holds.

    `now` judges its times too; without, they are not looked at. `keys` are those of the one who is said to have sent it;
    `ground` has the points of a station, for areas that are drawn or coded otherwise;
    `tree` its area table. What was not judged for want of these is said in `open`.
    """
    said = blank()
    try:
        judged = cap.judge(data)
    except Misheard as error:
        return said | refusal([error.text])
    checked = cap_signature.check(data, keys)
    said |= {
        "version": judged.version,
        "valid": judged.valid,
        "signature": {"signed": checked.signed, "verified": checked.verified, **_plain(checked.words)},
    }
    if judged.alert is None:
        return said | refusal(judged.reasons)
    alert = judged.alert
    made = _made(alert, ground)
    said["profile"] = {one.profile: _told(one) for one in _profiles(judged, alert, profiles, made)}
    said["profile"][cap_message.PROFILE]["refers"] = _refers(alert)
    return said | _would(judged, made, checked, keys, now, tree)


def _open(now: Instant | None, tree: AreaTree | None) -> Iterable[Text]:
    """What stands between this verdict and the port's: it has a clock and an area table."""
    if now is None:
        yield Text("its times were not judged: give --at", "未判断时间:请用 --at 给出时刻")
    if tree is None:
        yield Text("its areas were not looked up: give --areas", "未查行政区划表:请用 --areas 给出区划表")


def _made(alert: Alert, ground: Ground | None) -> Message | Text:
    """What people would sign, or why there is nothing to sign."""
    try:
        return cap_message.to_message(alert, ground=ground).message
    except Refused as refused:
        return refused.text


def blank() -> dict[str, Any]:
    """What is said of a file before anything is known."""
    return {"version": None, "valid": False, "profile": {}, "signature": None}


def refusal(reasons: Iterable[Text]) -> dict[str, Any]:
    """That it would be refused, and why."""
    return {"reasons": [_plain(text) for text in reasons], "would": "refuse", "open": []}


def _plain(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _told(one: Verdict) -> dict[str, Any]:
    return {
        "claimed": one.claimed,
        "fits": one.fits,
        "reasons": [_plain(text) for text in one.reasons],
        "remarks": [_plain(text) for text in one.remarks],
    }


def _profiles(
    judged: Judged, alert: Alert, profiles: Iterable[Profile], made: Message | Text
) -> Iterable[Verdict]:
    yield _national(made)
    for profile in profiles:
        found = cap_profile.verdict(profile, alert)
        if profile.name == "base":  # to be CAP at all it must keep the rules that no receiver can do without
            reasons = (*judged.breaches, *found.reasons)
            found = Verdict(
                profile="base", claimed=True, fits=not reasons, reasons=reasons, remarks=found.remarks
            )
        yield found


def _national(made: Message | Text) -> Verdict:
    """The profile CN: whether the station can make of it what people sign."""
    reasons = (made,) if isinstance(made, Text) else ()
    return Verdict(profile=cap_message.PROFILE, claimed=False, fits=not reasons, reasons=reasons)


def _refers(alert: Alert) -> list[dict[str, str]]:
    return [
        {"sender": sender[:200], "identifier": identifier[:200], "sent": sent[:40]}
        for sender, identifier, sent in alert.references[:MOST_REFERRED]
    ]


def _would(
    judged: Judged,
    made: Message | Text,
    checked: Checked,
    keys: tuple[PinnedKey, ...],
    now: Instant | None,
    tree: AreaTree | None,
) -> dict[str, Any]:
    """What the ingest port would do; it asks in the same order."""
    if judged.breaches:
        return refusal(judged.breaches)
    if isinstance(made, Text):
        return refusal([made])
    try:
        if now is not None:
            intake.check_times(made, SKEW_S, now)
    except Refused as refused:
        return refusal([refused.text])
    if checked.signed and not checked.verified and keys:
        return refusal([checked.words])
    unknown = [] if tree is None else [area for area in made.areas if area not in tree]
    if unknown:
        named = ", ".join(unknown[:MOST_UNKNOWN])
        return refusal([Text(f"the area table does not have {named}", f"行政区划表中没有 {named}")])
    would = "accept, verified" if checked.verified else "accept, unverified: three signatures"
    return {"reasons": [], "would": would, "open": [_plain(text) for text in _open(now, tree)]}
