"""The doctor on a real state directory: it finds what was planted, and writes nothing there."""

import json
import os
import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from rig import EXAMPLE, SETTINGS

from station import backup_note, doctor, examine, keys
from station.clock import AnchorTime
from station.people import People
from station.people_store import Account
from station.settings import Places, Ports
from station.settings_file import load
from station.words import Instant

PORT = 30_300


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small station that has been set up, never run: made once, for each password takes its time to be kept."""
    tmp_path = tmp_path_factory.mktemp("built")
    (tmp_path / "rundowns").mkdir()
    (tmp_path / "media").mkdir()
    for name in ("filler.wav", "loop.wav"):
        (tmp_path / "media" / name).write_bytes(b"RIFF")
    (tmp_path / "areas.csv").write_bytes((EXAMPLE / "areas.csv").read_bytes())
    (tmp_path / "terminals.csv").write_text("code,name,area,longitude,latitude\n", encoding="utf-8")
    (tmp_path / "station.toml").write_text(SETTINGS.format(port=PORT), encoding="utf-8")
    places = Places(tmp_path / "state")
    places.run.mkdir(parents=True)
    places.secrets.mkdir(mode=0o700)
    keys.make_checkpoint_key(places.secrets)
    keys.write_secret(places.secrets / "province.token", b"a-token-that-is-long-enough\n")
    people = People.open(places.state / "people.db", now=AnchorTime(places.anchor).now)
    for ident, role in (
        ("xa", "admin"),
        ("xb", "admin"),
        ("xc", "reviewer"),
        ("xd", "approver"),
        ("xe", "dispatcher"),
    ):
        account = Account(id=ident, name_zh=ident, name_en=ident, roles=(role,))
        people.add(account, password="correct horse battery", pin="492817", by="system")
    people.close()
    return tmp_path


@pytest.fixture
def house(tmp_path, built):
    """A copy of it for one test."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def lines(house):
    found = {}
    for one in doctor.examined(house / "station.toml"):
        found.setdefault(one.what, []).append(one)
    return found


def grade(house, what):
    return [one.grade for one in lines(house)[what]]


def test_a_station_that_was_just_set_up_has_nothing_bad(house):
    before = sorted(path.name for path in (house / "state").iterdir())
    found = lines(house)
    assert [one for several in found.values() for one in several if one.grade == "bad"] == []
    assert sorted(path.name for path in (house / "state").iterdir()) == before


def test_planted_secrets_are_found(house):
    secrets = house / "state" / "secrets"
    keys.write_secret(secrets / "weather.token", b"password")
    (secrets / "checkpoint.pem").chmod(0o644)
    assert grade(house, "secrets") == ["bad", "bad"]


def test_whether_calls_leave_is_found(house):
    assert grade(house, "calls") == ["warn"], "no gateway in the settings"
    with socket.socket() as gateway:
        gateway.bind(("127.0.0.1", 0))
        gateway.listen()
        file = house / "station.toml"
        hook = f'call_hook = "http://127.0.0.1:{gateway.getsockname()[1]}/call"'
        file.write_text(f'{file.read_text()}\n[alarms]\n{hook}\ncall_token_file = "call.token"\n')
        assert grade(house, "calls") == ["bad"], "its token is not there"
        keys.write_secret(house / "state" / "secrets" / "call.token", b"gateway-Q9-7f31c2aa\n")
        assert grade(house, "calls") == ["ok"]
    assert grade(house, "calls") == ["bad"], "nobody answers"


def test_a_certificate_that_ended_is_found(house):
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "province")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=2))
        .sign(key, None)
    )  # fmt: skip
    (house / "state/secrets/province.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (ended,) = [one for one in lines(house)["keys"] if one.grade == "bad"]
    assert "province.pem ended" in ended.text.en


def test_a_port_of_somebody_else_is_found(house):
    with socket.socket() as other:
        other.bind(("127.0.0.1", Ports(PORT).ingest))
        other.listen()
        (line,) = lines(house)["ports"]
    assert line.grade == "bad" and f"{PORT + 1} (ingest)" in line.text.en


def test_an_address_of_another_machine_is_found(house):
    text = (house / "station.toml").read_text(encoding="utf-8")
    (house / "station.toml").write_text(text + '[networks]\nupstream = "192.0.2.9/24"\n', encoding="utf-8")
    assert any("no address of this machine" in one.text.en for one in lines(house)["ports"])


def test_a_journal_that_was_changed_is_found_and_one_that_is_no_database_too(house):
    journal = house / "state" / "journal.db"
    assert grade(house, "journal") == ["warn"]
    journal.write_bytes(b"this is no database, whatever its name says" * 40)
    (line,) = lines(house)["journal"]
    assert line.grade == "bad" and "cannot be read" in line.text.en


def test_an_account_file_that_is_damaged_is_found(house):
    (house / "state" / "people.db").write_bytes(b"this is no database, whatever its name says" * 40)
    assert "cannot be read" in lines(house)["people"][0].text.en


def test_a_backup_is_remembered(house):
    places = Places(house / "state")
    assert backup_note.last(places) is None
    now = AnchorTime(places.anchor).now()
    backup_note.write(places, Instant(now - 86_400_000_000), "/elsewhere")
    assert grade(house, "backup") == ["ok"]
    (house / "state" / backup_note.NAME).write_text('{"at": "yesterday"}')
    assert backup_note.last(places) is None


def test_demo_log_ins_mark_their_people(house):
    keys.write_secret(house / "state/secrets/demo-logins.json", json.dumps([{"operator": "xa"}]).encode())
    found = {one.id: one.demo for one in examine.people(Places(house / "state"))}
    assert found == {"xa": True, "xb": False, "xc": False, "xd": False, "xe": False}


def test_a_running_player_is_asked_what_it_obtained(house):
    places = Places(house / "state")
    settings = load(house / "station.toml")
    assert examine.realtime(settings, places)["running"] is False
    from station import children

    children.write_pid(places.run / "player-radio.pid")
    found = examine.realtime(settings, places)
    policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    assert found["running"] is True and found["fifo"] is (policy == os.SCHED_FIFO)


def test_exit_codes_and_languages(house, said):
    settings = str(house / "station.toml")
    code, told, _ = said("doctor", "--settings", settings, "--json")
    found = json.loads(told)
    assert code == found["worst"] == 1, "no backup yet"
    assert {"settings", "secrets", "clock", "disk", "people", "journal", "ports", "fonts"} <= {
        one["what"] for one in found["findings"]
    }
    assert all(one["en"] and one["zh"] for one in found["findings"])
    code, told, _ = said("doctor", "--settings", settings, "--lang", "zh")
    assert "从未备份" in told and "there was none" not in told
    code, told, _ = said("doctor", "--settings", settings, "--state", str(house / "nowhere"))
    assert code == 2 and "gengfu setup" in told
    Path(settings).write_text("[station]\n", encoding="utf-8")
    code, told, _ = said("doctor", "--settings", settings)
    assert code == 2 and "station.area is missing" in told
