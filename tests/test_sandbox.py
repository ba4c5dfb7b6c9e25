"""The programs do their work under what their units forbid them: files, system calls, address families, capabilities, the network of the panel. No systemd runs here; the kernel's own means are put on by tests/sandbox.py."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from rig import Rig

UNITS = Path(__file__).resolve().parent.parent / "systemd"
SANDBOX = Path(__file__).parent / "sandbox.py"
pytestmark = [pytest.mark.peer, pytest.mark.slow]


class Manager:
    """The service manager's ear: what each process says of itself."""

    def __init__(self, folder):
        self.folder, self.ears = folder, {}

    def path(self, name):
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.bind(str(self.folder / f"{name}.notify"))
        ear.setblocking(False)
        self.ears[name] = (ear, [])
        return str(self.folder / f"{name}.notify")

    def said(self, name):
        ear, words = self.ears[name]
        while True:
            try:
                words.append(ear.recv(4096).decode())
            except BlockingIOError:
                return words


UNIT = {"clock": "clock", "player": "player@", "station": "station", "witness": "witness@", "panel": "panel"}


class Caged(Rig):
    """A rig whose processes run as their units would have them."""

    def cage(self, name, manager, **environ):
        unit = UNITS / f"gengfu-{UNIT[name.partition('-')[0]]}.service"
        log = (self.places.logs / f"{name}.log").open("ab")
        words = [sys.executable, str(SANDBOX), str(unit), str(self.places.state), *self.argv[name]]
        more = {"NOTIFY_SOCKET": manager.path(name), "WATCHDOG_USEC": "4000000", **environ}
        passed = tuple(self.handed) if environ else ()
        shell = [
            "/bin/bash",
            "-c",
            'if [ -n "$1" ]; then exec 3<&"$1"; fi; shift; exec "$@"',
            "sh",
            *map(str, passed or ("",)),
        ]
        self.processes[name] = subprocess.Popen(
            [*shell, *words], stdout=log, stderr=log, env={**os.environ, **more}, start_new_session=True, pass_fds=passed
        )  # fmt: skip
        log.close()


def test_processes_work_under_their_units(tmp_path):
    assert os.geteuid() == 0, "namespaces and mounts need root"
    made = Caged(tmp_path / "station", spliceable=False)
    (made.places.state.parent / "nothing").mkdir()
    for name in ("aircheck", "chains", "hls", "witness"):
        (made.places.state / name).mkdir(exist_ok=True)
    manager = Manager(tmp_path)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", made.ports.panel))
    listener.listen()
    made.handed = (listener.fileno(),)
    caged = [name for name in made.argv if name.partition("-")[0] in UNIT]
    try:
        for name in caged:
            if name == "panel":
                made.cage(name, manager, LISTEN_FDS="1", LISTEN_FDNAMES="panel")
            else:
                made.cage(name, manager)
        made.start(*(name for name in made.argv if name not in caged))
        made.wait(lambda: made.health()["ok"], "the station is well", 60)
        for name in caged:
            made.wait(
                lambda name=name: any(w.startswith("READY=1") for w in manager.said(name)),
                f"{name} is ready",
                60,
            )
            made.wait(
                lambda name=name: manager.said(name).count("WATCHDOG=1") >= 2, f"{name} is pinged for", 20
            )
        page = urllib.request.urlopen(f"http://127.0.0.1:{made.ports.panel}/login", timeout=10).read()
        assert b"<form" in page, "the panel answers on the socket it was given, without a network of its own"
        player = next(name for name in caged if name.startswith("player"))
        pids = {name: made.processes[name].pid for name in caged}
        for name in (player, "panel"):
            secret = Path(f"/proc/{pids[name]}/root{made.places.state}/secrets")
            assert list(secret.iterdir()) == [], f"{name} sees no secret"
        status = Path(f"/proc/{pids['station']}/status").read_text()
        assert "Seccomp:\t2" in status and "CapEff:\t0000000000000000" in status
    finally:
        made.stop()
        listener.close()
        time.sleep(0.1)


def test_a_backup_is_made_under_its_unit(tmp_path):
    made = Rig(tmp_path / "station", spliceable=False)
    (made.places.state.parent / "nothing").mkdir()
    secret = tmp_path / "backup.pass"
    secret.write_text("eine lange Nacht\n")
    target = tmp_path / "backups"
    try:
        made.start("clock", "station")
        made.wait(lambda: (made.places.state / "sounded.json").exists(), "the station runs", 60)
        words = [
            sys.executable, "-m", "station.cli", "backup", str(target), "--settings", str(made.home / "station.toml"),
            "--state", str(made.places.state), "--with-secrets", "--passphrase-file", str(secret),
        ]  # fmt: skip
        unit = UNITS / "gengfu-backup.service"
        done = subprocess.run(
            [sys.executable, str(SANDBOX), str(unit), str(made.places.state), *words],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        (generation,) = [one for one in target.iterdir() if one.name[0].isdigit()]
        assert (generation / "state" / "journal.db").exists()
        assert (made.places.state / "last-backup.json").exists(), "doctor will know"
    finally:
        made.stop()
