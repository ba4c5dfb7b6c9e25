"""A station is gone and a spare machine takes over from the night's backup: what it takes, and that it is obeyed."""

import subprocess
import sys
import time

import pytest
from alert_kit import Endless, all_sound, channel, sound, verified
from rig import Listener

from station import prepared, run, settings_file
from station.settings import Places

pytestmark = pytest.mark.slow
PASS = "a passphrase for the spare machine"
AT_MOST = 15 * 60.0  # s, from the empty folders to an alert that every terminal plays


def gengfu(*words):
    done = subprocess.run(
        [sys.executable, "-m", "station.cli", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Spare(Endless):
    """A rig over folders that a restore has filled."""

    def __init__(self, settings, state, base):
        self.home, self.base = settings, base
        self.settings = settings_file.load(settings / "station.toml")
        self.places = Places(state)
        self.ports = run.Ports(base)
        self.report = settings / "terminals.json"
        self.logins = {row["operator"]: row for row in prepared.read_logins(self.places)}
        self.processes, self.seats = {}, {}
        self.argv = self._children(spliceable=False)
        self.tap, self.radio = Listener(base + 130), Listener(self.ports.l16(0))


def test_a_spare_machine_is_on_the_air_and_obeyed_well_within_a_quarter_of_an_hour(tmp_path):
    (tmp_path / "pass").write_text(PASS)
    secret = ("--passphrase-file", tmp_path / "pass")
    disk, state, settings = tmp_path / "disk", tmp_path / "spare/state", tmp_path / "spare/settings"
    old = Endless(tmp_path / "station", spliceable=False)
    old.start()
    try:
        old.ready()
        words = ("--settings", old.home / "station.toml", "--state", old.places.state)
        said = gengfu("backup", disk, *words, "--with-secrets", *secret)
        assert "read back and whole" in said
        lost = sound(old, "备份之后的预警", minutes=5)  # the backup knows nothing of it
        verified(old)
    finally:
        old.stop()

    began = time.monotonic()
    (tmp_path / "spare").mkdir()
    gengfu("restore", disk, "--state", state, "--settings", settings, *secret)
    gengfu("setup", settings / "station.toml", "--state", state)
    spare = Spare(settings, state, old.base)
    spare.start(*(name for name in spare.argv if name != "sim-terminals"))
    try:
        spare.wait(lambda: spare.health()["ok"], "the spare machine is well", 60)
        spare.start("sim-terminals")
        spare.wait(lambda: channel(spare)["rung"] == "file", "the programme is on the air from its file", 60)
        assert lost not in [one["id"] for one in spare.http("/alerts", by="zhou")]
        ident = sound(spare, "备用机上的预警", minutes=5)
        assert all_sound(spare, ident)
        took = time.monotonic() - began
        verified(spare)
    finally:
        spare.stop()
    assert took < AT_MOST
    sys.stdout.write(f"from empty folders to every terminal playing: {took:.0f} s\n")
