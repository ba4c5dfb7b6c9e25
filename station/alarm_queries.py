"""Answers about alarms: what stands, what is shelved, what was, and the cards. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from safety.alarm_record import Alarm, Call
from safety.alarm_table import PHASES
from safety.alarms import Policy
from station import store
from station.alarm_brief import in_order, root_of, text_of
from station.alarm_cards import Card, card_of, cards
from station.alarm_contacts import whom
from station.alarm_projection import alarm_in, alarms
from station.alarm_views import AlarmsView, AlarmView, CallView, CardView, ContactView
from station.rights import ROLE_NAMES
from station.words import Operator
from station.world import World

MOST = 500


class AlarmQueries:
    """`alarms`, `alarm_history` and `alarm_cards` of docs/control-protocol.md."""

    def __init__(self, world: World, reader: sa.Engine, policy: Policy) -> None:
        self._world, self._reader, self._policy = world, reader, policy

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"alarms": self.alarms, "alarm_history": self.history, "alarm_cards": self.cards}

    def alarms(self, args: dict[str, Any], by: Operator) -> AlarmsView:
        """What stands and what is shelved, with their cards."""
        found = in_order(self._world)
        return AlarmsView(
            at=self._world.now(),
            active=self._views(one for one in found if not one.shelved),
            shelved=self._views(one for one in found if one.shelved),
            cards=[self._card(card) for card in sorted({one.condition.card for one in found})],
            shelf_minutes=self._policy.shelf_minutes,
            shelf_minutes_critical=self._policy.shelf_minutes_critical,
        )

    def history(self, args: dict[str, Any], by: Operator) -> list[AlarmView]:
        """Every alarm there was, newest first; `before` a number, of a `severity`, `where` it was."""
        t = alarms.c
        limit = max(1, min(MOST, int(args.get("limit", 100))))
        asked = sa.select(t.body).order_by(t.number.desc()).limit(limit)
        if args.get("before"):
            asked = asked.where(t.number < int(args["before"]))
        if args.get("severity"):
            asked = asked.where(t.severity == str(args["severity"]))
        if args.get("key"):
            asked = asked.where(t.key.startswith(str(args["key"]), autoescape=True))
        with store.reading(self._reader) as connection:
            bodies = connection.execute(asked).scalars().all()
        return self._views(alarm_in(body) for body in bodies)

    def cards(self, args: dict[str, Any], by: Operator) -> list[CardView]:
        """Every card there is, by id."""
        return [self._card(card) for card in sorted(cards())]

    # -- small ----------------------------------------------------------------------------------

    def _views(self, found: Iterable[Alarm]) -> list[AlarmView]:
        return [self._view(one) for one in found]

    def _view(self, one: Alarm) -> AlarmView:
        root, person = root_of(self._world, one), self._world.person
        same = (
            "number", "phase", "unread", "raised_at", "since", "times", "chattering", "acknowledged_at",
            "returned_at", "cleared_at", "shelved_until", "shelved_reason",
        )  # fmt: skip
        condition = one.condition
        return AlarmView(
            key=condition.key,
            card=condition.card,
            title=card_of(condition.card).title,
            severity=condition.severity,
            where=condition.where,
            text=text_of(self._world, one),
            phase_text=PHASES[one.phase],
            because=root.number if root is not None else 0,
            acknowledged_by=person(one.acknowledged_by) if one.acknowledged_by else None,
            shelved_by=person(one.shelved_by) if one.shelved_by else None,
            calls=[self._call(call) for call in one.calls],
            **{name: getattr(one, name) for name in same},
        )

    def _call(self, call: Call) -> CallView:
        hook = self._world.settings.alarms.call_hook
        state = "failed" if call.failure else "under-way" if hook else "panel"
        return CallView(
            level=call.level,
            who=[self._world.person(who) for who in call.who],
            at=call.at,
            state="delivered" if call.delivered_at is not None else state,
            why=call.failure,
        )

    def _card(self, card: str) -> CardView:
        made = card_of(card)
        return CardView(
            id=card,
            title=made.title,
            means=made.means,
            do=list(made.do),
            call=ROLE_NAMES[made.call],
            contacts=self._contacts(made),
        )

    def _contacts(self, card: Card) -> list[ContactView]:
        world = self._world
        holders = {post: held.operator for post, held in world.desk.states["duty"].posts.items()}
        section = world.settings.alarms
        return whom(card.call, holders, world.people.contacts(), section.contacts, world.person)
