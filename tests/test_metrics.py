"""The figures of a process and the page that shows them, over a real socket."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from twisted.web.test.requesthelper import DummyRequest

from station.metrics import MetricsPage, counter, exposition, gauge, seconds


def test_a_figure_is_made_once_and_found_again() -> None:
    one = counter("test_things_total", "Things", ("kind",))
    assert counter("test_things_total", "Things", ("kind",)) is one
    one.labels("a").inc(3)
    gauge("test_level", "A level").set(7)
    seconds("test_wait_seconds", "A wait").observe(0.003)
    text = exposition().decode()
    assert 'test_things_total{kind="a"} 3.0' in text
    assert "test_level 7.0" in text
    assert 'test_wait_seconds_bucket{le="0.005"} 1.0' in text
    assert 'test_wait_seconds_bucket{le="0.0025"} 0.0' in text
    assert "process_open_fds" in text


def test_one_name_is_not_two_kinds_of_figure() -> None:
    gauge("test_one_name", "A level")
    with pytest.raises(ValueError, match="already a Gauge"):
        seconds("test_one_name", "A wait")


def test_the_page_is_prometheus_text_and_is_never_cached() -> None:
    request: Any = DummyRequest([b"metrics"])
    page: Any = MetricsPage
    body = page().render_GET(request)
    assert body.startswith(b"# HELP")
    kind = request.responseHeaders.getRawHeaders(b"content-type")
    assert kind is not None
    assert kind[0].startswith(b"text/plain")
    assert request.responseHeaders.getRawHeaders(b"cache-control") == [b"no-store"]


SERVE = """
from station.clock import install
reactor = install("epoll")
from twisted.web.resource import Resource
from twisted.web.server import Site
from station.metrics import MetricsPage
root = Resource()
root.putChild(b"metrics", MetricsPage())
port = reactor.listenTCP(0, Site(root), interface="127.0.0.1")
import threading, urllib.request
def ask():
    with urllib.request.urlopen(f"http://127.0.0.1:{port.getHost().port}/metrics") as answer:
        print(answer.status, b"process_cpu" in answer.read())
    reactor.callFromThread(reactor.stop)
reactor.callWhenRunning(threading.Thread(target=ask).start)
reactor.run()
"""


def test_the_page_is_served() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.split() == ["200", "True"]
