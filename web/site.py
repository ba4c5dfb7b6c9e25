"""The panel's HTTP site: static files, HLS and speech served natively, everything else by Flask in threads. Knows no page."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.python.logfile import LogFile
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from twisted.web.static import Data, File

from station.clock import Clock
from station.logs import access_line
from station.settings import Places
from station.words import Instant, Refused, is_sha256
from web.catalogue import LANGUAGES, words_of
from web.guard import BODY_LIMIT, HEADERS, allowed

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".aac": "audio/aac",
    ".flac": "audio/flac",
}
SESSION_KEPT_S = 5.0
MOST_KEPT = 2_000
LOG_BYTES = 5_000_000


def static_version() -> str:
    """Names the content of every static file and word, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes())
    for language in LANGUAGES:
        digest.update(words_module(language))
    return digest.hexdigest()[:12]


def words_module(language: str) -> bytes:
    """The catalogue of one language as an ES module."""
    return f"export default {json.dumps(words_of(language), ensure_ascii=False)};\n".encode()


class BoundedRequest(Request):
    """A request whose body may not exceed the limit, declared or not, and whose host must be ours."""

    _taken = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Refuse a declared length beyond the limit before any of it is read."""
        if length is not None and length > BODY_LIMIT:
            self._too_large()
        super().gotLength(min(length or 0, BODY_LIMIT))  # type: ignore[no-untyped-call]

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Refuse an undeclared body that grows beyond the limit."""
        self._taken += len(data)
        if self._taken > BODY_LIMIT:
            self._too_large()
            return
        super().handleContentChunk(data)  # type: ignore[no-untyped-call]

    def _too_large(self) -> None:
        transport: Any = self.channel.transport if self.channel else None
        if transport is not None:
            transport.write(
                b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
            transport.loseConnection()


class Glazed(Site):
    """The site: bounded requests, headers on every answer, an access log whose time is anchor time."""

    requestFactory = BoundedRequest  # noqa: N815
    displayTracebacks = False  # noqa: N815

    def __init__(self, root: Resource, log: Path | None, now: Callable[[], Instant]) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            root,
            logPath=str(log) if log else None,
            logFormatter=access_line(now),
            timeout=30,
        )

    def _openLogFile(self, path: str | bytes) -> Any:  # noqa: N802
        return LogFile.fromFullPath(path, rotateLength=LOG_BYTES, maxRotatedFiles=3)  # type: ignore[no-untyped-call]


def fixed(body: bytes, kind: str) -> Any:
    """A resource that always says `body`."""
    made: Any = Data(body, kind)  # type: ignore[no-untyped-call]
    made.isLeaf = True
    return made


class Root(Resource):
    """Native children first; all else goes to Flask. A host that is not ours gets nothing."""

    def __init__(self, flask: Any, hosts: frozenset[str]) -> None:
        Resource.__init__(self)  # type: ignore[no-untyped-call]
        self._flask, self._hosts = flask, hosts

    def getChildWithDefault(self, path: bytes, request: Any) -> Any:  # noqa: N802
        """The child for a path segment."""
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        if not allowed(request.getHeader("host") or "", self._hosts):
            request.setResponseCode(421)
            return fixed(
                "this host name is not ours · 主机名不被允许\n".encode(), "text/plain; charset=utf-8"
            )
        if path in self.children:
            return self.children[path]
        request.postpath.insert(0, request.prepath.pop())
        return self._flask


class Assets(Resource):
    """/static/<version>/…: files that browsers keep for ever, for their address names their content."""

    def __init__(self, version: str) -> None:
        Resource.__init__(self)  # type: ignore[no-untyped-call]
        self._version = version.encode()
        self._files = quiet_file(STATIC)
        self._words = Resource()  # type: ignore[no-untyped-call]
        for language in LANGUAGES:
            self._words.putChild(
                f"{language}.js".encode(), fixed(words_module(language), "text/javascript; charset=utf-8")
            )

    def getChild(self, path: bytes, request: Any) -> Any:  # noqa: N802
        """The files of the version asked for; an old page is given the new ones, unkept."""
        kept = "public, max-age=31536000, immutable" if path == self._version else "no-cache"
        request.setHeader("cache-control", kept)
        if request.postpath[:1] == [b"words"]:
            request.prepath.append(request.postpath.pop(0))
            return self._words
        return self._files


class _Quiet(File):
    """Files without directory listings."""

    def directoryListing(self) -> Any:  # noqa: N802
        return self.childNotFound


def quiet_file(path: Path, kind: str = "text/html") -> Any:
    """A file or tree served as it is, with the types browsers need and no listing."""
    made: Any = _Quiet(str(path), defaultType=kind)
    made.contentTypes = {
        **made.contentTypes,
        **TYPES,
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
    }
    return made


class Sessions:
    """Whether the station knows a session, remembered for 5 s and forgotten at log-out."""

    def __init__(self, clock: Clock, peer: Any) -> None:
        self._clock, self._peer = clock, peer
        self._good: OrderedDict[str, float] = OrderedDict()

    def forget(self, session: str) -> None:
        """Ask anew next time."""
        self._good.pop(session, None)

    def check(self, session: str) -> defer.Deferred[Any]:
        """Fires when the session is good, fails with Refused when it is not."""
        if session and self._good.get(session, -SESSION_KEPT_S) + SESSION_KEPT_S > self._clock.seconds():
            return defer.succeed(None)
        asked: defer.Deferred[Any] = self._peer.ask("query", session=session, name="me", args={})
        return asked.addCallback(self._keep, session)

    def _keep(self, _seat: Any, session: str) -> None:
        self._good[session] = self._clock.seconds()
        self._good.move_to_end(session)
        while len(self._good) > MOST_KEPT:
            self._good.popitem(last=False)


class Watched(Resource):
    """A resource shown only to those who have a seat."""

    isLeaf = True  # noqa: N815

    def __init__(
        self, sessions: Sessions, session_of: Callable[[Any], str], find: Callable[[list[str]], Path | None]
    ) -> None:
        Resource.__init__(self)  # type: ignore[no-untyped-call]
        self._sessions, self._session_of, self._find = sessions, session_of, find

    def render(self, request: Any) -> int:
        """Check the session, then serve the file that `find` gives for the path."""
        gone: list[bool] = []
        request.notifyFinish().addErrback(lambda _: gone.append(True))
        checked = self._sessions.check(self._session_of(request))
        checked.addCallbacks(
            self._serve, self._deny, callbackArgs=(request, gone), errbackArgs=(request, gone)
        )
        return NOT_DONE_YET

    def _serve(self, _good: Any, request: Any, gone: list[bool]) -> None:
        if gone:
            return
        path = self._find([part.decode("utf-8", "replace") for part in request.postpath])
        if path is None or request.method not in (b"GET", b"HEAD") or not path.is_file():
            self._end(request, 404, "there is no such file · 没有此文件")
            return
        request.setHeader("cache-control", "no-store" if path.suffix == ".m3u8" else "private, max-age=60")
        if (
            quiet_file(path, TYPES.get(path.suffix, "application/octet-stream")).render(request)
            != NOT_DONE_YET
        ):
            request.finish()

    def _deny(self, failure: Any, request: Any, gone: list[bool]) -> None:
        failure.trap(Refused)
        if not gone:
            text = failure.value.text
            code = 503 if failure.value.code == "unavailable" else 401
            self._end(request, code, f"{text.en} · {text.zh}")

    @staticmethod
    def _end(request: Any, code: int, said: str) -> None:
        request.setResponseCode(code)
        request.setHeader("content-type", "text/plain; charset=utf-8")
        request.write((said + "\n").encode())
        request.finish()


def hls_file(places: Places) -> Callable[[list[str]], Path | None]:
    """/hls/<channel>/<file>: two plain names, nothing hidden, nothing above."""

    def find(parts: list[str]) -> Path | None:
        plain = len(parts) == 2 and all(
            part and not part.startswith(".") and "/" not in part for part in parts
        )
        return places.hls / parts[0] / parts[1] if plain else None

    return find


def speech_file(places: Places) -> Callable[[list[str]], Path | None]:
    """/speech/<sha256>: a medium in house format."""

    def find(parts: list[str]) -> Path | None:
        return places.medium(parts[0]) if len(parts) == 1 and is_sha256(parts[0]) else None

    return find


class Health(Resource):
    """GET /healthz: this process answers; does the station?"""

    isLeaf = True  # noqa: N815

    def __init__(self, peer: Any) -> None:
        Resource.__init__(self)  # type: ignore[no-untyped-call]
        self._peer = peer

    def render_GET(self, request: Any) -> int:  # noqa: N802
        """200 when the station answers, else 503."""
        gone: list[bool] = []
        request.notifyFinish().addErrback(lambda _: gone.append(True))
        asked = self._peer.ask("health", timeout=2.0)
        asked.addCallbacks(self._tell, self._away, callbackArgs=(request, gone), errbackArgs=(request, gone))
        return NOT_DONE_YET

    def _away(self, failure: Any, request: Any, gone: list[bool]) -> None:
        failure.trap(Refused)
        self._say({"ok": False, "panel": True, "station": None, "why": failure.value.text.en}, request, gone)

    def _tell(self, health: Any, request: Any, gone: list[bool]) -> None:
        fine = not isinstance(health, dict) or bool(health.get("ok", True))
        self._say({"ok": fine, "panel": True, "station": health}, request, gone)

    @staticmethod
    def _say(body: dict[str, Any], request: Any, gone: list[bool]) -> None:
        if gone:
            return
        request.setResponseCode(200 if body["ok"] else 503)
        request.setHeader("content-type", "application/json")
        request.setHeader("cache-control", "no-store")
        request.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
        request.finish()
