"""The simulated platform against the real ingest port: two processes, real sockets, no codec in common."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emergency import sim_signing, sim_source, sm2

HERE = Path(__file__).parent
TARGETS = ("--areas", "340422000000", "--minutes", "5")


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    assert run(folder, "--init", str(folder)).returncode == 0
    served = subprocess.Popen(
        [sys.executable, str(HERE / "ingest_server.py"), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
    )
    try:
        port = served.stdout.readline().strip()
        yield folder, f"http://127.0.0.1:{port}", served
    finally:
        served.terminate()
        served.wait(10)
        served.stdout.close()


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emergency.sim_source", "--keys", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=HERE.parent)


def send(station, *words: str) -> tuple[int, dict]:
    folder, url, _ = station
    done = run(folder, "--to", url, *words)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.strip().splitlines()[-1])


def test_a_signed_ebd_is_accepted_and_its_answer_is_signed(station):
    folder, _, served = station
    code, said = send(station, *TARGETS, "--station-key", str(folder / "station.pem"))
    assert (code, said["code"], said["signature"], said["type"]) == (0, "1", True, "EBDResponse")
    command = json.loads(served.stdout.readline())
    assert command["verified"] is True
    assert command["preauthorised"] is True
    assert command["ebm_id"] == said["id"]


def test_a_signed_cap_is_accepted(station):
    code, said = send(station, "--kind", "cap", *TARGETS, "--text", "雨<大>&\"风'")
    assert (code, said["status"], said["verified"]) == (0, 202, True)
    assert said["signature"].startswith("Ed25519 by pinned key")
    assert json.loads(station[2].stdout.readline())["alert"] == said["alert"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("forged", "4"), ("replayed", "4"), ("expired", "5"), ("doctype", "2"), ("traversal", "2")],
)
def test_every_planted_fault_of_an_ebd_gets_its_result_code(station, fault, code):
    left, said = send(station, *TARGETS, "--fault", fault)
    assert (left, said["status"], said["code"]) == (1, 200, code)
    assert said["words"].startswith("EBD:")


@pytest.mark.parametrize(("fault", "status"), [("forged", 422), ("expired", 422), ("doctype", 400)])
def test_every_planted_fault_of_a_cap_gets_one_sentence(station, fault, status):
    left, said = send(station, "--kind", "cap", *TARGETS, "--fault", fault)
    assert (left, said["status"]) == (1, status)
    assert said["text"]["en"]
    assert said["text"]["zh"]


def test_a_heartbeat_is_answered_and_an_unknown_message_has_no_state(station):
    assert send(station, "--heartbeat")[1]["code"] == "1"
    assert send(station, "--state", "23400000000000101010101" + "202611220001")[1]["code"] == "5"


def test_a_wrong_token_is_turned_away(station, tmp_path):
    other = tmp_path / "token"
    other.write_text("x" * 40)
    code, said = send(station, *TARGETS, "--token", str(other))
    assert (code, said["status"]) == (1, 401)


def test_wrong_use_is_two_and_a_silent_station_is_one(tmp_path):
    assert run(tmp_path, "--to", "http://127.0.0.1:9").returncode == 2
    assert (
        run(
            tmp_path, "--to", "http://127.0.0.1:9", "--kind", "cap", "--areas", "1", "--fault", "traversal"
        ).returncode
        == 2
    )
    sim_signing.init(tmp_path)
    gone = run(tmp_path, "--to", "http://127.0.0.1:9", *TARGETS)
    assert gone.returncode == 1
    assert "nobody answers at http://127.0.0.1:9" in gone.stderr and "没有应答:对方拒绝连接" in gone.stderr


def test_an_address_without_http_and_a_folder_without_keys_are_told(tmp_path, capsys):
    assert sim_source.main(["--to", "127.0.0.1:8601", *TARGETS]) == 2
    assert "--to 127.0.0.1:8601 is no address such as http://" in capsys.readouterr().err
    assert sim_source.main(["--to", "http://127.0.0.1:9", "--keys", str(tmp_path), *TARGETS]) == 1
    told = capsys.readouterr().err
    assert "ebd.token cannot be read: No such file" in told and "无法读取:没有该文件或目录" in told


def test_keys_once_made_are_kept_and_are_private(tmp_path):
    sim_signing.init(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    sim_signing.init(tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert all(p.stat().st_mode & 0o077 == 0 for p in tmp_path.iterdir())


def test_the_platforms_sm2_and_the_products_agree(tmp_path):
    sim_signing.init(tmp_path)
    secret, point = (
        sim_signing.read_secret(tmp_path / "ebd.key"),
        sim_signing.read_point(tmp_path / "ebd.pem"),
    )
    ours = sm2.load_private(tmp_path / "ebd.key")
    assert ours.public == sm2.load_public(tmp_path / "ebd.pem")
    assert sm2.verifier(ours.public).verify(b"rain", sim_signing.sm2_sign(secret, b"rain"))
    signature = sm2.signer(ours).sign(b"rain")
    assert sim_signing.sm2_verify(point, b"rain", signature)
    assert not sim_signing.sm2_verify(point, b"ruin", signature)
    assert not sim_signing.sm2_verify(point, b"rain", bytes(64))


def test_the_simulator_shares_no_module_with_the_product():
    code = "import sys, emergency.sim_source as s; print([m for m in sys.modules if m.startswith('emergency.') and '.sim_' not in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parent)
    assert done.stdout.strip() == "[]"
