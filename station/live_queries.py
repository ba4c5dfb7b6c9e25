"""Answers about live sessions: what may be opened on a channel, what waits, what is heard and until when. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playout import planning, sessions
from playout.inserting import Prepared
from playout.link import RelaySight
from playout.live_state import Armed, Session
from playout.policy import Studio
from playout.sheets import edits_of
from station import live_watch
from station.live_views import LineView, LiveView, OpenView, SourceView, WaitingView
from station.words import ChannelId, Instant, Operator, Refused, SampleIndex, Text, instant_of, sample_at
from station.world import World


class LiveQueries:
    """`live` of docs/control-protocol.md."""

    def __init__(
        self, world: World, policy: planning.Policy, sights: Callable[[], Mapping[str, RelaySight]]
    ) -> None:
        self._world, self._policy, self._sights = world, policy, sights

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"live": self.live}

    def live(self, args: dict[str, Any], by: Operator) -> LiveView:
        """What there is of live on one channel."""
        channel, now = self._world.channel(str(args.get("channel", ""))).id, self._world.now()
        state = self._world.desk.states["playout"]
        lines = planning.prepared_now(state, channel, now, self._policy) if self._policy.studios else ()
        used = {one.medium.sha256 for one in lines if one.medium is not None} & self._policy.studios.keys()
        waits = next((one for one in state.armed if one.channel == channel and now < one.until), None)
        here = sample_at(now)
        known = live_watch.as_planned(state.sessions, self._world.plans, now)
        lasts = [one for one in known if one.channel == channel and one.end > here]
        used |= {one.media for one in lasts} & self._policy.studios.keys()
        return LiveView(
            at=now,
            lines=[
                self._line(channel, one, self._policy.studios[one.medium.sha256], now, by)
                for one in lines
                if one.medium is not None and one.medium.sha256 in self._policy.studios
            ],
            sources=[self._source(self._policy.studios[one]) for one in sorted(used)],
            waiting=None if waits is None else self._waiting(waits),
            open=self._open(channel, lasts[0], here) if lasts else None,
        )

    def _line(
        self, channel: ChannelId, one: Prepared, studio: Studio, now: Instant, by: Operator
    ) -> LineView:
        return LineView(
            item=one.item.id,
            title=one.item.title,
            source=studio.id,
            length=-(-(one.samples or 0) * 125 // 6),
            why=self._why_not(channel, sessions.Asked(line=one, studio=studio), now, by),
        )

    def _why_not(self, channel: ChannelId, asked: sessions.Asked, now: Instant, by: Operator) -> Text | None:
        """By the plan that runs: it is not made anew for a question."""
        plan, frame = self._world.plans.get(channel), self._policy.frames[channel]
        if plan is None:
            return Text("there is no plan yet", "尚无播出计划")
        try:
            sessions.begin(asked, "key", sessions.said(asked, now), channel, plan, by.id, frame)
        except Refused as refused:
            return refused.text
        return None

    def _source(self, studio: Studio) -> SourceView:
        section = next(one for one in self._world.settings.live if one.id == studio.id)
        sight = self._sights().get(section.relay)
        member = None if sight is None else live_watch.heard(sight)
        return SourceView(
            source=studio.id,
            name=Text(section.name_en, section.name_zh),
            delay=section.delay_ms * 1_000,
            dumped=studio.dumped,
            state="" if member is None else member.state,
            quiet_ms=0 if member is None else member.quiet_ms,
        )

    def _waiting(self, one: Armed) -> WaitingView:
        person = self._world.person(one.by)
        return WaitingView(title=one.title, source=one.source, until=one.until, by=person)

    def _open(self, channel: ChannelId, one: Session, here: int) -> OpenView:
        return OpenView(
            title=one.title,
            source=one.source,
            approval=one.approval,
            signed=one.signed,
            start=instant_of(one.start),
            end=instant_of(one.end),
            by=self._world.person(one.by),
            thrown=self._thrown(channel, one, here),
        )

    def _thrown(self, channel: ChannelId, one: Session, here: int) -> Instant | None:
        edits = edits_of(self._world.desk.states["playout"], channel)
        last = max(
            (edit.until for edit in edits if edit.verb == "dump" and edit.take == one.media), default=0
        )
        return instant_of(SampleIndex(last)) if last > here else None


__all__ = ["LiveQueries"]
