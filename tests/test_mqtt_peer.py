"""MQTT against the distribution's mosquitto: its clients read our orders, what they publish as a device is an answer, and a lost device is told by its will."""

import json
import socket
import subprocess
import threading
import time

import pytest
from studio_kit import wired

from devices.mqtt_messages import Answer, Status, device_topic, read, write

SERVER = "/usr/sbin/mosquitto"
TERMINAL = "63404221000000314010401"
ORDERS = device_topic("terminal", TERMINAL, "order")


@pytest.fixture
def server(tmp_path):
    """The port of a mosquitto of our own."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n")
    process = subprocess.Popen([SERVER, "-c", str(settings)], stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield str(port)
    process.terminate()
    assert process.wait(10) is not None


def say(port, topic, payload, *more):
    words = [
        "mosquitto_pub",
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-q",
        "1",
        "-t",
        topic,
        "-s",
        *more,
    ]
    subprocess.run(words, input=payload, check=True, timeout=10)


def device(port, heard):
    """A terminal made of mosquitto's own clients: it does as told, and answers two orders."""
    words = ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", ORDERS, "-C", "2", "-W", "20"]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            order = read(line.rstrip(b"\n"))
            heard.append(order)
            if order.type == "volume":
                answer = Answer(code=TERMINAL, id=order.id, result="done")
            else:
                answer = Status(code=TERMINAL, online=True, volume=heard[0].volume, id=order.id)
            say(port, device_topic("terminal", TERMINAL, answer.type), write(answer))


@pytest.mark.peer
def test_orders_go_through_mosquitto_and_its_clients_answer(server, capsys):
    heard = []
    terminal = threading.Thread(target=device, args=(server, heard))
    terminal.start()
    how = ("--link", f"tcp:127.0.0.1:{server}", "--timeout", 10)
    kept = write(Status(code=TERMINAL, online=False))
    say(server, device_topic("terminal", TERMINAL, "status"), kept, "-r")
    time.sleep(1)  # mosquitto_sub does not say when it has subscribed
    code, lines = wired(capsys, "mqtt", "volume", TERMINAL, 60, *how)
    terminal.join(30)
    assert code == 0 and lines[-1]["holds"], lines
    assert [order.type for order in heard] == ["volume", "query"] and heard[0].volume == 60
    told = [one["told"] for one in lines if "told" in one]
    assert json.loads(kept)["online"] is told[0]["online"] is False  # retained, and no answer
