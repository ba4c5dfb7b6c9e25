"""Starts a fake station and a real panel for the tests of the glass, and stops them by their process ids."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

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
        self.panel: subprocess.Popen[str] | None = None

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

    def _start(self, *words: str, says_ready: bool = True) -> subprocess.Popen[str]:
        with (self.where / "errors.log").open("a") as errors:
            process = subprocess.Popen(
                [sys.executable, *words], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT
            )
        assert process.stdout is not None
        if says_ready:
            assert process.stdout.readline(), (self.where / "errors.log").read_text()
        return process

    def start_station(self) -> None:
        self.station = self._start(str(ROOT / "tests" / "fake_station.py"), "--state", str(self.state))

    def kill_station(self) -> None:
        assert self.station is not None
        self.station.kill()
        self.station.wait()

    def start_panel(self) -> None:
        self.panel = self._start(
            "-m",
            "station.cli",
            "panel",
            "--settings",
            str(self.where / "station.toml"),
            "--state",
            str(self.state),
            "--port",
            str(self.port),
            says_ready=False,
        )
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

    def bearer(self, operator: str = "chen") -> dict[str, str]:
        """Headers of a seat taken over the API."""
        status, _, body = self.ask("POST", "/api/v1/login", {"operator": operator, "password": "night-watch"})
        assert status == 200, body
        return {"Authorization": f"Bearer {json.loads(body)['session']}"}

    def api(self, path: str, seat: dict[str, str]) -> Any:
        """The JSON of a GET under /api/v1."""
        status, _, body = self.ask("GET", "/api/v1" + path, headers=seat)
        assert status == 200, body
        return json.loads(body)
