"""Writes the fleet's frames: signed orders, unsigned questions and answers. Knows the profile and a signer; sends nothing."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from devices.fefd import Frame, Profile, Signature, area_target, encode, to_sign
from devices.fefd_bodies import Answer, Start, answer_body, query_body, start_body, stop_body, volume_body
from devices.fleet import Order
from devices.fleet_book import Assignment, Book
from station.words import SECOND, AreaCode, Instant

OTHER_EVENT = "19000"  # 其它突发事件: what has no code of five characters still has to sound


@attrs.frozen(kw_only=True)
class Pen:
    """`signer` gives the 64 bytes r‖s of SM2; `source` is the station's resource code, 23 digits."""

    profile: Profile
    source: str
    certificate: str
    signer: Callable[[bytes], bytes]

    def signed(
        self, order: Order, book: Book, areas: tuple[AreaCode, ...], session: int, now: Instant
    ) -> bytes:
        """One signed frame that says an order to every terminal of some areas."""
        signature = Signature(at=now // SECOND, certificate=self.certificate, value=b"")
        frame = Frame(
            session=session,
            kind=self.profile.request,
            source=self.source,
            targets=tuple(map(area_target, areas)),
            business=self._business(order),
            body=self._body(order, book),
            signature=signature,
        )
        sealed = attrs.evolve(signature, value=self.signer(to_sign(frame, self.profile.signs)))
        return encode(attrs.evolve(frame, signature=sealed), self.profile)

    def _business(self, order: Order) -> int:
        profile = self.profile
        return {"start": profile.start, "stop": profile.stop, "volume": profile.volume}[order.verb]

    def _body(self, order: Order, book: Book) -> bytes:
        if order.verb == "stop":
            return stop_body(book.ebm_id(order.what))
        if order.verb == "volume":
            return volume_body(order.what)
        return self._start(book.assignment(order.what))

    def _start(self, said: Assignment) -> bytes:
        return start_body(
            Start(
                ebm_id=said.ebm_id,
                kind=said.kind,
                level=said.level,
                event=said.event if len(said.event) == 5 and said.event.isascii() else OTHER_EVENT,
                start=said.start,
                end=-(-said.end // SECOND),
                auxiliaries=((self.profile.stream, said.url.encode("ascii")),),
            )
        )

    def query(self, code: str) -> bytes:
        """Ask a terminal how it is: asking needs no signature."""
        profile = self.profile
        tags = query_body(profile.tag_volume, profile.tag_state, profile.tag_task)
        return self._plain(0, profile.request, code, profile.query, tags)

    def yes(self, frame: Frame) -> bytes:
        """The answer to a heart-beat."""
        return self._plain(
            frame.session, self.profile.answer, frame.source, frame.business, answer_body(Answer(result=0))
        )

    def _plain(self, session: int, kind: int, target: str, business: int, body: bytes) -> bytes:
        made = Frame(
            session=session, kind=kind, source=self.source, targets=(target,), business=business, body=body
        )
        return encode(made, self.profile)
