"""The ingest port's resources: CAP and EBD come in over HTTP, are judged by `intake` and handed to the desk. Decides nothing itself."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import server
from twisted.web.resource import Resource

from emergency import ebd_tar, intake, multipart
from emergency.ebd import Body, ConnectionCheck, Ebd, EbdResponse, EbmStateResponse
from emergency.ebd_profile import OTHER, VALID, EbdFault, packet_id
from emergency.http_door import STRANGER_BYTES, BoundedRequest, Guard, guarded
from emergency.messages import SubmitAlert
from emergency.sources import KnownSource, Sources
from station.clock import Clock
from station.ground import Ground
from station.words import Instant, Misheard, Position, Refused, Sha256, Text

CAP_BYTES = 5 * 1024 * 1024
EBD_BYTES = 16 * 1024 * 1024
WAITING = 32  # submissions of one source that may wait for the desk
_STATUS = {"unauthorised": 401, "forbidden": 403, "large": 413, "busy": 429, "unavailable": 503}

Submit = Callable[[SubmitAlert, str], "Deferred[Position]"]
Keep = Callable[[Sha256, str, bytes], "Deferred[None]"]
StateOf = Callable[[str], "EbmStateResponse | None"]

log = Logger()


@attrs.frozen(kw_only=True)
class Desk:
    """What the station gives the ingest port. `keep` stores a sender's recording; without it texts are spoken."""

    submit: Submit
    now: Callable[[], Instant]
    sources: Sources
    identity: intake.Identity
    keep: Keep | None = None
    state_of: StateOf = lambda _: None
    heard_from: Callable[[str], None] = lambda _: None
    ground: Ground | None = None


def make_site(desk: Desk) -> Resource:
    """A root resource with /ingest/cap and /ingest/ebd; the caller adds what else the port shows."""
    root: Any = Resource()  # type: ignore[no-untyped-call]
    ingest: Any = Resource()  # type: ignore[no-untyped-call]
    root.putChild(b"ingest", ingest)
    ingest.putChild(b"cap", CapDoor(desk))
    ingest.putChild(b"ebd", EbdDoor(desk))
    return root  # type: ignore[no-any-return]


def make_factory(root: Resource, desk: Desk, clock: Clock) -> Guard:
    """The factory to listen with on the ingest port: bounded in size, time and connections."""

    def limit(request: BoundedRequest) -> int:
        if desk.sources.by_token(token_of(request)) is None:
            return STRANGER_BYTES
        return EBD_BYTES if request.uri.startswith(b"/ingest/ebd") else CAP_BYTES

    return guarded(root, limit, clock)


def token_of(request: server.Request) -> bytes:
    """The bearer token, or the password of HTTP Basic for platforms that can only put it into a URL; else empty."""
    scheme, _, rest = (request.getHeader(b"authorization") or b"").strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


class _Door(Resource):
    """What both doors share: who knocks, how many wait, how a refusal reads."""

    isLeaf = True  # noqa: N815
    kind = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.desk = desk
        self._waiting: dict[str, int] = {}

    def render_POST(self, request: BoundedRequest) -> int:  # noqa: N802
        request.notifyFinish().addErrback(lambda _: None)
        done = maybeDeferred(self._answer, request)
        done.addErrback(lambda failure: self._refuse(request, failure))
        return server.NOT_DONE_YET

    def _answer(self, request: BoundedRequest) -> Deferred[None]:
        source = self._source(request)
        if request.overflow:
            raise Refused(f"more than {request.bound} bytes", f"超过 {request.bound} 字节", code="large")
        assert request.content is not None
        return self.take(request, request.content.read(), source)

    def _source(self, request: BoundedRequest) -> KnownSource:
        source = self.desk.sources.by_token(token_of(request))
        if source is None or source.section.kind != self.kind:
            raise Refused(
                f"no {self.kind.upper()} source has this token; send Authorization: Bearer TOKEN",
                f"没有 {self.kind.upper()} 来源使用该令牌,请发送 Authorization: Bearer 令牌",
                code="unauthorised",
            )
        return source

    def take(self, request: BoundedRequest, body: bytes, source: KnownSource) -> Deferred[None]:
        raise NotImplementedError

    def hand_over(self, wanted: intake.Wanted) -> Deferred[Position]:
        """Keep the recording, then submit. Errs with Refused when too many wait."""
        source = wanted.submit.source.id
        if self._waiting.get(source, 0) >= WAITING:
            raise Refused("too many alerts of this source wait", "该来源等待处理的预警过多", code="busy")
        self._waiting[source] = self._waiting.get(source, 0) + 1
        kept: Deferred[None] = succeed(None)
        if (
            wanted.sound is not None
            and self.desk.keep is not None
            and wanted.submit.message.audio is not None
        ):
            kept = self.desk.keep(wanted.submit.message.audio, *wanted.sound)
        done = kept.addCallback(lambda _: self.desk.submit(wanted.submit, wanted.request))
        return done.addBoth(self._one_less, source)

    def _one_less(self, result: Any, source: str) -> Any:
        self._waiting[source] -= 1
        return result

    def _refuse(self, request: BoundedRequest, failure: Failure) -> None:
        """The web error boundary: a sentence for a person, a trace in the log for what nobody foresaw."""
        error = failure.value
        if isinstance(error, Refused):
            reply(request, _STATUS.get(error.code, 422), _said(error.text, error.code))
        elif isinstance(error, Misheard):
            reply(request, 400, _said(error.text, error.code))
        else:
            log.failure("ingest {door} failed", failure=failure, door=self.kind)
            reply(request, 503, _said(_BROKEN, "unavailable"))


_BROKEN = Text("the station could not take the alert; send it again", "台站未能接收该预警,请重发")


class CapDoor(_Door):
    """POST /ingest/cap: 202 with the alert's id, or 4xx with one sentence."""

    kind = "cap"

    def take(self, request: BoundedRequest, body: bytes, source: KnownSource) -> Deferred[None]:
        wanted = intake.take_cap(
            body,
            source,
            self.desk.now(),
            here=self.desk.identity.area,
            sounds=self.desk.keep is not None,
            ground=self.desk.ground,
        )
        self.desk.heard_from(source.section.id)
        return self.hand_over(wanted).addCallback(self._taken, request, wanted)

    def _taken(self, position: Position, request: BoundedRequest, wanted: intake.Wanted) -> None:
        origin = wanted.submit.source
        said = {
            "alert": wanted.submit.alert,
            "position": position,
            "verified": origin.verified,
            "signature": origin.signature,
        }
        reply(request, 202, said)


class EbdDoor(_Door):
    """POST /ingest/ebd: a signed tar with an EBDResponse; 4xx only for what is no EBD at all."""

    kind = "ebd"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._seen = intake.Seen()
        self._sequence = 0

    def take(self, request: BoundedRequest, body: bytes, source: KnownSource) -> Deferred[None]:
        held = multipart.file_in(request.getHeader(b"content-type") or b"", body)
        related = ebd_tar.named_in(held)
        done: Deferred[Body] = maybeDeferred(self._judge, held, source)
        done.addErrback(self._verdict)
        return done.addCallback(self._send, request, related)

    def _judge(self, tar: bytes, source: KnownSource) -> Any:
        package, now = ebd_tar.unpack(tar), self.desk.now()
        ebd = intake.read_packet(package, source, now, self._seen)
        self.desk.heard_from(source.section.id)
        if isinstance(ebd.body, ConnectionCheck):
            return EbdResponse(result=VALID, description="心跳已收到")
        asked = intake.state_asked(ebd)
        if asked is not None:
            return self._state(asked)
        return self._submit(ebd, package, source, now)

    def _state(self, ebm_id: str) -> Body:
        state = self.desk.state_of(ebm_id)
        if state is None:
            raise EbdFault(OTHER, f"no message {ebm_id} is known here", f"本台没有消息 {ebm_id}")
        return state

    def _submit(
        self, ebd: Ebd, package: ebd_tar.Package, source: KnownSource, now: Instant
    ) -> Deferred[Body]:
        wanted = intake.take_ebm(
            ebd, package, source, now, here=self.desk.identity.area, sounds=self.desk.keep is not None
        )
        accepted = EbdResponse(result=VALID, description=f"已接收 {wanted.submit.alert}")
        return self.hand_over(wanted).addCallback(lambda _: accepted)

    def _verdict(self, failure: Failure) -> Body:
        """Faults and the desk's refusals in the protocol's own terms; anything else is for the boundary."""
        failure.trap(EbdFault, Refused)  # type: ignore[no-untyped-call]
        error = failure.value
        result = error.result if isinstance(error, EbdFault) else OTHER
        assert isinstance(error, (EbdFault, Refused))
        return EbdResponse(result=result, description=error.text.zh)

    def _send(self, body: Body, request: BoundedRequest, related: str) -> None:
        now = self.desk.now()
        self._sequence = max(
            self._sequence + 1, now
        )  # µs have 16 digits: never the same twice, restarts included
        tar = intake.answer(body, related, identity=self.desk.identity, sequence=self._sequence, now=now)
        name = f"EBDT_{packet_id(self.desk.identity.ebr_code, self._sequence)}.tar"
        answered: Any = request
        answered.setHeader(b"content-disposition", f'attachment; filename="{name}"'.encode())
        _write(request, 200, b"application/x-tar", tar)


def reply(request: Any, status: int, said: dict[str, Any]) -> None:
    """Answer in JSON; a client that has gone is nobody's fault."""
    if status == 401:
        request.setHeader(b"www-authenticate", b'Bearer realm="ingest"')
    _write(request, status, b"application/json", json.dumps(said, ensure_ascii=False).encode() + b"\n")


def _write(request: Any, status: int, kind: bytes, body: bytes) -> None:
    if request.finished or request._disconnected:  # noqa: SLF001  # twisted offers no other way to ask
        return
    request.setResponseCode(status)
    request.setHeader(b"content-type", kind)
    request.setHeader(b"content-length", str(len(body)).encode())
    request.write(body)
    request.finish()


def _said(text: Text, code: str) -> dict[str, Any]:
    return {"code": code, "text": {"en": text.en, "zh": text.zh}}
