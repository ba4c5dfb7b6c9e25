"""Who works here, who sits where, and who may what: passwords and PINs are verified in the station, never in the panel. Knows no alert and no socket."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import attrs
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.logger import Logger

from station.credentials import (
    Which,
    changed,
    check_account,
    check_last_admin,
    check_secret,
    forbidden,
    slow_down,
    unproven,
    wrong_secret,
)
from station.limiter import Limiter
from station.people_messages import (
    CredentialChanged,
    OperatorAdded,
    OperatorChanged,
    OperatorLeft,
    OperatorSeated,
    OperatorSlowed,
)
from station.people_store import Account, PeopleStore, Session, digest_of
from station.rights import rights_of
from station.settings import PeopleSection
from station.views import SeatView
from station.words import HOUR, SECOND, SYSTEM, AreaCode, Event, Instant, Operator, Refused

log = Logger()
P = ParamSpec("P")
T = TypeVar("T")
InThread = Callable[..., Deferred[Any]]

SESSIONS = 1_000  # open seats; the one that would end first goes
HASHING = 8  # log-ins and PINs being checked at once


def may(operator: Operator, right: str) -> bool:
    """Whether an operator's roles hold a right."""
    return right in rights_of(operator.roles)


def at_once(call: Callable[P, T], *args: P.args, **kw: P.kwargs) -> Deferred[T]:
    """An `in_thread` that uses no thread: for command-line tools, which have no reactor."""
    return maybeDeferred(call, *args, **kw)


class People:
    """Accounts and seats of one station."""

    def __init__(
        self,
        store: PeopleStore,
        *,
        section: PeopleSection,
        now: Callable[[], Instant],
        in_thread: InThread,
        tell: Callable[[Event, str], Any],
        speaks: bool,
        hasher: PasswordHasher,
    ) -> None:
        """Use `People.open`."""
        self._store, self._section, self._now = store, section, now
        self._in_thread, self._tell, self._speaks, self._hasher = in_thread, tell, speaks, hasher
        self._version = -1
        self._accounts: dict[str, Account] = {}
        self._hashes: dict[str, dict[str, str]] = {}
        self._seats: dict[str, Session] = {}
        self._peers: dict[str, Operator] = {}
        self._limits = {"password": Limiter(), "pin": Limiter()}
        self._hashing = 0
        self._nobody = hasher.hash(secrets.token_hex())  # checked for unknown ids, so that they take as long

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        now: Callable[[], Instant],
        section: PeopleSection | None = None,
        in_thread: InThread = at_once,
        tell: Callable[[Event, str], Any] | None = None,
        hasher: PasswordHasher | None = None,
    ) -> Self:
        """Open `people.db`, making it when it is not there. It begins with no account at all.

        `in_thread(f, *args)` runs the slow hashing (deferToThread bound to the reactor); `tell(event, by)` is
        where what happened goes: the journal. Without `tell` it is kept in the file until a station opens it.
        """
        made = hasher or PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
        store = PeopleStore(path)
        return cls(
            store,
            section=section or PeopleSection(),
            now=now,
            in_thread=in_thread,
            tell=tell or store.remember,
            speaks=tell is not None,
            hasher=made,
        )

    # -- accounts -------------------------------------------------------------------------------

    def accounts(self) -> list[Account]:
        """Everybody, by id."""
        self._look()
        return [self._accounts[key] for key in sorted(self._accounts)]

    def account(self, operator: str) -> Account:
        """One account; raises Refused for an id nobody has."""
        self._look()
        found = self._accounts.get(operator)
        if found is None:
            raise Refused(f"there is no operator {operator}", f"没有操作员 {operator}", code="unknown")
        return found

    def add(self, account: Account, *, password: str, pin: str, by: str) -> Deferred[Account]:
        """Make an account. Fails with Refused when the id is taken or malformed, roles clash, a secret is weak."""
        try:
            check_account(account)
            self._look()
            if account.id in self._accounts:
                raise Refused(f"there is already an operator {account.id}", f"操作员 {account.id} 已存在")
            check_secret("password", password, account.id)
            check_secret("pin", pin, account.id)
        except Refused as refused:
            return fail(refused)
        self._accounts[account.id] = attrs.evolve(account, active=False)  # the id is taken from here on

        def make() -> dict[str, str]:
            made = {"password": self._hasher.hash(password), "pin": self._hasher.hash(pin)}
            self._store.add(account, **made)
            return made

        def made(hashes: dict[str, str]) -> Account:
            self._accounts[account.id], self._hashes[account.id] = account, hashes
            self._tell(
                OperatorAdded(
                    operator=account.id,
                    roles=tuple(sorted(account.roles)),
                    areas=account.areas,
                    department=account.department,
                    events=account.events,
                ),
                by,
            )
            return account

        def not_made(failure: Any) -> Any:
            self._accounts.pop(account.id, None)
            return failure

        return self._in_thread(make).addCallbacks(made, not_made)

    def change(
        self,
        operator: str,
        *,
        by: str,
        roles: Iterable[str] | None = None,
        areas: Iterable[AreaCode] | None = None,
        active: bool | None = None,
        department: str | None = None,
        events: Iterable[str] | None = None,
    ) -> Account:
        """Give other roles or areas, or close and open an account; who loses any of it loses the seat with it."""
        old = self.account(operator)
        said = {"roles": roles, "areas": areas, "active": active, "department": department, "events": events}
        new = changed(old, said)
        check_account(new)
        check_last_admin(self.accounts(), old, new)
        self._store.change(new)
        self._accounts[operator] = new
        if not new.active or set(old.roles) - set(new.roles) or old.areas != new.areas:
            self._unseat(operator)
        happened = OperatorChanged(
            operator=operator,
            roles=tuple(sorted(new.roles)),
            areas=new.areas,
            active=new.active,
            department=new.department,
            events=new.events,
        )
        self._tell(happened, by)
        return new

    def set_secret(self, operator: str, which: Which, secret: str, *, by: str) -> Deferred[None]:
        """Set a password or PIN anew; every seat of the account is over."""
        try:
            self.account(operator)
            check_secret(which, secret, operator)
        except Refused as refused:
            return fail(refused)

        def made(said: str) -> None:
            self._store.set_hash(operator, which, said)
            self._look()
            self._unseat(operator)
            self._tell(CredentialChanged(operator=operator, which=which), by)

        return self._in_thread(self._hasher.hash, secret).addCallback(made)

    # -- seats ----------------------------------------------------------------------------------

    def log_in(self, operator: str, password: str, which: Which = "password") -> Deferred[Session]:
        """Take a seat for a shift. Fails with Refused; who guesses learns neither whether the id exists."""

        def right(_: None) -> Session:
            return self._sit(operator)

        return self._verify(operator, which, password).addCallback(right)

    def log_out(self, token: str) -> None:
        """Leave a seat; an unknown one is left already."""
        self._look()
        seat = self._seats.get(digest_of(token))
        if seat is not None:
            self._forget([seat.digest])
            self._tell(OperatorLeft(operator=seat.operator), seat.operator)

    def prove(self, token: str, pin: str) -> Deferred[Session]:
        """Show the PIN: acting is open on this seat for `pin_s`. Fails with Refused."""
        try:
            seat = self._seat(token)
        except Refused as refused:
            return fail(refused)
        return self._verify(seat.operator, "pin", pin).addCallback(lambda _: self._proven(token))

    def who(self, token: str) -> Operator:
        """Who sits there; raises Refused (code unknown) when nobody does: log in again."""
        if digest_of(token) in self._peers:
            return self._peers[digest_of(token)]
        seat = self._seat(token)  # first: it may read the accounts anew
        return self._accounts[seat.operator].operator

    def may(self, operator: Operator, right: str) -> bool:
        """Whether an operator's roles hold a right."""
        return may(operator, right)

    def check(self, token: str, right: str, proof: bool, pin: str | None = None) -> Deferred[Operator]:
        """The operator, if this seat may use `right`, proven where proof is asked for.

        Fails with Refused: code unknown (log in again), forbidden (no such right), unproven (PIN needed).
        Without proof it answers at once.
        """
        try:
            operator = self.who(token)
            if not may(operator, right):
                raise Refused(*forbidden(right), code="forbidden")
        except Refused as refused:
            return fail(refused)
        if not proof or operator == SYSTEM:
            return succeed(operator)
        if pin is not None:
            return self.prove(token, pin).addCallback(lambda _: operator)
        until = self._seat(token).pin_until
        if until is not None and self._now() < until:
            return succeed(operator)
        return fail(unproven())

    def seat(self, token: str) -> SeatView:
        """A seat as the glass sees it; raises Refused (code unknown)."""
        session = self._seat(token)
        account = self._accounts[session.operator]
        return SeatView(
            operator=account.id,
            name=account.name,
            roles=sorted(account.roles),
            rights=sorted(rights_of(self.who(token).roles)),
            session=token,
            until=session.until,
            pin_until=session.pin_until,
            areas=list(account.areas),
            department=account.department,
            temporary=list(account.temporary),
        )

    def admit_peer(self, token: str, operator: Operator = SYSTEM) -> None:
        """Let whoever holds `token` act without an account: the station's own processes as the system itself."""
        self._peers[digest_of(token)] = operator

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def _look(self) -> None:
        """Read the file again where somebody wrote to it: `gengfu people` works while the station runs."""
        version = self._store.version()
        if version == self._version:
            return
        self._version = version
        self._accounts, self._hashes = self._store.accounts(), self._store.hashes()
        self._seats = {session.digest: session for session in self._store.sessions()}
        if self._speaks:
            for happened, by in self._store.take_untold():
                self._tell(happened, by)

    # -- inside ---------------------------------------------------------------------------------

    def _seat(self, token: str) -> Session:
        self._look()
        seat = self._seats.get(digest_of(token))
        if seat is not None and self._now() < seat.until and self._is_active(seat.operator):
            return seat
        if seat is not None:
            self._forget([seat.digest])
        raise Refused("log in again: this seat is not open", "请重新登录:会话不存在或已到期", code="unknown")

    def _is_active(self, operator: str) -> bool:
        found = self._accounts.get(operator)
        return found is not None and found.active

    def _verify(self, operator: str, which: Which, secret: str) -> Deferred[None]:
        self._look()
        limiter, now = self._limits[which], self._now()
        wait = limiter.must_wait(operator, now)
        if wait:
            return fail(slow_down(-(-wait // SECOND)))
        if self._hashing >= HASHING:
            return fail(
                Refused("too many log-ins at once; try again", "同时登录过多,请稍后再试", code="busy")
            )
        limiter.wrong(operator, now)
        known = self._hashes.get(operator) if self._is_active(operator) else None
        said = known[which] if known else self._nobody
        self._hashing += 1

        def checked(fits: bool) -> None:
            if fits and self._is_active(operator):
                limiter.right(operator)
                return
            if operator in self._accounts and limiter.must_wait(operator, self._now()):
                self._tell(OperatorSlowed(operator=operator, which=which), operator)
            raise wrong_secret(which, limiter.left(operator), limiter.wait)

        waiting = self._in_thread(self._fits, said, secret[:1024])
        return waiting.addBoth(self._hashed).addCallback(checked)

    def _hashed(self, outcome: Any) -> Any:
        self._hashing -= 1
        return outcome

    def _fits(self, said: str, secret: str) -> bool:
        try:
            return self._hasher.verify(said, secret)
        except (VerificationError, InvalidHashError):
            return False

    def _sit(self, operator: str) -> Session:
        token = secrets.token_urlsafe(32)
        until = Instant(self._now() + self._section.watch_h * HOUR)
        now = self._now()
        session = Session(token=token, digest=digest_of(token), operator=operator, until=until, since=now)
        over = [seat.digest for seat in self._seats.values() if seat.until <= now]
        if len(self._seats) - len(over) >= SESSIONS:
            over.append(min(self._seats.values(), key=lambda seat: seat.until).digest)
        self._forget(over)
        self._keep(session)
        self._tell(OperatorSeated(operator=operator), operator)
        return session

    def _proven(self, token: str) -> Session:
        until = Instant(self._now() + self._section.pin_s * SECOND)
        session = attrs.evolve(self._seat(token), pin_until=until)
        self._keep(session)
        return attrs.evolve(session, token=token)

    def _keep(self, session: Session) -> None:
        try:
            self._store.seat(session)
        except Refused as full:  # a full disk must keep nobody from cancelling an alert: it lasts in memory
            log.error("a seat is held in memory only: {why}", why=full.text.en)
        self._seats[session.digest] = attrs.evolve(session, token="")

    def _unseat(self, operator: str) -> None:
        self._forget([seat.digest for seat in self._seats.values() if seat.operator == operator])

    def _forget(self, digests: list[str]) -> None:
        try:
            self._store.unseat(digests) if digests else None
        except Refused as full:  # gone from memory all the same; the file forgets it when its time is up
            log.error("a seat could not be taken out of the file: {why}", why=full.text.en)
        for digest in digests:
            self._seats.pop(digest, None)
