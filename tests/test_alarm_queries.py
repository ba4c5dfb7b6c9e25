"""What the Alarms page is told, and the table of every alarm there ever was: kept in step with the journal, the same again when rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_alarms import CHEN, NOW, Desk, condition
from test_projections import Kept

from safety.alarms import Policy
from station import alarm_projection, store
from station.alarm_brief import brief, unread_texts
from station.alarm_queries import AlarmQueries
from station.alarm_views import AlarmView
from station.conditions import Condition
from station.people_orders import Contact
from station.settings import AlarmsSection
from station.words import MINUTE, Instant, Text


class Told(Desk):
    """A desk whose events go into a real journal with its tables; and the questions of the page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.kept = Kept(path)
        self.wu = Contact(role="engineer", name_zh="吴工", name_en="Wu", phone="1", operator="wu")
        duty = SimpleNamespace(posts={"engineer": SimpleNamespace(operator="wu")})
        self.world: Any = SimpleNamespace(
            desk=SimpleNamespace(states={"alarms": self.state, "duty": duty}),
            now=lambda: self.now,
            wrong={},
            settings=SimpleNamespace(alarms=AlarmsSection()),
            people=SimpleNamespace(contacts=lambda: [self.wu]),
            person=lambda who: Text(f"person {who}", f"人员 {who}"),
        )
        reader = store.reader_engine(store.sqlite_url(path))
        self.queries = AlarmQueries(self.world, reader, Policy())

    def do(self, *given: Any) -> list[Any]:
        events = super().do(*given)
        if events:
            self.kept.write(*events)
        self.world.desk.states["alarms"] = self.state
        return events

    def wrong(self, **more: Any) -> Condition:
        one = condition(**more)
        self.raised(**more)
        self.world.wrong[one.key] = one
        return one

    def history(self, **args: Any) -> list[AlarmView]:
        return self.queries.table()["alarm_history"](args, CHEN)  # type: ignore[no-any-return]

    def page(self) -> Any:
        return self.queries.table()["alarms"]({}, CHEN)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path / "journal.db")
    yield made
    made.kept.journal.close()


def test_the_page_shows_unread_first_then_worst_then_newest(told: Told) -> None:
    for key, severity in (("a", "minor"), ("b", "critical"), ("c", "critical"), ("d", "major")):
        told.wrong(key=key, severity=severity)
        told.now = Instant(told.now + 1)
    told.acknowledged(2)
    told.shelved(4)
    page = told.page()
    assert [one.key for one in page.active] == ["c", "a", "b"]
    assert [one.key for one in page.shelved] == ["d"]
    assert (page.shelf_minutes, page.shelf_minutes_critical) == (480, 60)
    (b,) = [one for one in page.active if one.key == "b"]
    assert (b.acknowledged_by, b.unread) == (Text("person chen", "人员 chen"), False)
    assert page.shelved[0].shelved_until == told.now + 30 * MINUTE


def test_the_strip_names_what_stands_before_a_graver_one_that_is_over(told: Told) -> None:
    for key, severity in (("old", "critical"), ("minor", "minor"), ("major", "major")):
        told.wrong(key=key, severity=severity)
        told.now = Instant(told.now + 1)
    told.returned("old")
    seen = brief(told.world)
    assert [(one.severity, one.phase) for one in seen.first] == [
        ("major", "standing"), ("minor", "standing"), ("critical", "returned"),
    ]  # fmt: skip
    assert (seen.critical, seen.major, seen.minor, seen.righted) == (1, 1, 1, {"critical": 1})


def test_an_alarm_shows_the_figures_of_now_and_what_it_follows_from(told: Told) -> None:
    told.wrong(key="root", severity="critical")
    told.wrong(key="leaf", severity="critical")
    told.world.wrong["leaf"] = Condition(
        key="leaf", card="x", severity="critical", where="x", text=Text("61 W", "61 瓦"), because="root"
    )
    leaf = next(one for one in told.page().active if one.key == "leaf")
    assert (leaf.text.en, leaf.because) == ("61 W", 1)
    told.returned("root")
    told.acknowledged(1)
    leaf = next(one for one in told.page().active if one.key == "leaf")
    assert leaf.because == 0, "what it followed from is over"
    assert [one.en for one in unread_texts(told.world)] == ["61 W"], (
        "as it is now, and not what was acknowledged"
    )
    del told.world.wrong["leaf"]
    assert next(iter(told.page().active)).text.en == "it is high"


def test_a_card_names_who_is_on_duty(told: Told) -> None:
    told.wrong()
    (card,) = told.page().cards
    assert card.id == "transmitter.reflected-high"
    assert [(one.name.zh, one.on_duty) for one in card.contacts] == [("吴工", True)]
    every = told.queries.table()["alarm_cards"]({}, CHEN)
    assert len(every) > 40 and all(one.do for one in every)


def test_history_keeps_what_is_over_and_is_cut_and_filtered(told: Told) -> None:
    for number, severity in enumerate(("major", "critical", "minor"), 1):
        told.wrong(key=f"k{number}", severity=severity)
        told.acknowledged(number)
        told.now = Instant(told.now + MINUTE)
        told.returned(f"k{number}")
    assert [one.number for one in told.history()] == [3, 2, 1]
    assert all(one.phase == "cleared" and one.cleared_at is not None for one in told.history())
    assert [one.number for one in told.history(before=3, limit=1)] == [2]
    assert [one.number for one in told.history(severity="minor")] == [3]
    assert [one.number for one in told.history(key="k1")] == [1]
    assert told.history(key="%") == []
    assert told.page().active == []


def test_an_acknowledgement_hours_later_does_not_move_the_end_of_the_fault(told: Told) -> None:
    told.wrong(severity="critical")
    told.now = ended = Instant(NOW + 7 * MINUTE)
    told.returned()
    del told.world.wrong[next(iter(told.world.wrong))]
    told.now = seen_to = Instant(NOW + 185 * MINUTE)
    (open_still,) = told.page().active
    assert (open_still.phase, open_still.returned_at, open_still.cleared_at) == ("returned", ended, None)
    (line,) = brief(told.world).first
    assert (line.since, line.returned_at) == (NOW, ended), "the strip counts no further either"
    told.acknowledged(1)
    (past,) = told.history()
    assert (past.raised_at, past.returned_at) == (NOW, ended)
    assert (past.acknowledged_at, past.cleared_at) == (seen_to, seen_to)


def test_the_table_rebuilt_from_the_journal_is_the_table_kept(told: Told) -> None:
    for _ in range(6):
        told.raised()
        told.returned()
    told.shelved()
    told.raised(key="b", severity="critical")
    before = told.kept.rows(alarm_projection.alarms)
    assert len(before) == 2 and before[0]["raised_at"] == NOW
    done = told.kept.rebuilt()
    assert done.different == ()
    assert told.kept.rows(alarm_projection.alarms) == before
