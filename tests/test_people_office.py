"""Accounts as an administrator keeps them: one-time secrets, seats, telephones, and a file of an older version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from argon2 import PasswordHasher
from emergency_help import COUNTY, FAR_VILLAGE, TOWN, TREE
from test_people import got
from twisted.internet.defer import Deferred

from station.people import People
from station.people_desk import KEPT, PeopleDesk
from station.people_messages import CredentialChanged, OperatorAdded, OperatorChanged
from station.people_office import ONE_TIME, PeopleOffice, one_time
from station.people_orders import (
    AddPerson,
    ChangePerson,
    Contact,
    ContactsChanged,
    EndSeat,
    OperatorUnseated,
    OwnSecret,
    ResetSecret,
    SetContacts,
)
from station.people_store import Account
from station.words import AreaCode, Event, Instant, Operator, Refused

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ROOT = Account(id="wu", name_zh="吴", name_en="Wu", roles=("admin",))
WU = ROOT.operator
OWN = ("更夫 walks at 3", "2580")


@attrs.define
class Place:
    """A people.db, a clock that the test moves, and what was told."""

    path: Path
    now: int = 1_000_000
    told: list[tuple[Event, str]] = attrs.field(factory=list)

    def open(self) -> PeopleOffice:
        return PeopleOffice.open(
            self.path / "people.db",
            now=lambda: Instant(self.now),
            tell=lambda happened, by: self.told.append((happened, by)),
            hasher=CHEAP,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def people(place: Place) -> Iterator[PeopleOffice]:
    made = place.open()
    got(made.add(ROOT, password=OWN[0], pin=OWN[1], by="root"))
    yield made
    made.close()


@pytest.fixture
def desk(people: PeopleOffice) -> PeopleDesk:
    return PeopleDesk(people, TREE, COUNTY)


class Obeying:
    """Sends commands, each under a request of its own."""

    def __init__(self, desk: PeopleDesk) -> None:
        self.desk, self.count = desk, 0

    def __call__(self, wish: Any, by: Operator = WU, token: str = "") -> dict[str, Any]:
        self.count += 1
        return got(self.desk.obey(f"{by.id}:{self.count}", wish, by, token))

    def refused(self, wish: Any, by: Operator = WU, token: str = "") -> str:
        with pytest.raises(Refused) as said:
            self(wish, by, token)
        assert any("一" <= one <= "鿿" for one in said.value.text.zh)
        return said.value.code


@pytest.fixture
def obey(desk: PeopleDesk) -> Obeying:
    return Obeying(desk)


def adding(operator: str = "qian", **more: Any) -> AddPerson:
    given = {"name_zh": "钱", "name_en": "Qian", "roles": ("dispatcher",), **more}
    return AddPerson(operator=operator, **given)


def test_a_new_account_acts_only_when_both_one_time_secrets_are_replaced(
    people: PeopleOffice, obey: Obeying
) -> None:
    secret = obey(adding())["secret"]
    token = got(people.log_in("qian", secret["password"])).token
    assert people.seat(token).temporary == ["password", "pin"]
    assert people.who(token).roles == {"viewer"}
    with pytest.raises(Refused) as said:
        got(people.check(token, "sign", True, secret["pin"]))
    assert said.value.code == "forbidden"
    obey(
        OwnSecret(which="password", old=secret["password"], new="自己的 pass word"), people.who(token), token
    )
    assert people.who(token).roles == {"viewer"}, "the PIN is still one that another person knows"
    obey(OwnSecret(which="pin", old=secret["pin"], new="8264"), people.who(token), token)
    assert people.who(token).roles == {"dispatcher"}
    assert got(people.check(token, "sign", True, "8264")).id == "qian"


def test_ones_own_secret_is_proven_by_the_old_one_and_ends_the_other_seats(
    people: PeopleOffice, obey: Obeying
) -> None:
    here, there = (got(people.log_in("wu", OWN[0])).token for _ in range(2))
    assert (
        obey.refused(OwnSecret(which="password", old="wrong one", new="another 换岗"), WU, here) == "unknown"
    )
    assert obey.refused(OwnSecret(which="password", old=OWN[0], new=OWN[0]), WU, here) == "refused"
    assert obey.refused(OwnSecret(which="pin", old=OWN[1], new="1111"), WU, here) == "refused"
    obey(OwnSecret(which="password", old=OWN[0], new="another 换岗 word"), WU, here)
    assert people.who(here).id == "wu"
    with pytest.raises(Refused):
        people.who(there)


def test_a_one_time_password_opens_nothing_after_its_day(
    place: Place, people: PeopleOffice, obey: Obeying
) -> None:
    secret = obey(adding())["secret"]
    place.now += ONE_TIME
    with pytest.raises(Refused) as said:
        got(people.log_in("qian", secret["password"]))
    assert "day" in said.value.text.en
    assert people.seats() == []


def test_an_administrator_gives_a_new_secret_to_others_and_not_to_himself(
    place: Place, people: PeopleOffice, obey: Obeying
) -> None:
    obey(adding())
    again = obey(ResetSecret(operator="qian", which="password"))["secret"]
    assert list(again) == ["password"]
    assert got(people.log_in("qian", again["password"])).operator == "qian"
    assert obey.refused(ResetSecret(operator="wu", which="pin")) == "own"
    assert obey.refused(ResetSecret(operator="nobody", which="pin")) == "unknown"
    assert (CredentialChanged(operator="qian", which="password"), "wu") in place.told


def test_the_last_administrator_stays(people: PeopleOffice, obey: Obeying) -> None:
    assert obey.refused(ChangePerson(operator="wu", active=False)) == "last"
    assert obey.refused(ChangePerson(operator="wu", roles=("viewer",))) == "last"
    obey(adding("he", roles=("admin",)))
    obey(ChangePerson(operator="wu", active=False))
    assert obey.refused(ChangePerson(operator="he", active=False), Operator(id="he")) == "last"


def test_an_account_is_given_areas_of_the_station_and_events_and_the_journal_says_so(
    place: Place, people: PeopleOffice, obey: Obeying
) -> None:
    obey(adding(areas=(TOWN,), department="气象局", events=("11B",)))
    assert place.told[-1][0] == OperatorAdded(
        operator="qian", roles=("dispatcher",), areas=(TOWN,), department="气象局", events=("11B",)
    )
    assert people.account("qian").operator.events == ("11B",)
    obey(ChangePerson(operator="qian", areas=(FAR_VILLAGE,), events=()))
    changed = place.told[-1][0]
    assert isinstance(changed, OperatorChanged)
    assert (changed.areas, changed.events, changed.department) == ((FAR_VILLAGE,), (), "气象局")
    for wrong in (AreaCode("110101000000"), AreaCode("34042210"), AreaCode("340000000000")):
        assert obey.refused(ChangePerson(operator="qian", areas=(wrong,))) == "area"
    for event in ("rain", "11B030", ""):
        obey.refused(ChangePerson(operator="qian", events=(event,)))
    obey.refused(ChangePerson(operator="qian", department="x" * 61))
    obey.refused(adding("li2", name_zh="\a"))
    obey.refused(adding("qian"))


def test_an_account_of_a_township_keeps_no_accounts(obey: Obeying) -> None:
    local = Operator(id="l", roles=frozenset({"admin"}), areas=(TOWN,))
    assert obey.refused(adding(), local) == "area"


def test_a_request_sent_twice_is_obeyed_once(desk: PeopleDesk, people: PeopleOffice) -> None:
    waiting: list[Deferred[Any]] = []

    def later(call: Any, *args: Any) -> Deferred[Any]:
        made: Deferred[Any] = Deferred()
        made.addCallback(lambda _: call(*args))
        waiting.append(made)
        return made

    people._in_thread = later
    one = desk.obey("wu:1", adding(), WU, "")
    two = desk.obey("wu:1", adding(), WU, "")
    assert len(waiting) == 1
    waiting[0].callback(None)
    assert got(one) == got(two) == got(desk.obey("wu:1", adding(), WU, ""))
    for n in range(KEPT + 1):
        desk.obey(f"x:{n}", EndSeat(seat="none"), WU, "").addErrback(lambda failure: None)


def test_a_seat_is_ended_by_its_mark_and_by_nothing_shorter(
    place: Place, people: PeopleOffice, obey: Obeying, desk: PeopleDesk
) -> None:
    token = got(people.log_in("wu", OWN[0])).token
    place.now += 5
    other = got(people.log_in("wu", OWN[0])).token
    rows = desk.users({}, WU).seats
    assert [row.since for row in rows] == [1_000_000, 1_000_005]
    assert token not in str(rows)
    assert obey.refused(EndSeat(seat=rows[0].seat[:4])) == "missing"
    assert obey.refused(EndSeat(seat="")) == "missing"
    obey(EndSeat(seat=rows[0].seat))
    assert place.told[-1] == (OperatorUnseated(operator="wu"), "wu")
    assert people.who(other).id == "wu"
    with pytest.raises(Refused):
        people.who(token)


def test_the_users_page_is_for_administrators_and_holds_no_secret(desk: PeopleDesk, obey: Obeying) -> None:
    secret = obey(adding(areas=(TOWN,)))["secret"]
    shown = desk.users({}, WU)
    qian = next(one for one in shown.accounts if one.operator == "qian")
    assert qian.area_names == [TREE.name(TOWN)]
    assert qian.temporary == ["password", "pin"]
    assert secret["password"] not in str(shown)
    with pytest.raises(Refused):
        desk.users({}, Operator(id="qian", roles=frozenset({"dispatcher"})))


def contact(**more: Any) -> Contact:
    given = {"role": "power", "name_zh": "供电所", "name_en": "Power company", "phone": "0554-95598", **more}
    return Contact(**given)


def test_the_telephone_list_is_kept_and_its_numbers_stay_out_of_the_journal(
    place: Place, obey: Obeying, desk: PeopleDesk
) -> None:
    lines = (contact(), contact(role="engineer", operator="wu", phone="+86 138 0000 0000"))
    assert obey(SetContacts(contacts=lines)) == {"count": 2}
    assert desk.table()["contacts"]({}, WU) == list(lines)
    happened, by = place.told[-1]
    assert isinstance(happened, ContactsChanged)
    assert (happened.count, by) == (2, "wu")
    assert "138" not in str(happened)
    obey(SetContacts(contacts=()))
    assert desk.table()["contacts"]({}, WU) == []


@pytest.mark.parametrize(
    "more", [{"phone": ""}, {"phone": "call me"}, {"role": ""}, {"note": "x" * 121}, {"name_zh": "\a"}]
)
def test_a_line_nobody_could_dial_is_refused(obey: Obeying, more: dict[str, str]) -> None:
    assert obey.refused(SetContacts(contacts=(contact(**more),))) == "refused"


def test_a_telephone_list_names_colleagues_that_exist_and_is_not_endless(obey: Obeying) -> None:
    assert obey.refused(SetContacts(contacts=(contact(operator="ghost"),))) == "unknown"
    assert obey.refused(SetContacts(contacts=(contact(),) * 201)) == "refused"


def test_a_file_of_an_older_version_grows_what_it_lacks(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "people.db") as old:
        old.execute(
            "CREATE TABLE operators (id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL, "
            "roles TEXT NOT NULL, areas TEXT NOT NULL, active BOOLEAN NOT NULL, password TEXT NOT NULL, pin TEXT NOT NULL)"
        )
        old.execute(
            "CREATE TABLE sessions (token TEXT PRIMARY KEY, operator TEXT NOT NULL, until BIGINT NOT NULL, pin_until BIGINT)"
        )
        said = CHEAP.hash(OWN[0])
        old.execute(
            "INSERT INTO operators VALUES ('li', '李', 'Li', '[\"dispatcher\"]', '[]', 1, ?, ?)", (said, said)
        )
    old.close()
    for kind in (PeopleOffice, People, PeopleOffice):
        people = kind.open(tmp_path / "people.db", now=lambda: Instant(1), hasher=CHEAP)
        account = people.account("li")
        assert (account.department, account.events, account.temporary) == ("", (), ())
        assert got(people.log_in("li", OWN[0])).operator == "li"
        people.close()


def test_one_time_secrets_are_never_the_same() -> None:
    assert len({one_time("password") for _ in range(50)}) == 50
    assert all(len(set(one_time("pin"))) > 3 for _ in range(50))
