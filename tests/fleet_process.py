"""A process with nothing but a terminal server, for tests on real sockets. Reads one JSON order a line on stdin, answers with one JSON line.

usage: fleet_process.py PORT REGISTRY PRIVATE_HEX FIRST_SESSION
"""

import ctypes
import json
import signal
import sys
import time
from pathlib import Path

from gmssl import sm2

from station.clock import install

ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
reactor = install("asyncio")

from twisted.internet.stdio import StandardIO  # noqa: E402
from twisted.protocols.basic import LineReceiver  # noqa: E402

from devices.profile import load_profile  # noqa: E402
from devices.terminal_server import Fleet, Group  # noqa: E402
from devices.terminals import load_registry  # noqa: E402


def signer(private):
    key = sm2.CryptSM2(private_key=private, public_key="")
    key.public_key = key._kg(int(private, 16), sm2.default_ecc_table["g"])
    return lambda data: bytes.fromhex(key.sign_with_sm3(data))


class Orders(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        asked = json.loads(line)
        if "want" in asked:
            fleet.want(
                Group(**(group | {"alerts": tuple(group["alerts"]), "areas": frozenset(group["areas"])}))
                for group in asked["want"]
            )
        if "volume" in asked:
            fleet.want_volume(["340422000000"], asked["volume"])
        counts = fleet.counts(asked.get("alert", ""))
        told = {
            name: getattr(counts, name)
            for name in ("addressed", "ordered", "acknowledged", "playing", "heard")
        }
        told |= {"known": int(fleet.reported.known.sum()), "online": fleet.online, "sessions": sessions[0]}
        told |= {
            "volumes": sorted({row.volume for row in fleet.terminals()}, key=str),
            "refused": dict(fleet.refused),
        }
        self.sendLine(json.dumps(told).encode())

    def connectionLost(self, reason=None):
        reactor.callLater(0, reactor.stop)


def next_session():
    sessions[0] += 1
    return sessions[0]


port, registry, private = int(sys.argv[1]), load_registry(Path(sys.argv[2])), sys.argv[3]
sessions = [int(sys.argv[4])]
fleet = Fleet(
    reactor,
    registry,
    load_profile("gengfu-sim"),
    signer(private),
    "000000000001",
    lambda: time.time_ns() // 1000,
    lambda told: None,
    source="43404220000000103010101",
    next_session=next_session,
    retry_s=2,
)
fleet.start()
reactor.listenTCP(port, fleet.door(), backlog=4096, interface="127.0.0.1")
StandardIO(Orders())
reactor.run()
