"""What a journal's text tells about alerts, rundowns and mutes, and where it breaks a law (L5, L8, L9, L10). Reads kinds and JSON bodies only: shares no rule with what decided them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from emergency.messages import AUTHORITIES
from schedules.calendar import local_text
from station.wire import canonical
from station.words import Instant

# L10 as docs/laws.md has it: signatures before air, by row.
BEFORE = {
    "upstream_life": 0,
    "upstream_other": 1,
    "composer": 3,
    "template_alone": 1,
    "breakglass": 2,
    "daily_drill": 3,
    "unverified": 3,
}
OWN = {"composer", "template"}  # what people write here
MAY_SIGN = {"reviewer", "approver", "dispatcher"}
Row = tuple[str, Mapping[str, Any], str, Instant]  # kind, body, by, at


@attrs.frozen(kw_only=True)
class House:
    """What the story is judged by: the station's rank and hours, its life list, who holds which roles, who sends with which rank."""

    authority: str = "county"
    tz: str = "Asia/Shanghai"
    quiet_from: str = "21:30"
    quiet_to: str = "06:00"
    life_list: tuple[str, ...] = ()
    roles: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    sources: Mapping[str, str] = attrs.field(factory=dict)  # source id → authority


@attrs.define(kw_only=True)
class Story:
    """Everything told so far. `tell` it each record in order; `complaints` are pairs of law and words."""

    house: House = House()
    submitted: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    signed: dict[str, list[str]] = attrs.field(factory=dict)  # before air, in order
    rejected: set[str] = attrs.field(factory=set)
    glass: set[str] = attrs.field(factory=set)
    spoken: dict[str, set[str]] = attrs.field(factory=dict)
    spoken_at: dict[str, Instant] = attrs.field(factory=dict)
    aired: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    ended: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    mutes: set[str] = attrs.field(factory=set)
    sheets: dict[tuple[str, str, str], list[str]] = attrs.field(factory=dict)
    approvals: set[str] = attrs.field(factory=set)
    complaints: list[tuple[str, str]] = attrs.field(factory=list)

    def tell(self, kind: str, body: Mapping[str, Any], by: str, at: Instant) -> None:
        """One more record."""
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, body, by, at)

    def wrong(self, law: str, what: str, *, when: bool) -> None:
        """Keep a complaint."""
        if when:
            self.complaints.append((law, what))

    @property
    def expires(self) -> dict[str, Instant]:
        """Alert → when it expires."""
        return {alert: Instant(body["message"]["expires"]) for alert, body in self.submitted.items()}

    # --- alerts

    def _submitted(self, body: Any, by: str, at: Instant) -> None:
        alert = body["alert"]
        self.submitted[alert], self.signed[alert] = dict(body), []
        content = hashlib.sha256(canonical(body["message"]).encode()).hexdigest()
        self.wrong("L10", f"{alert} is signed under another content", when=content != body["content"])
        least = BEFORE[body["row"]]
        self.wrong("L10", f"{alert} asks for {body['needed']} signatures", when=body["needed"] < least)
        self.wrong("L10", f"{alert} is in the row {body['row']}", when=not self._in_row(body))
        source = body["source"]
        claimed = by in self.house.roles and (source["kind"] not in OWN or source["id"] != by)
        self.wrong("L10", f"{by} sends {alert} in the name of {source['id']}", when=claimed)

    def _in_row(self, body: Any) -> bool:
        """Whether what it is allows its row; rows that ask for three may have anything."""
        message, source, row = body["message"], body["source"], body["row"]
        sure = source["verified"] and source["preauthorised"] and message["kind"] == "actual"
        if row == "upstream_life":
            return bool(sure and message["level"] in (1, 2) and self.on_life_list(message["event"]))
        if row == "upstream_other":
            return bool(sure)
        if row == "template_alone":
            return bool(message["template"] and message["kind"] == "actual" and self.on_life_list(message["event"]))  # fmt: skip
        return BEFORE[row] >= 2

    def on_life_list(self, event: str) -> bool:
        """Whether the gate of an event fails open."""
        return event.startswith(self.house.life_list) if self.house.life_list else False

    def _spoken(self, body: Any, by: str, at: Instant) -> None:
        self.spoken.setdefault(body["alert"], set()).add(body["audio"])
        self.spoken_at[body["alert"]] = at

    def _signed(self, body: Any, by: str, at: Instant) -> None:
        alert, who = body["alert"], body["by"]
        asked = self.submitted[alert]
        roles = self.house.roles.get(who, frozenset(MAY_SIGN))
        self.wrong("L10", f"{who} may not sign ({alert})", when="admin" in roles or not roles & MAY_SIGN)
        self.wrong("L10", f"{who} signed another content of {alert}", when=body["content"] != asked["content"])  # fmt: skip
        self.wrong("L10", f"{who} signed {alert} twice", when=who in self.signed[alert])
        if not body.get("owed"):
            self.signed[alert].append(who)

    def _rejected(self, body: Any, by: str, at: Instant) -> None:
        self.rejected.add(body["alert"])

    def _glass(self, body: Any, by: str, at: Instant) -> None:
        self.glass.add(body["alert"])

    def _aired(self, body: Any, by: str, at: Instant) -> None:
        alert, since, until = body["alert"], Instant(body["since"]), Instant(body["until"])
        asked = self.submitted[alert]
        message, self.aired[alert] = asked["message"], dict(body)
        row = "breakglass" if alert in self.glass else asked["row"]
        signers = set(self.signed[alert])
        if row not in ("template_alone", "breakglass"):
            signers -= {asked["submitted_by"]}
        least = BEFORE[row]
        opened = asked["fails_open"] and asked["hold_until"] is not None and since >= asked["hold_until"]
        few = len(signers) < least and not (row == "upstream_other" and opened)
        self.wrong("L10", f"{alert} aired by {row} with {sorted(signers)}, {least} are needed", when=few)
        self.wrong("L10", f"{alert} aired though rejected", when=alert in self.rejected)
        self.wrong("L10", f"{alert} aired without its sound", when=alert not in self.spoken)
        late = not message["effective"] <= since < message["expires"] or until > message["expires"]
        self.wrong("L5", f"{alert} airs from {since} to {until}, outside its time", when=late)
        night = message["kind"] == "daily" and (self.quiet(since) or self.quiet(Instant(until - 1)))
        self.wrong("L9", f"the daily {alert} sounds at night", when=night)

    def quiet(self, at: Instant) -> bool:
        """Whether local clocks are in the quiet hours."""
        clock, begin, end = local_text(at, self.house.tz)[:5], self.house.quiet_from, self.house.quiet_to
        return begin <= clock < end if begin <= end else clock >= begin or clock < end

    def _ended(self, body: Any, by: str, at: Instant) -> None:
        alert = body["alert"]
        self.ended[alert] = dict(body)
        asked = self.submitted.get(alert)
        if body["how"] != "cancelled" or asked is None:
            return
        theirs = asked["source"]["authority"]
        ours = self.house.sources.get(body["by"], self.house.authority)
        low = AUTHORITIES.index(ours) > AUTHORITIES.index(theirs)
        self.wrong("L8", f"{body['by']} ({ours}) ended {alert} of the {theirs}", when=low)

    def _muted(self, body: Any, by: str, at: Instant) -> None:
        self.mutes.add(body["mute"])
        self.approvals.add(f"mute:{body['mute']}")

    def _unmuted(self, body: Any, by: str, at: Instant) -> None:
        self.mutes.discard(body["mute"])

    def _on_air(self, body: Any, by: str, at: Instant) -> None:
        self._aired(body, by, at)
        self.approvals.add(f"alert:{body['alert']}")

    # --- rundowns

    def _sheet_signed(self, body: Any, by: str, at: Instant) -> None:
        key = (body["channel"], body["day"], body["content"])
        given = self.sheets.setdefault(key, [])
        self.wrong("L10", f"{body['by']} signed the rundown of {key[1]} twice", when=body["by"] in given)
        given.append(body["by"])

    def _sheet_approved(self, body: Any, by: str, at: Instant) -> None:
        key = (body["channel"], body["day"], body["content"])
        given = set(self.sheets.get(key, ()))
        self.wrong("L10", f"the rundown of {key[1]} has {len(given)} signatures", when=len(given) < 3)
        self.approvals.add(f"rundown:{key[0]}:{key[1]}:{key[2][:12]}")

    def _session(self, body: Any, by: str, at: Instant) -> None:
        """A live session rests on a rundown that was approved, and has a name of its own."""
        signed, name = body["signed"], body["approval"]
        self.wrong(
            "L10", f"{name} rests on {signed}, which nobody approved", when=signed not in self.approvals
        )
        self.wrong("L10", f"{name} is no session's name", when=not name.startswith("session:"))
        self.approvals.add(name)

    # --- what must have come

    def due_on_air(self, now: Instant, patience: int) -> None:
        """L9: a verified real alert of level 1–2 on the life list that has its sound airs by itself, at any hour."""
        for alert, body in self.submitted.items():
            if body["row"] != "upstream_life" or alert not in self.spoken:
                continue
            message = body["message"]
            over = alert in self.aired or alert in self.ended or alert in self.rejected
            since = max(message["effective"], self.spoken_at[alert])
            late = not over and since + patience < now < message["expires"]
            self.wrong("L9", f"{alert} waits though its gate fails open", when=late)


_READERS: dict[str, Callable[[Story, Mapping[str, Any], str, Instant], None]] = {
    "alert.submitted/1": Story._submitted,  # noqa: SLF001 - its own table
    "alert.spoken/1": Story._spoken,  # noqa: SLF001
    "alert.signed/1": Story._signed,  # noqa: SLF001
    "alert.rejected/1": Story._rejected,  # noqa: SLF001
    "alert.glassbroken/1": Story._glass,  # noqa: SLF001
    "alert.aired/1": Story._on_air,  # noqa: SLF001
    "alert.ended/1": Story._ended,  # noqa: SLF001
    "alert.muted/1": Story._muted,  # noqa: SLF001
    "alert.unmuted/1": Story._unmuted,  # noqa: SLF001
    "rundown.signed/1": Story._sheet_signed,  # noqa: SLF001
    "rundown.approved/1": Story._sheet_approved,  # noqa: SLF001
    "live.opened/1": Story._session,  # noqa: SLF001
}
