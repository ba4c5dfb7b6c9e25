"""The station's side of the ingest port: alerts to the desk, senders' recordings into house format, and how a message fares back to its platform. Knows no XML."""

from __future__ import annotations

import mimetypes
from typing import Any

from twisted.internet import threads
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from emergency import ingest, intake, sm2, sources
from emergency.ebd import EbmStateResponse
from emergency.messages import SubmitAlert
from playout.ingest import ingest as take_in
from station.alert_book import AlertRow
from station.desk import Desk, Reply, Request
from station.ground import Ground, Point
from station.health import Health, HealthPage
from station.settings import Places
from station.words import Instant, Operator, Position, Refused, Sha256
from station.world import World

INCOMING = "incoming"
SOUND_SECONDS = 20.0  # that a recording may take to read; then the text is spoken
log = Logger()


def ingest_factory(reactor: Any, world: World, health: Health) -> Any:
    """The factory to listen with on the ingest port."""
    key = sm2.load_private(world.places.secrets / world.settings.terminals.signing_key)
    identity = intake.Identity(
        ebr_code=world.policy.ebr_code, signer=sm2.signer(key), serial=world.settings.terminals.certificate_sn
    )
    desk = ingest.Desk(
        submit=lambda wish, request: submitted(world.desk, wish, request),
        now=world.now,
        sources=sources.load(world.settings.sources, world.places.secrets),
        identity=identity,
        keep=lambda sha256, kind, data: kept(reactor, world.places, sha256, kind, data),
        state_of=lambda ebm_id: state_of(world, ebm_id),
        ground=ground(world),
    )
    root: Any = ingest.make_site(desk)
    root.putChild(b"healthz", HealthPage(health))
    return ingest.make_factory(root, desk, reactor)


def ground(world: World) -> Ground:
    """The places of all registered terminals, for alerts whose areas are drawn and not named."""
    points = {
        one.code: Point(area=one.area, longitude=one.longitude, latitude=one.latitude)
        for one in world.fleet.registry.terminals
    }
    return Ground(points=points)


def submitted(desk: Desk, wish: SubmitAlert, request: str) -> Deferred[Position]:
    """Hand an alert to the desk in its source's name; fires with the position, fails with Refused."""
    by = Operator(id=f"source:{wish.source.id}", roles=frozenset({"source"}))

    def replied(reply: Reply) -> Position:
        if not reply.ok:
            raise Refused(reply.en, reply.zh, code=reply.code)
        return Position(reply.position)

    return desk.handle(Request(id=request, by=by, command=wish)).addCallback(replied)


def kept(reactor: Any, places: Places, sha256: Sha256, kind: str, data: bytes) -> Deferred[None]:
    """Take a sender's recording into house format, in a child process. One that cannot be used stops nothing: the text is spoken."""
    done = threads.deferToThreadPool(reactor, reactor.getThreadPool(), _keep, places, sha256, kind, data)

    def unusable(failure: Failure) -> None:
        if not isinstance(failure.value, (Refused, OSError)):
            failure.raiseException()
        log.warn("a sender's recording is of no use: {why}", why=failure.getErrorMessage())

    return done.addErrback(unusable)


def _keep(places: Places, sha256: Sha256, kind: str, data: bytes) -> None:
    folder = places.state / INCOMING
    folder.mkdir(exist_ok=True)
    path = folder / f"{sha256}{mimetypes.guess_extension(kind) or '.bin'}"
    path.write_bytes(data)
    try:
        take_in(path, places.media, title=f"recording {sha256[:12]}", time_limit=SOUND_SECONDS)
    finally:
        path.unlink(missing_ok=True)


def state_of(world: World, ebm_id: str) -> EbmStateResponse | None:
    """How a message fares, by its EBMID; None when it never came here."""
    rows = [row for row in world.book.values() if row.source.ebm_id == ebm_id]
    if not rows:
        return None
    row = rows[-1]
    counts = world.fleet.counts(row.id)
    percent = 100 * counts.playing // counts.addressed if counts.addressed else 0
    state, words = _state(row, world.now())
    return EbmStateResponse(
        ebm_id=ebm_id,
        reported=world.now(),
        state=state,
        description=words,
        coverage_percent=percent,
        areas=row.message.areas,
    )


def _state(row: AlertRow, now: Instant) -> tuple[int, str]:
    """BrdStateCode 0–5 (GD/J 082) and its words."""
    if row.ended_how == "cancelled":
        return 5, "已取消"
    if row.aired_at is None:
        return (4, "未播出") if row.ended_at is not None else (1, "待播出")
    if row.ended_at is None and (row.until is None or now < row.until):
        return 2, "播出中"
    return 3, "播出成功"
