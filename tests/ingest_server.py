"""An ingest port on loopback for tests: prints its port, then every command it was given, one JSON line each."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path


def main(folder: Path) -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() == 1:
        return
    from station.clock import AnchorTime, install

    reactor = install("epoll")
    from twisted.internet.defer import succeed

    from emergency import intake, sm2, sources
    from emergency.ingest import Desk, make_factory, make_site
    from station.settings import SourceSection
    from station.wire import to_plain
    from station.words import Position

    sections = [
        SourceSection(
            id=kind,
            kind=kind,  # type: ignore[arg-type]
            authority="province",
            token_file=f"{kind}.token",
            preauthorised=True,
            certificates=[f"{kind}.pem"],
        )
        for kind in ("ebd", "cap")
    ]
    own = sm2.generate()
    sm2.save_public(folder / "station.pem", own.public)
    taken: list[str] = []

    def submit(command, request):
        taken.append(command.alert)
        sys.stdout.write(
            json.dumps({"request": request, "alert": command.alert, **to_plain(command)["source"]}) + "\n"
        )
        sys.stdout.flush()
        return succeed(Position(len(taken)))

    clock = AnchorTime(folder / "anchor.json")
    identity = intake.Identity(ebr_code="43404220000000101010101", signer=sm2.signer(own))
    desk = Desk(submit=submit, now=clock.now, sources=sources.load(sections, folder), identity=identity)
    port = reactor.listenTCP(0, make_factory(make_site(desk), desk, reactor), interface="127.0.0.1")
    sys.stdout.write(f"{port.getHost().port}\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
