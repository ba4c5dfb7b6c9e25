"""Accounts, seats, proofs: who may what, and who may not."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from station import people as module
from station.credentials import check_secret, forbidden
from station.limiter import Limiter
from station.people import People, may
from station.people_messages import (
    CredentialChanged,
    OperatorAdded,
    OperatorChanged,
    OperatorLeft,
    OperatorSeated,
    OperatorSlowed,
)
from station.people_store import Account
from station.rights import RIGHTS, ROLES, mixed, rights_of
from station.settings import PeopleSection
from station.words import SYSTEM, AreaCode, Event, Instant, Operator, Refused

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD, PIN = "更夫 walks at 3", "2580"
LI = Account(id="li", name_zh="李", name_en="Li", roles=("dispatcher",), areas=(AreaCode("340422000000"),))
HOUR = 3_600_000_000


@attrs.define
class Place:
    """A people.db, a clock that the test moves, and what was told."""

    path: Path
    now: int = 1_000_000
    told: list[tuple[Event, str]] = attrs.field(factory=list)

    def open(self, **more: Any) -> People:
        return People.open(
            self.path / "people.db",
            now=lambda: Instant(self.now),
            tell=lambda happened, by: self.told.append((happened, by)),
            hasher=CHEAP,
            **more,
        )


def got(waiting: Deferred[Any]) -> Any:
    """What a Deferred that has fired holds, raised if it failed."""
    found: list[Any] = []
    waiting.addBoth(found.append)
    assert found, "it has not fired"
    if hasattr(found[0], "raiseException"):
        found[0].raiseException()
    return found[0]


def code(call: Callable[[], Any]) -> str:
    """The code of the refusal that `call` meets."""
    with pytest.raises(Refused) as said:
        found = call()
        if isinstance(found, Deferred):
            got(found)
    assert any("一" <= c <= "鿿" for c in said.value.text.zh)
    return said.value.code


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def people(place: Place) -> Iterator[People]:
    made = place.open()
    got(made.add(LI, password=PASSWORD, pin=PIN, by="root"))
    yield made
    made.close()


def test_a_new_station_has_no_account_at_all(place: Place) -> None:
    assert place.open().accounts() == []


def test_a_shift_is_watched_without_logging_in_again(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    assert people.who(token) == Operator(id="li", roles=frozenset({"dispatcher"}), areas=LI.areas)
    place.now += 14 * HOUR - 1
    assert {"compose", "dispatch", "mute", "sign", "view"} <= set(people.seat(token).rights)
    place.now += 1
    assert code(lambda: people.who(token)) == "unknown"
    assert code(lambda: people.who(token)) == "unknown"


def test_a_seat_outlives_a_restart_of_the_station(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    got(people.prove(token, PIN))
    people.close()
    again = place.open()
    assert again.who(token).id == "li"
    assert got(again.check(token, "sign", True)).id == "li"
    assert [account.id for account in again.accounts()] == ["li"]
    assert code(lambda: again.log_in("li", "wrong one")) == "unknown"


def test_the_file_holds_neither_secret_nor_token(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    people.close()
    raw = b"".join(path.read_bytes() for path in place.path.iterdir())
    assert token.encode() not in raw
    assert PASSWORD.encode() not in raw
    assert b"$argon2id$" in raw
    assert (place.path / "people.db").stat().st_mode & 0o077 == 0


def test_acting_needs_the_pin_and_muting_does_not(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    assert got(people.check(token, "mute", False)).id == "li"
    assert code(lambda: people.check(token, "sign", True)) == "unproven"
    assert code(lambda: people.check(token, "sign", True, "0000")) == "unproven"
    assert got(people.check(token, "sign", True, PIN)).id == "li"
    place.now += 120_000_000 - 1
    assert got(people.check(token, "sign", True)).id == "li"
    place.now += 1
    assert code(lambda: people.check(token, "sign", True)) == "unproven"
    assert people.seat(token).pin_until == place.now


def test_where_a_pin_is_good_for_no_time_each_act_needs_it(place: Place) -> None:
    people = place.open(section=PeopleSection(pin_s=0))
    got(people.add(LI, password=PASSWORD, pin=PIN, by="root"))
    token = got(people.log_in("li", PASSWORD)).token
    assert got(people.check(token, "sign", True, PIN)).id == "li"
    assert code(lambda: people.check(token, "sign", True)) == "unproven"


def test_a_right_that_no_role_holds_is_forbidden_and_the_sentence_names_who_may(people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    with pytest.raises(Refused, match="admin") as said:
        got(people.check(token, "admin", True, PIN))
    assert said.value.code == "forbidden"
    assert code(lambda: people.check(token, "system", False)) == "forbidden"
    assert code(lambda: people.check("no such seat", "view", False)) == "unknown"
    assert code(lambda: people.prove("no such seat", PIN)) == "unknown"
    assert code(lambda: people.seat("no such seat")) == "unknown"


def test_a_process_of_the_station_acts_as_the_system(people: People) -> None:
    people.admit_peer("peer token")
    assert got(people.check("peer token", "system", True)) == SYSTEM
    assert code(lambda: people.check("peer token", "sign", True)) == "forbidden"


def test_who_logs_out_is_gone(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    people.log_out(token)
    people.log_out(token)
    assert code(lambda: people.who(token)) == "unknown"
    assert place.told[-1] == (OperatorLeft(operator="li"), "li")


def test_wrong_passwords_slow_down_and_unknown_people_are_told_the_same(place: Place, people: People) -> None:
    for name in ("li", "nobody-here"):
        said = set()
        for _ in range(5):
            with pytest.raises(Refused) as refused:
                got(people.log_in(name, "guess"))
            said.add(refused.value.text.en)
        assert said == {"account or password is wrong"}
        assert code(lambda name=name: people.log_in(name, PASSWORD)) == "slow"  # type: ignore[misc]
    assert [h for h, _ in place.told if isinstance(h, OperatorSlowed)] == [
        OperatorSlowed(operator="li", which="password")
    ]
    place.now += 30_000_000
    assert got(people.log_in("li", PASSWORD)).operator == "li"
    assert code(lambda: people.log_in("li", "guess")) == "unknown"


def test_guessing_pins_slows_down_too(people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    said = []
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            got(people.prove(token, "1111"))
        assert refused.value.code == "unproven"
        said.append(refused.value.text)
    assert [one.zh for one in said[-2:]] == ["PIN 不正确;再错 1 次须等 30 秒", "PIN 不正确;30 秒后才能再试"]
    assert said[0].en == "the PIN is wrong; 4 more wrong and you must wait 30 s"
    assert said[-1].en == "the PIN is wrong; the next try is in 30 s"
    assert code(lambda: people.prove(token, PIN)) == "slow"


def test_only_so_many_secrets_are_checked_at_once(place: Place) -> None:
    people = place.open(in_thread=lambda *_: Deferred())
    waiting = [people.log_in(f"somebody{k}", "x") for k in range(module.HASHING)]
    assert not any(d.called for d in waiting)
    assert code(lambda: people.log_in("li", PASSWORD)) == "busy"


def test_seats_are_bounded_and_the_one_that_ends_first_goes(
    place: Place, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS", 2)
    tokens = []
    for _ in range(3):
        place.now += 1
        tokens.append(got(people.log_in("li", PASSWORD)).token)
    assert code(lambda: people.who(tokens[0])) == "unknown"
    assert [people.who(token).id for token in tokens[1:]] == ["li", "li"]
    place.now += 15 * HOUR
    got(people.log_in("li", PASSWORD))
    with sqlite3.connect(place.path / "people.db") as db:
        assert db.execute("select count(*) from sessions").fetchone() == (1,)


def test_a_closed_account_loses_its_seats_at_once(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    people.change("li", by="root", active=False)
    assert code(lambda: people.who(token)) == "unknown"
    assert code(lambda: people.log_in("li", PASSWORD)) == "unknown"
    assert isinstance(place.told[-1][0], OperatorChanged)
    people.change("li", by="root", active=True)
    assert got(people.log_in("li", PASSWORD)).operator == "li"


def test_losing_a_role_ends_the_seat_and_gaining_one_does_not(people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    people.change("li", by="root", roles=("dispatcher", "editor"), events=("11A",))
    assert people.who(token).events == ("11A",)
    assert may(people.who(token), "edit")
    people.change("li", by="root", areas=())
    assert code(lambda: people.who(token)) == "unknown", "what was shown to it was of another area"
    token = got(people.log_in("li", PASSWORD)).token
    assert people.who(token).areas == ()
    people.change("li", by="root", roles=("editor",))
    assert code(lambda: people.who(token)) == "unknown"
    assert code(lambda: people.change("wang", by="root", active=False)) == "unknown"


def test_a_new_secret_ends_what_stood_on_the_old_one(place: Place, people: People) -> None:
    token = got(people.log_in("li", PASSWORD)).token
    got(people.set_secret("li", "password", "another 换岗 word", by="li"))
    got(people.set_secret("li", "pin", "9513", by="li"))
    assert code(lambda: people.who(token)) == "unknown"
    assert code(lambda: people.log_in("li", PASSWORD)) == "unknown"
    token = got(people.log_in("li", "another 换岗 word")).token
    assert got(people.check(token, "sign", True, "9513")).id == "li"
    assert (CredentialChanged(operator="li", which="pin"), "li") in place.told
    assert code(lambda: people.set_secret("wang", "pin", "9513", by="root")) == "unknown"


def test_the_journal_is_told_ids_and_never_names_or_secrets(place: Place, people: People) -> None:
    got(people.log_in("li", PASSWORD))
    assert place.told == [
        (OperatorAdded(operator="li", roles=("dispatcher",), areas=LI.areas), "root"),
        (OperatorSeated(operator="li"), "li"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Li"},
        {"id": "li "},
        {"id": "system"},
        {"id": ""},
        {"id": "x" * 33},
        {"id": "li"},
        {"roles": ()},
        {"roles": ("king",)},
        {"roles": ("system",)},
        {"roles": ("admin", "approver")},
        {"roles": ("auditor", "engineer")},
        {"areas": ("3404",)},
        {"password": "short"},
        {"password": "aaaaaaaaaaaa"},
        {"password": "wang-password"},
        {"password": "x" * 2000},
        {"pin": "123"},
        {"pin": "1234"},
        {"pin": "8765"},
        {"pin": "7777"},
        {"pin": "12ab"},
        {"pin": "١٢٣٥"},
    ],
)
def test_a_bad_account_or_a_weak_secret_is_refused_and_nothing_kept(
    people: People, change: dict[str, Any]
) -> None:
    wang = {"id": "wang", "name_zh": "王", "name_en": "Wang", "roles": ("viewer",)}
    given = {**wang, "password": PASSWORD, "pin": PIN, **change}
    password, pin = given.pop("password"), given.pop("pin")
    assert code(lambda: people.add(Account(**given), password=password, pin=pin, by="root")) == "refused"
    assert [account.id for account in people.accounts()] == ["li"]


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_people_still_log_in_prove_and_leave_and_accounts_are_refused_in_words(
    place: Place, people: People
) -> None:
    held = got(people.log_in("li", PASSWORD)).token
    with full_disk():
        token = got(people.log_in("li", PASSWORD)).token
        assert got(people.check(token, "dispatch", proof=True, pin=PIN)).id == "li"
        assert got(people.check(token, "dispatch", proof=True)).id == "li", "the PIN holds for its time"
        people.log_out(held)
        assert code(lambda: people.who(held)) == "unknown"
        wang = attrs.evolve(LI, id="wang")
        assert code(lambda: people.add(wang, password=PASSWORD, pin=PIN, by="root")) == "unavailable"
    assert [account.id for account in people.accounts()] == ["li"]
    assert people.who(token).id == "li"


def test_an_account_that_could_not_be_written_is_not_there(place: Place, people: People) -> None:
    with sqlite3.connect(place.path / "people.db") as db:
        db.execute("drop table operators")
    wang = attrs.evolve(LI, id="wang")
    with pytest.raises(Exception, match="no such table"):
        got(people.add(wang, password=PASSWORD, pin=PIN, by="root"))
    assert [account.id for account in people.accounts()] == ["li"]


@given(st.sets(st.sampled_from([*ROLES, "system", "unheard-of"])))
def test_who_keeps_accounts_touches_no_content_and_who_audits_only_reads(roles: set[str]) -> None:
    rights = rights_of(roles)
    if "admin" in roles:
        assert not rights & {"sign", "compose", "edit", "dispatch"}
    if "auditor" in roles:
        assert rights <= {"view", "audit"}
    if not roles & {"admin", "auditor"}:
        assert rights == frozenset().union(*(RIGHTS.get(role, frozenset()) for role in roles))


def test_roles_that_may_be_one_persons_are_not_called_mixed() -> None:
    assert mixed(("dispatcher", "engineer")) is None
    assert mixed(("admin", "viewer")) is None
    assert mixed(("auditor", "viewer")) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.integers(0, 40_000_000)), max_size=40))
def test_the_limiter_forgets_the_oldest_name_and_never_makes_one_wait_longer_than_it_says(
    tries: list[tuple[str, bool, int]],
) -> None:
    limiter, now = Limiter(free=2, names=3), 0
    for name, right, passed in tries:
        now += passed
        wait = limiter.must_wait(name, Instant(now))
        assert 0 <= wait <= limiter.wait
        assert limiter.must_wait(name, Instant(now + wait)) == 0
        limiter.wrong(name, Instant(now))
        if right:
            limiter.right(name)
            assert limiter.must_wait(name, Instant(now)) == 0
        assert len(limiter) <= 3


def test_a_clock_that_goes_back_makes_nobody_wait() -> None:
    limiter = Limiter(free=1)
    limiter.wrong("li", Instant(10**15))
    assert limiter.must_wait("li", Instant(10**15)) == limiter.wait
    assert limiter.must_wait("li", Instant(10**15 - 1)) == 0


def test_a_name_waits_thirty_seconds_after_its_fifth_wrong_try_and_not_before() -> None:
    limiter = Limiter()
    for tried in range(5):
        assert limiter.must_wait("li", Instant(tried)) == 0
        limiter.wrong("li", Instant(tried))
    assert limiter.must_wait("li", Instant(4)) == 30_000_000
    assert limiter.must_wait("li", Instant(30_000_003)) == 1
    assert limiter.must_wait("li", Instant(30_000_004)) == 0
    assert Limiter(free=1).must_wait("new", Instant(0)) == 0


def test_exactly_the_newest_thousand_names_are_remembered() -> None:
    limiter = Limiter(free=1)
    for k in range(1_001):
        limiter.wrong(f"n{k}", Instant(0))
    assert len(limiter) == 1_000
    assert limiter.must_wait("n0", Instant(0)) == 0
    assert limiter.must_wait("n1", Instant(0)) == limiter.wait


@pytest.mark.parametrize(
    ("which", "good", "bad"),
    [
        ("password", "abcdabcd", "abcdabc"),
        ("password", "abcd" * 256, "abcd" * 256 + "e"),
        ("password", "abcdaaaa", "abcaaaaa"),
        ("pin", "1121", "1111"),
        ("pin", "2580", "258"),
        ("pin", "258025802580", "2580258025802"),
        ("pin", "9013", "8901"),
    ],
)
def test_a_secret_is_judged_at_its_exact_limits(which: Any, good: str, bad: str) -> None:
    check_secret(which, good, "li")
    with pytest.raises(Refused):
        check_secret(which, bad, "li")


def test_a_refusal_names_the_roles_that_may_or_the_station_itself() -> None:
    assert forbidden("edit")[0].endswith("one of: editor")
    assert forbidden("edit")[1].endswith("需要角色:编辑")
    assert forbidden("sign")[1].endswith("需要角色:审核员、签发人、调度员")
    assert forbidden("system")[0].endswith("one of: the station itself")
    assert forbidden("system")[1].endswith("需要角色:系统")
