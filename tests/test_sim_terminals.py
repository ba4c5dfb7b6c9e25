"""Server and simulated county as two processes on loopback: signature, audio, faults, restart."""

import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

import pytest
from gmssl import sm2

from devices.sim_sm2 import PublicKey

ROOT = Path(__file__).resolve().parent.parent
COUNT = 60
EBM = "43404220000000103010101202611220001"
PRIVATE, OTHER = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8", "12" * 32
pytestmark = pytest.mark.slow


def public_pem(private):
    key = sm2.CryptSM2(private_key=private, public_key="")
    point = key._kg(int(private, 16), sm2.default_ecc_table["g"])
    der = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004" + point)
    return b"-----BEGIN PUBLIC KEY-----\n" + b64encode(der) + b"\n-----END PUBLIC KEY-----\n"


def free_port():
    for port in range(27_100, 27_400):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Server:
    def __init__(self, port, home, first=1):
        words = [
            sys.executable,
            str(ROOT / "tests/fleet_process.py"),
            str(port),
            str(home / "r.csv"),
            PRIVATE,
            str(first),
        ]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def until(self, limit=20.0, **wanted):
        """Ask until the figures are as wanted, or say what they are."""
        end = time.monotonic() + limit
        while True:
            told = self.ask(alert="a")
            if all(told[name] == value for name, value in wanted.items()) or time.monotonic() > end:
                assert {name: told[name] for name in wanted} == wanted, told
                return told
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait(5)
        self.process.stdin.close()
        self.process.stdout.close()


class County:
    def __init__(self, port, home, *options, key="key.pem"):
        self.report = home / "report.json"
        words = [sys.executable, "-m", "station.cli", "sim", "terminals", "--port", str(port)]
        words += ["--registry", str(home / "r.csv"), "--key", str(home / key), "--report", str(self.report)]
        words += ["--parent", str(os.getpid()), "--count", str(COUNT), *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0
        return json.loads(told)


@pytest.fixture
def home(tmp_path):
    rows = ["code,name,area,longitude,latitude"]
    for k in range(COUNT):
        area = f"340422100{200 + k % 6}"
        rows.append(f"6{area}03140104{k // 6 + 1:02d},T{k},{area},116.78,32.57")
    (tmp_path / "r.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "key.pem").write_bytes(public_pem(PRIVATE))
    (tmp_path / "other.pem").write_bytes(public_pem(OTHER))
    return tmp_path


@contextmanager
def running(home, *options, key="key.pem"):
    port = free_port()
    server, county = Server(port, home), None
    try:
        county = County(port, home, *options, key=key)
        yield port, server, county
    finally:
        server.kill()
        if county is not None and county.process.poll() is None:
            county.process.kill()
            county.process.communicate()


def group(port, *, end_s=60, areas=("340422000000",), ebm=EBM, start_s=0):
    now = time.time_ns() // 1000
    return {
        "alerts": ["a"],
        "ebm_id": ebm,
        "kind": "actual",
        "level": 1,
        "event": "11B03",
        "start": now + start_s * 1_000_000,
        "end": now + end_s * 1_000_000,
        "url": f"rtp://239.192.105.{port % 200 + 1}:{port + 400}",
        "areas": list(areas),
    }


def send_tone(port, seconds=0.7, amplitude=8_000):
    """RTP L16 as a player sends it: 10 ms packets, 48 kHz stereo."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    with out:
        for k in range(round(seconds * 100)):
            wave = [round(amplitude * math.sin((k * 480 + n) / 10)) for n in range(480)]
            sound = struct.pack(">960h", *(value for value in wave for _ in (0, 1)))
            head = struct.pack(">BBHII", 0x80, 96, k, k * 480, 7)
            out.sendto(head + sound, (f"239.192.105.{port % 200 + 1}", port + 400))
            time.sleep(0.005)


def test_an_alert_is_acknowledged_played_heard_and_stopped_by_all(home):
    with running(home) as (port, server, county):
        server.until(known=COUNT)
        alert = group(port)
        server.ask(want=[alert])
        server.until(ordered=COUNT, acknowledged=COUNT, playing=COUNT, heard=0)
        send_tone(port, amplitude=20)
        time.sleep(0.6)
        assert server.ask(alert="a")["heard"] == 0, "a stream that is all but silent was not heard"
        send_tone(port)
        server.until(heard=COUNT)
        before = server.ask(want=[alert])["sessions"]
        time.sleep(2.5)
        assert server.ask(alert="a")["sessions"] == before, "who obeys is not told again"
        server.ask(want=[], volume=33)
        server.until(playing=0, heard=COUNT, volumes=[33])
        told = county.end()
        assert told["rejected"] == {}
        assert [(b["acknowledged"], b["played"], b["heard"], b["playing"]) for b in told["broadcasts"]] == [
            (60, 60, 60, 0)
        ]


def test_with_a_wrong_key_nothing_is_acknowledged(home):
    with running(home, key="other.pem") as (port, server, county):
        server.until(known=COUNT)
        server.ask(want=[group(port)])
        time.sleep(2.5)
        told = server.ask(alert="a")
        assert (told["ordered"], told["acknowledged"], told["playing"]) == (COUNT, 0, 0)
        told = county.end()
        assert set(told["rejected"]) == {"signature"}
        assert told["broadcasts"] == []


def test_a_killed_server_is_found_again_and_orders_nothing_of_who_plays_on(home):
    with running(home) as (port, server, county):
        server.until(known=COUNT)
        alert = group(port)
        server.ask(want=[alert])
        sessions = server.until(playing=COUNT)["sessions"]
        server.kill()
        again = Server(port, home, sessions + 1_000)
        try:
            again.ask(want=[alert])
            told = again.until(known=COUNT, playing=COUNT, acknowledged=COUNT)
            assert told["sessions"] == sessions + 1_000, "no order was sent"
            again.ask(want=[])
            again.until(playing=0)
            assert county.end()["rejected"] == {}
        finally:
            again.kill()


def test_they_stop_by_themselves_at_the_end_and_only_the_area_asked_for_begins(home):
    with running(home) as (port, server, county):
        server.until(known=COUNT)
        server.ask(want=[group(port, end_s=2, areas=["340422100203"])])
        server.until(addressed=10, playing=10)
        server.until(playing=0, acknowledged=10, limit=6)
        told = county.end()
        assert told["broadcasts"][0]["played"] == 10


def test_the_dead_and_the_late_are_as_seeded(home):
    with running(home, "--dead", "10%", "--late", "10%", "--seed", "5") as (port, server, county):
        alive = COUNT
        end = time.monotonic() + 10
        while time.monotonic() < end and not county.report.exists():
            time.sleep(0.05)
        alive = json.loads(county.report.read_text())["alive"]
        assert 45 <= alive < COUNT
        server.until(known=alive)
        server.ask(want=[group(port)])
        server.until(acknowledged=alive, playing=alive, limit=12)


def test_the_key_of_the_simulator_is_checked_against_another_implementation():
    key = sm2.CryptSM2(private_key=PRIVATE, public_key="")
    key.public_key = key._kg(int(PRIVATE, 16), sm2.default_ecc_table["g"])
    public = PublicKey(public_pem(PRIVATE))
    for data in (b"", b"a", bytes(300)):
        signature = bytes.fromhex(key.sign_with_sm3(data))
        assert public.verify(data, signature)
        assert not public.verify(data + b"x", signature)
        assert not PublicKey(public_pem(OTHER)).verify(data, signature)
        assert not public.verify(data, bytes(64))
        assert not public.verify(data, b"\xff" * 64)
