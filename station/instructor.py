"""The instructor of a shadow station: plays scenarios in, as the platforms and colleagues of the exercise, and writes down for the panel how it goes. Talks to the shadow alone; knows nothing that people could not do."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from emergency import sim_source
from station import children, logs, settings_file
from station.asking import Line
from station.clock import AnchorTime, install
from station.files import write_whole
from station.pairs import chain_of, players
from station.prepared import UPSTREAM, read_logins
from station.scenarios import BY_ID, SCENARIOS, WATCHER, Debrief, Record, Scenario, Step, begins, debrief
from station.settings import Places, Ports, Settings
from station.wire import to_plain
from station.words import SECOND, Instant, Misheard, Refused, Text

TOLD: Final = "training.json"  # what the panel shows
WISH: Final = "training-wish.json"  # what the trainee asked for on the panel
EVERY: Final = 0.5  # s
KILL_FOR: Final = 30 * SECOND
MOST: Final = 500  # records of one exercise


@attrs.define(kw_only=True, eq=False)
class Exercise:
    """One scenario under way."""

    scenario: Scenario
    began: Instant
    done: set[int] = attrs.field(factory=set)  # steps, by number
    said: list[Text] = attrs.field(factory=list)
    records: list[Record] = attrs.field(factory=list)
    until: Instant | None = None  # the player is killed again and again until then


class Instructor:
    """Looks twice a second: what was asked for, what the journal says, which step is due."""

    log = Logger()

    def __init__(
        self, settings: Settings, places: Places, ports: Ports, home: Path, now: Callable[[], Instant]
    ) -> None:
        self._settings, self._places, self._ports, self._home = settings, places, ports, home
        self._now = now
        self._exercise: Exercise | None = None
        self._position = 0
        self._told = ""
        self._seats: dict[str, str] = {}

    def look(self) -> None:
        """One round; a station that is away is asked again in the next."""
        try:
            self._begin_what_is_asked()
            if self._exercise is not None:
                self._read(self._exercise)
                self._play(self._exercise)
        except (OSError, Refused, Misheard) as error:
            self.log.info("the instructor waits: {why}", why=str(error))
        self._tell()

    # -- what is asked

    def _begin_what_is_asked(self) -> None:
        path = self._places.run / WISH
        if not path.exists():
            return
        wish = str(json.loads(path.read_text(encoding="utf-8")).get("start", ""))
        path.unlink()
        if wish == "stop":
            self._exercise = None
        elif wish in BY_ID:
            self._position = self._newest()
            self._exercise = Exercise(scenario=BY_ID[wish], began=self._now())

    # -- what happened

    def _ask(self, who: str, do: str, **fields: Any) -> Any:
        with Line(self._places.control) as line:
            if who not in self._seats:
                seat = line.ask("login", operator=who, password=self._login(who)["password"])
                self._seats[who] = seat["session"]
            try:
                return line.ask(do, session=self._seats[who], **fields)
            except Refused as refused:
                if refused.code == "unknown":  # the shadow began anew
                    del self._seats[who]
                raise

    def _login(self, who: str) -> dict[str, str]:
        return next(row for row in read_logins(self._places) if row["operator"] == who)

    def _rows(self) -> list[dict[str, Any]]:
        rows = self._ask(WATCHER, "query", name="journal", args={"limit": 200})
        return [row for row in reversed(rows) if row["position"] > self._position]

    def _newest(self) -> int:
        return max((int(row["position"]) for row in self._rows()), default=self._position)

    def _read(self, exercise: Exercise) -> None:
        if self._over(exercise):
            return
        for row in self._rows():
            self._position = row["position"]
            sentence = Text(row["sentence"]["en"], row["sentence"]["zh"])
            record = Record(
                at=Instant(row["at"]), kind=row["kind"], by=row["by"], body=row["body"], sentence=sentence
            )
            if len(exercise.records) < MOST:
                exercise.records.append(record)

    # -- what is done

    def _play(self, exercise: Exercise) -> None:
        now = self._now()
        for number, step in enumerate(exercise.scenario.steps):
            since = begins(exercise.scenario, step.once, exercise.records, exercise.began)
            if number not in exercise.done and since is not None and now >= since + step.after * SECOND:
                exercise.done.add(number)
                self._do(exercise, step)
        if exercise.until is not None and now < exercise.until:
            self._kill()

    def _do(self, exercise: Exercise, step: Step) -> None:
        if step.act == "say":
            exercise.said.append(step.text)
        elif step.act == "sign":
            self._sign(exercise, step.who)
        elif step.act == "kill":
            exercise.until = Instant(self._now() + KILL_FOR)
        else:
            self._send(step)

    def _send(self, step: Step) -> None:
        township = f"{self._area()[:9]}000"
        title = "训练:洪水预警" if step.act == "ebd" else "训练:暴雨预警"
        argv = ["--to", f"http://127.0.0.1:{self._ports.ingest}", "--kind", step.act]
        argv += ["--keys", str(self._places.state / UPSTREAM), "--areas", township, "--event", step.event]
        argv += ["--level", str(step.level), "--title", title, "--text", "训练内容:请按训练要求操作。"]
        if sim_source.main([*argv, "--minutes", "10"]):
            self.log.warn("the alert of the exercise was not taken")

    def _area(self) -> str:
        """A village with a loudspeaker."""
        registry = self._home / self._settings.terminals.registry
        return registry.read_text(encoding="utf-8-sig").splitlines()[1].split(",")[2]

    def _sign(self, exercise: Exercise, who: str) -> None:
        taken = [record.body for record in exercise.records if record.kind == "alert.submitted/1"]
        if not taken:
            raise Misheard("the alert of the exercise has not come", "训练预警尚未到达")
        body = {"alert": taken[0]["alert"], "content": taken[0]["content"]}
        self._ask(
            who,
            "command",
            request=str(uuid.uuid4()),
            command="alert.sign",
            body=body,
            pin=self._login(who)["pin"],
        )

    def _kill(self) -> None:
        """The players of programme channels, by the pid files of the shadow's own run directory."""
        for player in players(self._settings):
            if chain_of(player) == self._settings.alerts.chain:
                continue
            found = children.read_pid(self._places.run / f"player-{player}.pid")
            if found is not None:
                os.kill(found.pid, signal.SIGKILL)

    # -- what is told

    def _over(self, exercise: Exercise) -> bool:
        return self._now() > exercise.began + exercise.scenario.longest * SECOND

    def _tell(self) -> None:
        text = json.dumps(self.told(), ensure_ascii=False)
        if text == self._told:
            return
        self._told = text
        write_whole(self._places.run / TOLD, text)

    def told(self) -> dict[str, Any]:
        """The scenarios, and how the one under way goes."""
        known = [{"id": one.id, "title": to_plain(one.title)} for one in SCENARIOS]
        exercise = self._exercise
        if exercise is None:
            return {"scenarios": known, "running": None}
        over = self._over(exercise)
        found = debrief(exercise.scenario, exercise.records, exercise.began, self._now(), over=over)
        return {"scenarios": known, "running": _running(exercise, found, over=over or found.done)}


def _running(exercise: Exercise, found: Debrief, *, over: bool) -> dict[str, Any]:
    return {
        "id": exercise.scenario.id,
        "title": to_plain(exercise.scenario.title),
        "task": to_plain(exercise.scenario.task),
        "began": exercise.began,
        "ends": exercise.began + exercise.scenario.longest * SECOND,
        "said": to_plain(tuple(exercise.said)),
        "goals": to_plain(found.goals),
        "acts": [{"at": act.at, "by": act.by, "sentence": to_plain(act.sentence)} for act in found.acts],
        "over": over,
    }


def main(argv: list[str]) -> int:
    """Run the instructor until its supervisor ends; refuses any station that is no shadow."""
    children.die_with_parent()
    path, state, base = Path(argv[0]), argv[1], int(argv[2])
    settings = settings_file.load(path)
    if not settings.station.training:
        raise Refused("exercises are played in to a training station alone", "演练脚本只能用于训练台站")
    places = settings_file.places(path, settings, state)
    reactor = install()
    anchor = AnchorTime(places.anchor)
    logs.start("instructor", anchor.now)
    instructor = Instructor(settings, places, Ports(base), path.parent, anchor.now)
    LoopingCall(instructor.look).start(EVERY)
    reactor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
