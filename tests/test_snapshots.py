"""A snapshot shortens the start and is never believed over the journal."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer, task

from devices import orders
from emergency import lifecycle
from playout import planning
from safety import findings
from station import keeping, snapshots
from station.desk import Desk, Part
from station.keeping import NumbersReserved, ReserveNumbers
from station.words import Instant

PARTS = [
    Part(
        name=name,
        commands=frozenset({ReserveNumbers}) if part is keeping else frozenset(),
        empty=part.EMPTY,
        decide=part.decide,
        evolve=part.evolve,
        due=lambda state, now, policy: (),
        next_due=lambda state, now, policy: None,
        policy=None,
    )
    for name, part in (
        ("emergency", lifecycle), ("playout", planning), ("devices", orders), ("safety", findings), ("keeping", keeping),
    )
]  # fmt: skip


class Shelf:
    """A journal that remembers snapshots."""

    def __init__(self, held=None):
        self.held, self.head, self.saved = held, (0, ""), []

    def load_snapshot(self, fold, version):
        return self.held

    def save_snapshot(self, fold, version, position, text):
        self.saved.append((position, text))
        return defer.succeed(None)

    def replayed(self, since=0):
        self.since = since
        return iter(())


def desk():
    return Desk(
        None, PARTS, task.Clock(), lambda: Instant(0), on_durable=lambda *_: None, on_fatal=lambda _: None
    )


@given(st.lists(st.integers(1, 50), max_size=5))
def test_states_survive_the_way_through_a_snapshot(blocks):
    first = desk()
    first.replay([NumbersReserved(use="session", first=n, count=n) for n in blocks], len(blocks))
    again = desk()
    shelf = Shelf((len(blocks), snapshots.write(first)))
    snapshots.replay(again, shelf, shelf)
    assert again.states == first.states and shelf.since == len(blocks)


def test_a_snapshot_that_does_not_fit_is_left_aside_and_the_journal_is_replayed_whole():
    for text in ("{", "{}", '{"emergency": 3}', snapshots.write(desk()).replace("free", "freed")):
        again, shelf = desk(), Shelf((9, text))
        snapshots.replay(again, shelf, shelf)
        assert shelf.since == 0 and again.states == {part.name: part.empty for part in PARTS}


def test_one_is_written_every_ten_thousand_records():
    working, shelf = desk(), Shelf()
    keeper = snapshots.Keeper(working, shelf)
    for position in (9_999, 10_000, 10_001, 25_000):
        working.position = position
        keeper.look()
    assert [position for position, _ in shelf.saved] == [10_000, 25_000]
