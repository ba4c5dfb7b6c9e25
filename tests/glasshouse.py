"""Starts a fake station and a real panel for the tests of the glass, and stops them by their process ids."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hatchery import Hatched
from made_day import CLOCK

ROOT = Path(__file__).parent.parent
SETTINGS = f"""
[station]
day_start = "{CLOCK}"
id = "shouxian"
name_zh = "寿县融媒体中心"
name_en = "Shouxian Media Centre"
area = "340422000000"
areas = "county.csv"

[[channels]]
id = "fm1"
chain = "radio"
name_zh = "寿县综合广播"
name_en = "Shouxian FM"
area = "340422000000"
rundowns = "rundowns"
filler = ["filler.flac"]
loop = "loop.flac"
"""


class GlassHouse:
    """A state directory, a fake station, a panel."""

    def __init__(self, where: Path, port: int) -> None:
        self.where, self.port = where, port
        self.state = where / "state"
        self.station: subprocess.Popen[str] | None = None
        self.panel: Hatched | None = None

    def __enter__(self) -> GlassHouse:
        self.where.mkdir(parents=True, exist_ok=True)
        (self.where / "rundowns").mkdir(exist_ok=True)
        (self.where / "county.csv").write_bytes((ROOT / "tests" / "data" / "county.csv").read_bytes())
        (self.where / "station.toml").write_text(SETTINGS, encoding="utf-8")
        self.start_station()
        self.start_panel()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.panel, self.station):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def start_station(self) -> None:
        words = [sys.executable, str(ROOT / "tests" / "fake_station.py"), "--state", str(self.state)]
        with (self.where / "errors.log").open("a") as errors:
            self.station = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT)
        assert self.station.stdout is not None
        assert self.station.stdout.readline(), (self.where / "errors.log").read_text()

    def kill_station(self) -> None:
        assert self.station is not None
        self.station.kill()
        self.station.wait()

    def start_panel(self) -> None:
        words = ["panel", "--settings", str(self.where / "station.toml"), "--state", str(self.state)]
        self.panel = Hatched([*words, "--port", str(self.port)], self.where / "errors.log")
        for _ in range(200):
            assert self.panel.poll() is None, (self.where / "errors.log").read_text()
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                pass  # not listening yet
            time.sleep(0.05)
        raise AssertionError("the panel does not see the station")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one request."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            line.close()

    def session(self, operator: str) -> str:
        """A seat taken over the API."""
        status, _, body = self.ask("POST", "/api/v1/login", {"operator": operator, "password": "night-watch"})
        assert status == 200, body
        return str(json.loads(body)["session"])

    def bearer(self, operator: str = "chen") -> dict[str, str]:
        """Headers of such a seat."""
        return {"Authorization": f"Bearer {self.session(operator)}"}

    def cookie(self, operator: str) -> Any:
        """The cookie of such a seat, for a browser: a log-in that is typed costs it two pages."""
        return {
            "name": f"gengfu_{self.port}",
            "value": self.session(operator),
            "url": self.address,
            "httpOnly": True,
            "sameSite": "Strict",
        }

    def api(self, path: str, seat: dict[str, str]) -> Any:
        """The JSON of a GET under /api/v1."""
        status, _, body = self.ask("GET", "/api/v1" + path, headers=seat)
        assert status == 200, body
        return json.loads(body)
