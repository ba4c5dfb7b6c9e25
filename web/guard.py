"""What the panel checks before it passes anything on: hosts, origins, forgery tokens, log-in attempts, headers. Pure; knows no socket, and decides nothing about broadcasting."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict

BODY_LIMIT = 256 * 1024  # bytes of one request
HEADERS: dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
        "style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def csrf_of(session: str) -> str:
    """The forgery token of a session: derived from it, so that it outlives a restart of the panel (64 hex digits)."""
    return hmac.new(session.encode(), b"gengfu panel csrf 1", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets agree, in constant time; two empty ones never do."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


def host_of(header: str) -> str:
    """The host of a Host header without its port, lower case; empty when it is malformed."""
    text = header.strip().lower()
    if text.startswith("["):
        inner, closed, rest = text[1:].partition("]")
        return inner if closed and (not rest or (rest[0] == ":" and rest[1:].isdigit())) else ""
    name, colon, port = text.partition(":")
    return "" if colon and not port.isdigit() else name


def allowed(header: str, hosts: frozenset[str]) -> bool:
    """Whether a Host header names us: a literal address (no name can be rebound to it) or one of `hosts`."""
    host = host_of(header)
    if not host:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host in hosts
    return True


def origin_fits(origin: str | None, host: str) -> bool:
    """Whether a POST's Origin is our own page, by TLS where a proxy stands before the panel; absent is left to the forgery token, `null` is not."""
    return origin is None or origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def is_path(text: str) -> bool:
    """Whether an address leads to a page of ours: browsers leave out tabs and line ends, and take `\\` for `/`."""
    return text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()


def way_back(text: str) -> str:
    """The page that a log-in leads to: the one of ours that was asked for, else the first."""
    ours = (
        is_path(text)
        and len(text) <= 1_000
        and not text.startswith(("/login", "/logout", "/api/", "/events"))
    )
    return text if ours else "/"


def is_token(text: str) -> bool:
    """Whether a cookie holds what we put there: a random token of 24 bytes in URL-safe base 64."""
    return len(text) == 32 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def by_tls(origin: str | None) -> bool:
    """Whether the page that a POST comes from was itself loaded by TLS."""
    return (origin or "").lower().startswith("https://")


def accepted_language(header: str, fallback: str) -> str:
    """zh or en, whichever an Accept-Language header names first; else `fallback`."""
    for part in header.lower().split(","):
        tag = part.split(";")[0].strip()[:2]
        if tag in ("zh", "en"):
            return tag
    return fallback


class Limiter:
    """Failures by name: at most `most` within `window_s` seconds; remembers at most `keep` names."""

    def __init__(self, most: int = 10, window_s: int = 60, keep: int = 4_096) -> None:
        self._most, self._window, self._keep = most, window_s, keep
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, name: str, now_s: float) -> int:
        """Whole seconds until `name` may try again; 0: at once."""
        recent = [at for at in self._failed.get(name, ()) if now_s - at < self._window]
        if len(recent) < self._most:
            return 0
        return max(1, int(self._window - (now_s - recent[-self._most]) + 0.999))

    def failed(self, name: str, now_s: float) -> None:
        """Count one failure."""
        recent = [at for at in self._failed.pop(name, ()) if now_s - at < self._window]
        self._failed[name] = [*recent, now_s][-self._most :]
        while len(self._failed) > self._keep:
            self._failed.popitem(last=False)

    def passed(self, name: str) -> None:
        """Forget a name that passed."""
        self._failed.pop(name, None)


class LogIns:
    """Failed log-ins, few of one account from one address, many more of the address: behind a proxy or at a shared desk a whole house has one address, and who knows the password is not kept out by who does not."""

    def __init__(self, most: int = 10, of_the_house: int = 60) -> None:
        self._accounts, self._houses = Limiter(most), Limiter(of_the_house)

    def wait(self, address: str, operator: str, now_s: float) -> int:
        """Whole seconds until `operator` may be tried again from `address`; 0: at once."""
        return max(self._accounts.wait(_account(address, operator), now_s), self._houses.wait(address, now_s))

    def failed(self, address: str, operator: str, now_s: float) -> None:
        """Count one failure."""
        self._accounts.failed(_account(address, operator), now_s)
        self._houses.failed(address, now_s)

    def passed(self, address: str, operator: str) -> None:
        """Forget the failures of one who logged in; those of the address stay."""
        self._accounts.passed(_account(address, operator))


def _account(address: str, operator: str) -> str:
    return f"{address} {operator[:64]}"
