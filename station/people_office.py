"""The register of people as an administrator uses it: one-time secrets, open seats, the telephone list. Knows no command and no area tree."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail

from station.credentials import Which, check_secret
from station.people import People
from station.people_orders import Contact, ContactsChanged, OperatorUnseated
from station.people_store import Account, Session
from station.wire import canonical, to_plain
from station.words import HOUR, SYSTEM, Duration, Instant, Operator, Refused

ONE_TIME = Duration(24 * HOUR)  # a one-time password that nobody used is none
DIGEST_SHOWN = 16  # hex digits by which a seat is named
CONTACTS_AT_MOST = 200
_WORD_AT_MOST = 120


def one_time(which: Which) -> str:
    """A secret to be told once and replaced: easy to read out, hard to guess."""
    if which == "password":
        return "-".join(secrets.token_hex(2) for _ in range(4))
    while True:
        pin = f"{secrets.randbelow(1_000_000):06d}"
        if len(set(pin)) > 3:
            return pin


class PeopleOffice(People):
    """`People` with what the pages Users and Duty need."""

    # -- one-time secrets -----------------------------------------------------------------------

    def make(self, account: Account, *, by: str) -> Deferred[dict[str, str]]:
        """An account with a one-time password and PIN; fires with both. Fails with Refused as `add` does."""
        given = {"password": one_time("password"), "pin": one_time("pin")}
        marked = attrs.evolve(account, temporary=("password", "pin"), temporary_until=self._deadline())
        return self.add(marked, **given, by=by).addCallback(lambda _: given)

    def reset(self, operator: str, which: Which, *, by: str) -> Deferred[dict[str, str]]:
        """A new one-time secret of an account; fires with it."""
        given = one_time(which)

        def mark(_: None) -> dict[str, str]:
            old = self.account(operator)
            temporary = tuple(sorted({*old.temporary, which}))
            self._rewrite(attrs.evolve(old, temporary=temporary, temporary_until=self._deadline()))
            return {which: given}

        return self.set_secret(operator, which, given, by=by).addCallback(mark)

    def own(self, token: str, which: Which, old: str, new: str) -> Deferred[None]:
        """Somebody chooses their own secret, proven by the old one; every seat of theirs but this one is over."""
        try:
            operator = super().who(token).id
            check_secret(which, new, operator)
            if new == old:
                raise Refused("The new one is the old one.", "新旧相同,请另选。")
        except Refused as refused:
            return fail(refused)
        mine = self._seat(token)

        def proven(_: None) -> Deferred[None]:
            return self.set_secret(operator, which, new, by=operator)

        def settle(_: None) -> None:
            account = self.account(operator)
            left = tuple(one for one in account.temporary if one != which)
            self._rewrite(attrs.evolve(account, temporary=left))
            self._keep(mine)

        return self._verify(operator, which, old).addCallback(proven).addCallback(settle)

    def _deadline(self) -> Instant:
        return Instant(self._now() + ONE_TIME)

    def _rewrite(self, account: Account) -> None:
        self._store.change(account)
        self._accounts[account.id] = account

    def log_in(self, operator: str, password: str, which: Which = "password") -> Deferred[Session]:
        """As `People.log_in`; a one-time password that is past its day opens nothing."""

        def fresh(session: Session) -> Session:
            account = self.account(operator)
            if which in account.temporary and self._now() >= account.temporary_until:
                self._forget([session.digest])
                raise Refused(
                    "this one-time password is older than a day; ask the administrator for a new one",
                    "一次性密码已超过一天失效,请管理员重设",
                    code="unknown",
                )
            return session

        return super().log_in(operator, password, which).addCallback(fresh)

    def who(self, token: str) -> Operator:
        """As `People.who`; whoever still has a one-time secret may look and choose their own, nothing else."""
        found = super().who(token)
        account = self._accounts.get(found.id)
        if found.id == SYSTEM.id or account is None or not account.temporary:
            return found
        return attrs.evolve(found, roles=frozenset({"viewer"}))

    # -- seats ----------------------------------------------------------------------------------

    def seats(self) -> list[Session]:
        """Every open seat, oldest first; none carries its token."""
        self._look()
        now = self._now()
        found = [seat for seat in self._seats.values() if now < seat.until]
        return sorted(found, key=lambda seat: (seat.since, seat.until))

    def end_seat(self, beginning: str, *, by: str) -> str:
        """End the one seat whose digest begins so; answers whose it was. Raises Refused when none or several do."""
        found = [seat for seat in self.seats() if beginning and seat.digest.startswith(beginning)]
        if len(found) != 1 or len(beginning) < DIGEST_SHOWN:
            raise Refused("This seat is closed already.", "该会话已经结束。", code="missing")
        self._forget([found[0].digest])
        self._tell(OperatorUnseated(operator=found[0].operator), by)
        return found[0].operator

    # -- telephones -----------------------------------------------------------------------------

    def contacts(self) -> list[Contact]:
        """The telephone list, in its order."""
        return self._store.contacts()

    def set_contacts(self, contacts: Iterable[Contact], *, by: str) -> int:
        """Replace the telephone list; answers how many lines it has. Raises Refused for what cannot be dialled or read."""
        made = tuple(contacts)
        if len(made) > CONTACTS_AT_MOST:
            raise Refused(
                f"The telephone list has at most {CONTACTS_AT_MOST} lines.",
                f"电话表至多 {CONTACTS_AT_MOST} 行。",
            )
        for number, one in enumerate(made, 1):
            _check_contact(number, one)
        text = canonical(to_plain(made))
        self._store.set_contacts(made)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._tell(ContactsChanged(count=len(made), sha256=sha256), by)
        return len(made)


def _check_contact(number: int, one: Contact) -> None:
    words: tuple[Any, ...] = (one.role, one.name_zh, one.name_en, one.phone, one.operator, one.note)
    readable = all(len(word) <= _WORD_AT_MOST and word.isprintable() for word in words)
    dialled = one.phone and set(one.phone) <= set("0123456789+-*# ()")
    if not (readable and dialled and one.role and (one.name_zh or one.name_en)):
        raise Refused(
            f"Line {number} of the telephone list needs a role, a name and a number of digits.",
            f"电话表第 {number} 行须有角色、名称和由数字组成的号码。",
        )
