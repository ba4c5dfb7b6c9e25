"""The demo's clerk: puts up and signs, as the demo's own invented people, the example's rundowns and templates over the control socket, as people would in the panel. Knows nothing that they could not do."""

from __future__ import annotations

import sys
import tomllib
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.logger import Logger

from schedules.calendar import add_days, broadcast_day
from station import children, logs, settings_file
from station.clock import AnchorTime, install
from station.peer import Peer
from station.prepared import read_logins
from station.settings import Settings
from station.words import HOUR, Refused

DAYS_AHEAD = 2
EVERY = 600.0  # s
SIGNERS = ("wang", "zhang", "zhao")

Steps = Generator[Deferred[Any], Any, None]


class Clerk:
    """Keeps today's and the next days' rundowns approved, and the templates reviewed."""

    log = Logger()

    def __init__(
        self, reactor: Any, peer: Peer, settings: Settings, home: Path, logins: list[dict[str, str]], now: Any
    ) -> None:
        self._reactor, self._peer, self._settings, self._home = reactor, peer, settings, home
        self._logins = {row["operator"]: row for row in logins}
        self._now = now
        self._seats: dict[str, str] = {}

    @inlineCallbacks
    def work(self) -> Steps:
        """One round; comes back by itself."""
        wait = EVERY
        try:
            yield self._seat()
            yield self._rundowns()
            yield self._templates()
        except Refused as refused:
            self.log.info("the clerk waits: {why}", why=refused.text.en)
            self._seats.clear()
            wait = 1.0
        self._reactor.callLater(wait, self.work)

    @inlineCallbacks
    def _seat(self) -> Steps:
        for operator in ("li", *SIGNERS):
            if operator not in self._seats:
                login = self._logins[operator]
                seat = yield self._peer.ask("login", operator=operator, password=login["password"])
                self._seats[operator] = seat["session"]

    @inlineCallbacks
    def _command(self, operator: str, name: str, body: dict[str, Any]) -> Steps:
        """Give a command; the PIN goes along where the station asks for it: each time it is checked costs a tenth of a second."""
        try:
            yield self._asked(operator, name, body)
        except Refused as refused:
            if refused.code != "unproven":
                raise
            yield self._asked(operator, name, body, pin=self._logins[operator]["pin"])

    def _asked(self, operator: str, name: str, body: dict[str, Any], **proof: Any) -> Deferred[Any]:
        seat = self._seats[operator]
        request = str(uuid.uuid4())
        return self._peer.ask("command", session=seat, request=request, command=name, body=body, **proof)

    def _query(self, name: str, **args: Any) -> Deferred[Any]:
        return self._peer.ask("query", session=self._seats["li"], name=name, args=args)

    @inlineCallbacks
    def _rundowns(self) -> Steps:
        station = self._settings.station
        today = broadcast_day(self._now(), station.timezone, station.day_start)
        known = yield self._query("rundowns")
        for section in self._settings.channels:
            for ahead in range(DAYS_AHEAD + 1):
                day = add_days(today, ahead)
                rows = [row for row in known if (row["channel"], row["day"]) == (section.id, day)]
                if not any(row["state"] == "approved" for row in rows):
                    yield self._approve(section.id, day, section.rundowns, rows)

    @inlineCallbacks
    def _approve(self, channel: str, day: str, folder: str, rows: list[dict[str, Any]]) -> Steps:
        file = next(
            (path for name in (day, "default") if (path := self._home / folder / f"{name}.csv").exists()),
            None,
        )
        if file is None:
            self.log.warn("there is no rundown for {day}", day=day)
            return
        waiting = [row for row in rows if row["state"] == "waiting"]
        if not waiting:
            csv = file.read_text(encoding="utf-8")
            yield self._command("li", "rundown.submit", {"channel": channel, "day": day, "csv": csv})
            known = yield self._query("rundowns")
            waiting = [r for r in known if (r["channel"], r["day"], r["state"]) == (channel, day, "waiting")]
        for signer in SIGNERS:
            if signer not in waiting[0]["signatures"]:
                body = {"channel": channel, "day": day, "content": waiting[0]["content"]}
                yield self._command(signer, "rundown.sign", body)

    @inlineCallbacks
    def _templates(self) -> Steps:
        path = self._home / "templates.toml"
        if not path.exists():
            return
        known = {row["id"]: row for row in (yield self._query("templates"))}
        for name, template in tomllib.loads(path.read_text(encoding="utf-8")).items():
            template["valid_until"] = self._now() + template.pop("valid_days", 365) * 24 * HOUR
            if name not in known:
                yield self._command("li", "template.submit", {"template": name, "body": template})
                rows = yield self._query("templates")
                known[name] = next(row for row in rows if row["id"] == name)
            if known[name]["state"] == "waiting":
                for signer in SIGNERS:
                    if signer not in known[name]["signatures"]:
                        body = {"template": name, "content": known[name]["content"]}
                        yield self._command(signer, "template.sign", body)


def main(argv: list[str]) -> int:
    """Run the clerk until its supervisor ends."""
    children.die_with_parent()
    path, state = Path(argv[0]), argv[1]
    settings = settings_file.load(path)
    places = settings_file.places(path, settings, state)
    reactor = install()
    anchor = AnchorTime(places.anchor)
    logs.start("demo-clerk", anchor.now)
    peer = Peer(reactor, places.control)
    clerk = Clerk(reactor, peer, settings, path.parent, read_logins(places), anchor.now)
    peer.start()
    deferLater(reactor, 0.5, clerk.work)
    reactor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
