"""Obeys the commands about accounts and telephones, and answers who has an account and who sits where. Knows the register and the area tree; decides no content."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from station.area_codes import any_contains
from station.areas import AreaTree
from station.people_office import DIGEST_SHOWN, PeopleOffice
from station.people_orders import (
    AddPerson,
    ChangePerson,
    EndSeat,
    OwnSecret,
    ResetSecret,
    SetContacts,
)
from station.people_store import Account
from station.people_views import AccountView, SeatRow, UsersView
from station.rights import ROLE_NAMES, ROLES
from station.territory import everywhere
from station.words import AreaCode, Command, Operator, Refused

KEPT = 200  # answers remembered, so that a request sent twice is obeyed once
ORDERS: tuple[type[Command], ...] = (AddPerson, ChangePerson, ResetSecret, EndSeat, OwnSecret, SetContacts)


class PeopleDesk:
    """`obey(request, wish, by, token)` for the commands in `ORDERS`; queries in `table()`."""

    def __init__(self, people: PeopleOffice, tree: AreaTree, home: AreaCode) -> None:
        self._people, self._tree, self._home = people, tree, home
        self._done: OrderedDict[str, list[Any]] = OrderedDict()
        self._obeys: dict[type[Command], Callable[[Any, Operator, str], Any]] = {
            AddPerson: self._add,
            ChangePerson: self._change,
            ResetSecret: self._reset,
            EndSeat: self._end_seat,
            OwnSecret: self._own,
            SetContacts: self._contacts,
        }

    def obey(self, request: str, wish: Command, by: Operator, token: str) -> Deferred[dict[str, Any]]:
        """Do it; fires with what the glass is told (a one-time secret among it). Fails with Refused.

        The same request is obeyed once: whoever asks again while it is under way, or after, gets the same answer.
        """
        waiting = self._done.get(request)
        answer: Deferred[dict[str, Any]] = Deferred()
        if waiting is not None:
            return self._again(waiting, answer)
        held: list[Any] = [None, [answer]]
        self._done[request] = held
        while len(self._done) > KEPT:
            self._done.popitem(last=False)

        def tell(outcome: Any) -> None:
            held[0], waiters = (outcome,), held[1]
            for one in waiters:
                _fire(one, outcome)
            if not isinstance(outcome, dict):
                self._done.pop(request, None)  # a refusal binds nobody: the next try may be right

        maybeDeferred(self._obey, wish, by, token).addBoth(tell)
        return answer

    def _again(self, held: list[Any], answer: Deferred[dict[str, Any]]) -> Deferred[dict[str, Any]]:
        if held[0] is None:
            held[1].append(answer)
        else:
            _fire(answer, held[0][0])
        return answer

    def _obey(self, wish: Command, by: Operator, token: str) -> Any:
        if not isinstance(wish, OwnSecret) and not everywhere(by, self._home):
            raise Refused(
                "Accounts and telephones are kept for the whole station; your account answers for a part of it.",
                "账户与电话表按全台管理,您的账户只负责部分辖区。",
                code="area",
            )
        return self._obeys[type(wish)](wish, by, token)

    # -- commands -------------------------------------------------------------------------------

    def _add(self, wish: AddPerson, by: Operator, token: str) -> Any:
        self._check_areas(wish.areas)
        account = Account(
            id=wish.operator,
            name_zh=_named(wish.name_zh),
            name_en=_named(wish.name_en),
            roles=wish.roles,
            areas=wish.areas,
            department=wish.department,
            events=wish.events,
        )
        return self._people.make(account, by=by.id).addCallback(lambda given: {"secret": given})

    def _change(self, wish: ChangePerson, by: Operator, token: str) -> dict[str, Any]:
        self._check_areas(wish.areas or ())
        self._people.change(
            wish.operator,
            by=by.id,
            roles=wish.roles,
            areas=wish.areas,
            active=wish.active,
            department=wish.department,
            events=wish.events,
        )
        return {}

    def _reset(self, wish: ResetSecret, by: Operator, token: str) -> Any:
        if wish.operator == by.id:
            raise Refused(
                "Your own secret you choose yourself, under “My account”.",
                "自己的密码和 PIN 请在“我的账户”里更改。",
                code="own",
            )
        made = self._people.reset(wish.operator, wish.which, by=by.id)
        return made.addCallback(lambda given: {"secret": given})

    def _end_seat(self, wish: EndSeat, by: Operator, token: str) -> dict[str, Any]:
        return {"operator": self._people.end_seat(wish.seat, by=by.id)}

    def _own(self, wish: OwnSecret, by: Operator, token: str) -> Any:
        return self._people.own(token, wish.which, wish.old, wish.new).addCallback(lambda _: {})

    def _contacts(self, wish: SetContacts, by: Operator, token: str) -> dict[str, Any]:
        for one in wish.contacts:
            if one.operator:
                self._people.account(one.operator)
        return {"count": self._people.set_contacts(wish.contacts, by=by.id)}

    def _check_areas(self, areas: Iterable[AreaCode]) -> None:
        for area in areas:
            known = self._tree.known(area)
            if not any_contains((self._home,), known):
                raise Refused(
                    f"{self._tree.path_name(known)} is outside the station's area.",
                    f"{self._tree.path_name(known)} 不在本台辖区内。",
                    code="area",
                )

    # -- queries --------------------------------------------------------------------------------

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"users": self.users, "contacts": lambda args, by: self._people.contacts()}

    def users(self, args: dict[str, Any], by: Operator) -> UsersView:
        """Accounts, open seats, and what roles there are; for administrators."""
        if "admin" not in by.roles:
            raise Refused("Accounts are kept by administrators.", "账户由管理员管理。", code="forbidden")
        return UsersView(
            accounts=[self._account(one) for one in self._people.accounts()],
            seats=[
                SeatRow(
                    seat=one.digest[:DIGEST_SHOWN],
                    operator=one.operator,
                    since=one.since,
                    until=one.until,
                    acting_until=one.pin_until,
                )
                for one in self._people.seats()
            ],
            roles={role: ROLE_NAMES[role] for role in ROLES},
        )

    def _account(self, one: Account) -> AccountView:
        return AccountView(
            operator=one.id,
            name=one.name,
            roles=list(one.roles),
            areas=list(one.areas),
            area_names=[self._tree.name(area) for area in one.areas],
            department=one.department,
            events=list(one.events),
            active=one.active,
            temporary=list(one.temporary),
        )


def _named(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= 40 or not text.isprintable():
        raise Refused("A name has 1 to 40 readable characters.", "姓名须为 1 至 40 个可读字符。")
    return text


def _fire(waiting: Deferred[Any], outcome: Any) -> None:
    if isinstance(outcome, dict):
        waiting.callback(dict(outcome))
    else:
        waiting.errback(outcome)
