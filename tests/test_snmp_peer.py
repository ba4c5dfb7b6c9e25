"""SNMP against net-snmp: its agent is asked under v2c and v3, its notifications are heard, and `gengfu snmp` says what it says. The simulator too."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import pytest
from real_plant import supply, watch

from devices import snmp_tool
from devices.snmp_access import Community, User
from station.links import SnmpLink

CONFIG = """
rwcommunity secretword 127.0.0.1
createUser lin MD5 "authpass1" DES "privpass1"
createUser wang SHA-256 "authpass2" AES "privpass2"
createUser zhao SHA-512 "authpass3"
rwuser lin priv
rwuser wang priv
rwuser zhao auth
sysLocation hill
"""
ACCESS = {
    "lin": 'auth = "md5"\nauth_passphrase = "authpass1"\npriv = "des"\npriv_passphrase = "privpass1"',
    "wang": 'auth = "sha256"\nauth_passphrase = "authpass2"\npriv = "aes128"\npriv_passphrase = "privpass2"',
    "zhao": 'auth = "sha512"\nauth_passphrase = "authpass3"',
}
LOCATION, NAME = "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.1.5.0"
BOOT = "1.3.6.1.6.3.1.1.5.1"
MINUTES = "1.3.6.1.2.1.33.1.2.3.0"


def free():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def said(capsys, *words):
    """(exit code, rows) of a command."""
    code = snmp_tool.main([str(word) for word in words])
    return code, [json.loads(row) for row in capsys.readouterr().out.splitlines()]


def access(tmp_path, user):
    path = tmp_path / f"{user}.toml"
    path.write_text(f'version = "3"\nuser = "{user}"\n{ACCESS[user]}\n')
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snmpd")
    (folder / "snmpd.conf").write_text(CONFIG)
    place = f"127.0.0.1:{free()}"
    process = subprocess.Popen(
        [shutil.which("snmpd", path=os.environ["PATH"] + ":/usr/sbin"), "-f", "-C", "-c", str(folder / "snmpd.conf"),
         "-Lf", str(folder / "log"), f"udp:{place}"],
        env={**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "kept")},
    )  # fmt: skip
    for _ in range(20):
        if snmp_tool.main(["get", place, "--community", "secretword", LOCATION]) == 0:
            break
    yield place
    process.terminate()
    process.wait(5)


@pytest.mark.peer
def test_net_snmp_answers_under_v2c(agent, capsys):
    capsys.readouterr()
    word = ("--community", "secretword")
    assert said(capsys, "get", agent, *word, LOCATION) == (
        0,
        [{"oid": LOCATION, "kind": "octets", "value": "hill"}],
    )
    code, rows = said(capsys, "walk", agent, *word, "1.3.6.1.2.1.1")
    assert code == 0 and len(rows) > 5 and {"oid": LOCATION, "kind": "octets", "value": "hill"} in rows
    assert said(capsys, "walk", agent, *word, "--most", 2, "1.3.6.1.2.1.1")[1] == rows[:2]
    code, rows = said(capsys, "get", agent, *word, "1.3.6.1.9.1.0")
    assert code == 1 and rows[0]["kind"] == "no object"
    code, rows = said(capsys, "set", agent, *word, "1.3.6.1.2.1.1.3.0", "ticks", 5)
    assert (code, rows[0]["error"]) == (1, "declined")
    code, rows = said(capsys, "get", agent, "--community", "wrongword", "--timeout", 0.3, LOCATION)
    assert (code, rows[0]["error"]) == (1, "timeout")


@pytest.mark.peer
@pytest.mark.parametrize("user", ACCESS)
def test_net_snmp_answers_under_v3(agent, user, tmp_path, capsys):
    who = ("--access", access(tmp_path, user))
    assert said(capsys, "get", agent, *who, LOCATION) == (
        0,
        [{"oid": LOCATION, "kind": "octets", "value": "hill"}],
    )
    assert said(capsys, "set", agent, *who, NAME, "octets", "tower")[0] == 0
    assert said(capsys, "next", agent, *who, "1.3.6.1.2.1.1.4.0")[1][0] == {
        "oid": NAME,
        "kind": "octets",
        "value": "tower",
    }


@pytest.mark.peer
def test_net_snmp_tells_why_it_does_not_answer(agent, tmp_path, capsys):
    path = access(tmp_path, "wang")
    path.write_text(path.read_text().replace("authpass2", "authpass9"))
    code, rows = said(capsys, "get", agent, "--access", path, LOCATION)
    assert (code, rows[0]["detail"]) == (1, "wrongDigest")
    path.write_text('version = "3"\nuser = "nobody"\n')
    assert said(capsys, "get", agent, "--access", path, LOCATION)[1][0]["detail"] == "unknownUserName"


@pytest.mark.peer
@pytest.mark.parametrize(
    ("sent", "by"),
    [
        (["snmptrap", "-v2c", "-c", "secretword"], ""), (["snmpinform", "-v2c", "-c", "secretword", "-t", "3"], ""),
        (["snmptrap", "-v3", "-e", "0x80001f8880aabbccdd", "-u", "wang", "-l", "authPriv", "-a", "SHA-256", "-A", "authpass2", "-x", "AES", "-X", "privpass2"], "wang"),
    ],
    ids=["trap", "inform", "v3"],
)  # fmt: skip
def test_notifications_of_net_snmp_are_heard(sent, by, tmp_path, capfd):
    port = free()
    who = ["--access", str(access(tmp_path, by))] if by else ["--community", "secretword"]
    codes = []
    words = ["listen", "--port", str(port), "--count", "1", "--seconds", "8", *who]
    ear = threading.Thread(target=lambda: codes.append(snmp_tool.main(words)))
    ear.start()
    told = ""
    while "listening" not in told:
        told += capfd.readouterr().out
    subprocess.run([*sent, f"127.0.0.1:{port}", "77", BOOT, NAME, "s", "tower"], check=True)
    ear.join(10)
    (row,) = [json.loads(one) for one in capfd.readouterr().out.splitlines()]
    assert codes == [0] and (row["trap"], row["uptime"], row["by"]) == (BOOT, 77, by)
    assert row["objects"] == [{"oid": NAME, "kind": "octets", "value": "tower"}]


@pytest.fixture
def simulated():
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "snmp", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    yield f"127.0.0.1:{process.stdout.readline().split()[-1]}"
    process.terminate()
    process.wait(5)
    process.stdout.close()


def test_the_simulator_is_asked_and_walked(simulated, capsys):
    word = ("--community", "public")
    assert said(capsys, "get", simulated, *word, MINUTES) == (
        0,
        [{"oid": MINUTES, "kind": "integer", "value": 60}],
    )
    code, rows = said(capsys, "walk", simulated, *word, "1.3.6.1.2.1.33")
    assert code == 0 and len(rows) == 14 and rows[0]["value"] == "演示 Simulated"
    assert said(capsys, "walk", simulated, *word, "1.3.6.1.9")[0] == 1


@pytest.mark.peer
def test_net_snmp_understands_what_the_simulator_wrote_by_hand(simulated):
    told = subprocess.run(
        ["snmpwalk", "-v2c", "-c", "public", "-On", simulated, "1.3.6.1.2.1.33"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len([row for row in told.stdout.splitlines() if "No more" not in row]) == 14


def test_a_plant_polls_the_simulator_over_real_sockets(simulated):
    link = SnmpLink("127.0.0.1", int(simulated.rpartition(":")[2]))
    seen = watch(
        supply("ups-rfc1628", link, access=Community("public")), lambda seen: seen.contact == "good", 8
    )
    assert seen.readings["battery_minutes"].value == 60 and seen.readings["on_battery"].value == 0


@pytest.mark.peer
def test_a_plant_polls_net_snmp_under_v3_and_knows_what_it_has_not_got(agent):
    who = User(name="wang", auth="sha256", auth_key="authpass2", priv="aes128", priv_key="privpass2")
    link = SnmpLink("127.0.0.1", int(agent.rpartition(":")[2]))
    seen = watch(supply("ups-rfc1628", link, access=who), lambda seen: seen.contact == "good", 8)
    assert seen.contact == "good" and seen.readings == {}  # an agent, but no power supply
    strange = User(name="wang", auth="sha256", auth_key="authpass9", priv="aes128", priv_key="privpass2")
    seen = watch(supply("ups-rfc1628", link, access=strange), lambda seen: seen.contact == "lost", 15)
    assert (seen.contact, seen.why) == ("lost", "wrongDigest")


@pytest.mark.parametrize(
    "words",
    [
        ["get", "127.0.0.1:1", "1.3.6.1"], ["get", "127.0.0.1:1", "--community", "x", "1.3.x"], ["get", "127.0.0.1:x", "--community", "x", "1.3.6.1"],
        ["get", "127.0.0.1:1", "--community", "x", "--access", "y", "1.3.6.1"], ["walk", "127.0.0.1", "--community", "x", "x"],
        ["set", "127.0.0.1", "--community", "x", "1.3.6.1", "integer", "x"], ["set", "127.0.0.1", "--community", "x", "1.3.6.1", "octets", "0xz"],
        ["set", "127.0.0.1", "--community", "x", "1.3.6.1", "ip", "1.2"], ["get", "127.0.0.1", "--access", "/nowhere", "1.3.6.1"],
        ["listen", "--port", "0"],
    ],
)  # fmt: skip
def test_wrong_use_is_said_and_nothing_is_asked(words, capsys):
    assert snmp_tool.main(words) == 2
    told = capsys.readouterr()
    assert told.err and not told.out


@pytest.mark.parametrize(("kind", "value"), [("integer", "0x10"), ("octets", "0xff00"), ("null", "x"), ("oid", "1.3.6"), ("gauge", "7")])  # fmt: skip
def test_nobody_there_is_a_timeout(kind, value, capsys):
    words = ("set", f"127.0.0.1:{free()}", "--community", "x", "--timeout", "0.05", LOCATION, kind, value)
    code, (row,) = said(capsys, *words)
    assert (code, row["oids"], row["error"]) == (1, [LOCATION], "timeout") and row["en"] and row["zh"]


def test_listening_ends_when_its_time_is_up(capsys):
    assert said(capsys, "listen", "--port", free(), "--community", "x", "--seconds", "0.05")[0] == 0
    assert (
        said(capsys, "listen", "--port", free(), "--community", "x", "--seconds", "0.05", "--count", 1)[0]
        == 1
    )
