"""Local mutes as people read them: what is silent now, and whose reason is still owed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
from emergency_help import DISPATCHER, FAR_VILLAGE, TOWN, VILLAGES, Bench

from emergency.messages import (
    AlertHeld,
    ExplainMute,
    LiftMute,
    MuteExplained,
    MuteLifted,
    MuteSounding,
    SoundingMuted,
)
from station import store
from station.alert_book import AlertRow, alert_of, fold
from station.journal import Batch, Journal
from station.mute_book import KEPT, Silence, fell_on, note
from station.mute_queries import in_force, on_alert, unexplained
from station.pieces import read_book
from station.projections import PROJECTIONS
from station.settings import Places
from station.words import MINUTE, Instant, Text


def world(bench: Bench, **muted_at: Instant) -> Any:
    return SimpleNamespace(
        desk=SimpleNamespace(states={"emergency": bench.state}),
        silences={key: Silence(mute=key, by="", at=at) for key, at in muted_at.items()},
        now=lambda: bench.now,
        person=lambda who: Text(f"person {who}", f"人员 {who}"),
        headline=lambda alert: {"a1": "山洪"}.get(alert, alert),
        area=lambda code: "双井镇" if code == TOWN else code,
    )


def test_a_mute_moves_from_what_is_silent_to_what_owes_a_reason_and_leaves_when_it_is_given() -> None:
    bench = Bench()
    began = bench.now
    bench.do(MuteSounding(mute="m", areas=(TOWN,)), DISPATCHER)
    (silent,) = in_force(world(bench, m=began))
    assert (silent.id, silent.at, silent.area_names, silent.lifted_at) == ("m", began, "双井镇", None)
    assert silent.by_name == Text(f"person {DISPATCHER.id}", f"人员 {DISPATCHER.id}")
    bench.now = Instant(bench.now + MINUTE)
    bench.do(LiftMute(mute="m"), DISPATCHER)
    (owed,) = unexplained(world(bench, m=began))
    assert (owed.id, owed.at, owed.lifted_at) == ("m", began, bench.now) and in_force(world(bench)) == []
    bench.do(ExplainMute(mute="m", reason="false alarm"), DISPATCHER)
    assert unexplained(world(bench)) == []


def test_the_mute_of_one_alert_is_named_by_its_headline_also_when_its_beginning_is_long_ago() -> None:
    bench = Bench()
    bench.air()
    bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER)
    bench.do(LiftMute(mute="m"), DISPATCHER)
    (owed,) = unexplained(world(bench))
    assert (owed.headline, owed.at) == ("山洪", bench.now), "at the latest when it was lifted"


def silenced(*told: tuple[Any, int]) -> dict[str, Silence]:
    book: dict[str, Silence] = {}
    for happened, at in told:
        note(book, happened, Instant(at))
    return book


def test_the_book_knows_who_muted_when_why_and_until_when_and_forgets_the_oldest() -> None:
    book = silenced(
        (SoundingMuted(mute="m", by="chen", alert="a1", areas=(TOWN,), reason="", channels=()), 10),
        (MuteExplained(mute="m", by="li", reason="false alarm"), 20),
        (MuteLifted(mute="m", by="chen"), 30),
        (MuteLifted(mute="unheard-of", by="chen"), 40),
        (AlertHeld(alert="a1", why_en="", why_zh="", until=None), 50),
    )
    assert book == {
        "m": Silence(mute="m", by="chen", at=Instant(10), alert="a1", areas=(TOWN,), reason="false alarm", lifted=Instant(30))
    }  # fmt: skip
    for k in range(KEPT):
        note(
            book,
            SoundingMuted(mute=str(k), by="chen", alert="", areas=(), reason="", channels=()),
            Instant(k),
        )
    assert "m" not in book and len(book) == KEPT


def test_a_mute_falls_on_an_alert_that_was_on_air_meanwhile_and_is_meant_by_it() -> None:
    def one(mute: str, at: int, lifted: int | None = None, **more: Any) -> Silence:
        return Silence(mute=mute, by="chen", at=Instant(at), lifted=lifted and Instant(lifted), **more)

    book = [
        one("before", 10, 90),
        one("until it began", 10, 100),
        one("over it", 90, 110, areas=(TOWN,)),
        one("its own", 120, 130, alert="a1"),
        one("another's", 120, 130, alert="a2"),
        one("elsewhere", 120, 130, areas=(FAR_VILLAGE,)),
        one("still", 150),
        one("after", 200),
    ]
    asked = (VILLAGES[0],)
    found = fell_on(book, "a1", asked, Instant(100), Instant(200))
    assert [mute.mute for mute in found] == ["over it", "its own", "still"]
    assert fell_on(book, "a1", asked, Instant(100), None)[-1].mute == "after"


def test_an_alert_names_its_mutes_and_one_that_never_aired_has_none() -> None:
    bench = Bench()
    bench.air()
    row: AlertRow | None = None
    for happened, _ in bench.journal:
        row = fold(row, happened, bench.now) if alert_of(happened) == "a1" else row
    assert row is not None and row.aired_at is not None
    known = world(bench, m=Instant(row.aired_at + 1))
    known.silences["m"] = attrs.evolve(known.silences["m"], by="chen", reason="wrong")
    (view,) = on_alert(known, row)
    assert (view.by_name.en, view.at, view.reason, view.lifted_at) == (
        "person chen",
        row.aired_at + 1,
        "wrong",
        None,
    )
    assert on_alert(known, attrs.evolve(row, aired_at=None)) == []


def test_after_a_restart_the_mutes_of_before_are_read_from_the_journal(tmp_path: Path) -> None:
    now = iter(range(10, 1_000, 10))
    book = Journal.open(
        store.sqlite_url(Places(tmp_path).journal),
        "t",
        now=lambda: Instant(next(now)),
        call_in_reactor=lambda call, *args: call(*args),
        projections=PROJECTIONS,
    )
    for happened in (
        SoundingMuted(mute="m", by="chen", alert="", areas=(TOWN,), reason=""),
        MuteExplained(mute="m", by="li", reason="noise"),
        MuteLifted(mute="m", by="chen"),
        SoundingMuted(mute="n", by="li", alert="a1", areas=(), reason=""),
    ):
        book.commit(Batch(events=((happened, "chen"),)))
    book.close()
    section: Any = SimpleNamespace(station=SimpleNamespace(journal=""))
    after: Any = SimpleNamespace(settings=section, places=Places(tmp_path), silences={}, book={})
    read_book(after)
    one, other = after.silences.values()
    assert (one.mute, one.areas, one.reason) == ("m", (TOWN,), "noise") and one.lifted > one.at
    assert (other.mute, other.alert, other.lifted) == ("n", "a1", None)
