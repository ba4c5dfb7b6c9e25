"""The units: well-formed, sandboxed as far as promised, true to the program they start."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from station.cli import SUBCOMMANDS
from station.settings import Places, Ports, StationSection

UNITS = Path(__file__).resolve().parent.parent / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
SOCKETS = sorted(UNITS.glob("*.socket"))
MOST = {
    "gengfu-player@": 1.5,
    "gengfu-witness@": 1.5,
    "gengfu-panel": 1.5,
    "gengfu-station": 2.0,
    "gengfu-clock": 1.5,
    "gengfu-backup": 1.5,
}
ONCE = ("gengfu-backup",)  # done when they end; a timer starts them
LASTING = [path for path in SERVICES if path.stem not in ONCE]


def read(path):
    """A unit's words: (section, name) -> values."""
    found, section = {}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault((section, name), []).append(value)
    return found


@pytest.fixture(scope="module")
def placed(tmp_path_factory):
    """The units with a program that is there, as verify wants it."""
    where = tmp_path_factory.mktemp("units")
    for path in (*SERVICES, *SOCKETS, *TIMERS, UNITS / "gengfu.target"):
        text = path.read_text(encoding="utf-8").replace("/opt/gengfu/venv/bin/gengfu", "/bin/true")
        (where / path.name).write_text(text, encoding="utf-8")
    return where


@pytest.mark.peer
def test_systemd_finds_nothing_wrong_with_any_unit(placed):
    assert shutil.which("systemd-analyze"), "systemd is not installed"
    said = subprocess.run(
        ["systemd-analyze", "verify", "--no-pager", *sorted(map(str, placed.iterdir()))],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.peer
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_process_is_sandboxed_as_far_as_is_promised(path, placed):
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(placed / path.name)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found, said.stderr
    assert float(found[1]) <= MOST[path.stem]


def test_every_process_of_a_station_has_a_unit_that_starts_it_as_it_wants_to_be_started():
    told = {path.stem: read(path)["Service", "ExecStart"][0].split() for path in SERVICES}
    assert set(told) == set(MOST)
    for words in told.values():
        assert words[0] == "/opt/gengfu/venv/bin/gengfu"
        assert words[1] in SUBCOMMANDS
        assert words[words.index("--state") + 1] == "/var/lib/gengfu"


@pytest.mark.parametrize("path", LASTING, ids=lambda path: path.stem)
def test_every_process_is_watched_and_comes_back_for_ever(path):
    unit = read(path)
    assert unit["Service", "Type"] == ["notify"]
    assert unit["Service", "NotifyAccess"] == ["main"]
    assert int(unit["Service", "WatchdogSec"][0].rstrip("s")) <= 30
    assert unit["Service", "Restart"] == ["always"]
    assert unit["Unit", "StartLimitIntervalSec"] == ["0"]
    assert "not yet run on a live systemd" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ONCE)
def test_what_is_done_once_has_a_timer_that_makes_up_for_a_night_the_machine_was_off(name):
    unit, timer = read(UNITS / f"{name}.service"), read(UNITS / f"{name}.timer")
    assert unit["Service", "Type"] == ["oneshot"] and "not yet run" in (UNITS / f"{name}.service").read_text()
    assert timer["Timer", "Unit"] == [f"{name}.service"] and timer["Timer", "Persistent"] == ["true"]
    assert timer["Install", "WantedBy"] == ["timers.target"]
    assert ("Install", "WantedBy") not in unit, "the timer alone starts it"


def test_the_backup_gives_way_to_what_is_on_the_air_and_its_passphrase_lies_outside_of_what_it_copies():
    unit = read(UNITS / "gengfu-backup.service")
    assert unit["Service", "IOSchedulingClass"] == ["idle"] and int(unit["Service", "Nice"][0]) >= 10
    (credential,) = unit["Service", "LoadCredential"]
    name, _, path = credential.partition(":")
    words = unit["Service", "ExecStart"][0].split()
    assert words[words.index("--passphrase-file") + 1] == "${CREDENTIALS_DIRECTORY}/" + name
    assert not Path(path).is_relative_to("/etc/gengfu") and "--with-secrets" in words
    assert words[2] in unit["Service", "ReadWritePaths"][0].split(), "where it writes it may"


def test_a_player_is_asked_to_end_by_nobody_but_the_target():
    unit = read(UNITS / "gengfu-player@.service")
    assert unit["Unit", "PartOf"] == ["gengfu.target"]
    said = " ".join(" ".join(values) for (section, _), values in unit.items() if section == "Unit")
    assert "gengfu-station" not in said
    assert unit["Service", "LimitMEMLOCK"] == ["infinity"] and unit["Service", "LimitRTPRIO"] == ["60"]


@pytest.mark.parametrize("name", ["player@", "witness@", "panel", "clock"])
def test_nobody_but_the_station_can_read_its_secrets_its_people_and_its_journal(name):
    hidden = " ".join(read(UNITS / f"gengfu-{name}.service")["Service", "InaccessiblePaths"])
    for what in ("secrets", "people.db", "journal.db"):
        assert f"-/var/lib/gengfu/{what}" in hidden


def test_what_a_sandboxed_process_may_write_is_made_before_it_starts():
    made = {
        line.split()[1]
        for line in (UNITS / "tmpfiles.d/gengfu.conf").read_text().splitlines()
        if line[:1] == "d"
    }
    for path in SERVICES:
        for value in read(path)["Service", "ReadWritePaths"]:
            assert {one.lstrip("-") for one in value.split()} <= made, path.name


def test_a_player_may_write_its_recordings_and_starts_where_an_older_installation_lacks_their_folder():
    words = read(UNITS / "gengfu-player@.service")["Service", "ReadWritePaths"][0].split()
    assert f"-{Places(Path('/var/lib/gengfu')).aircheck}" in words


def test_sockets_have_names_and_stand_at_the_ports_that_are_documented():
    ports = Ports(StationSection.__attrs_attrs__.port.default)
    wanted = {
        "panel": ports.panel,
        "ingest": ports.ingest,
        "terminals": ports.terminals,
        "metrics": ports.metrics,
    }
    found = {}
    for path in SOCKETS:
        unit = read(path)
        (name,) = unit["Socket", "FileDescriptorName"]
        assert path.name == f"gengfu-{name}.socket"
        (service,) = unit["Socket", "Service"]
        assert path.name in " ".join(read(UNITS / service)["Service", "Sockets"])
        host, _, port = unit["Socket", "ListenStream"][0].partition(":")
        assert host == "127.0.0.1"
        found[name] = int(port)
    assert found == wanted


def test_the_account_and_the_folders_are_the_units_own():
    assert "u gengfu " in (UNITS / "sysusers.d/gengfu.conf").read_text()
    for path in SERVICES:
        assert read(path)["Service", "User"] == ["gengfu"]
