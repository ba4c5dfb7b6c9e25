"""`gengfu sim nmea`: a simulated satellite receiver that tells the time once a second, written by hand, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import time

from devices import sim_studio
from devices.sim_plant import Doctor
from station.clock import wall_us

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "void": ("no fix: says that its time is not valid", "未定位:时间无效"),
    "rollover": ("its week counter rolled over: 1024 weeks back", "周计数翻转:日期倒退 1024 周"),
    "leap": ("says 23:59:60", "发出闰秒 23:59:60"),
    "jump": ("goes on VALUE s later (default 3600)", "时间跳变 VALUE 秒(默认 3600)"),
    "checksum": ("wrong checksums", "校验和错误"),
    "bare": ("no checksums at all", "没有校验和"),
}


class Receiver(sim_studio.Device):
    """Says RMC and ZDA at each tick. Where `seconds` is given, its time stands until it is moved."""

    every = 1.0

    def __init__(self, seconds: float | None = None, seed: int = 1) -> None:
        super().__init__(seed)
        self.seconds = seconds
        self._stuck: float | None = None

    def session(self) -> Talk:
        """A connection."""
        return Talk()

    def tick(self) -> list[bytes]:
        """Two sentences."""
        now = wall_us() / 1e6 if self.seconds is None else self.seconds
        now += (self.faults["jump"] or 3600) if "jump" in self.faults else 0
        now -= 1024 * 7 * 86_400 if "rollover" in self.faults else 0
        self._stuck = (now if self._stuck is None else self._stuck) if "stuck" in self.faults else None
        at = time.gmtime(now if self._stuck is None else self._stuck)
        clock = "235960.00" if "leap" in self.faults else f"{at.tm_hour:02}{at.tm_min:02}{at.tm_sec:02}.00"
        fix = "V" if "void" in self.faults else "A"
        day = f"{at.tm_mday:02}{at.tm_mon:02}{at.tm_year % 100:02}"
        place = "3232.1000,N,11647.2000,E,0.0,0.0" if fix == "A" else ",,,,,"
        zda = f"BDZDA,{clock},{at.tm_mday:02},{at.tm_mon:02},{at.tm_year},00,00"
        said = [f"GNRMC,{clock},{fix},{place},{day},,,{fix}"]
        return [self._line(one) for one in (said if fix == "V" else [*said, zda])]

    def _line(self, body: str) -> bytes:
        value = 1 if "checksum" in self.faults else 0
        for octet in body.encode():
            value ^= octet
        end = "" if "bare" in self.faults else f"*{value:02X}"
        return f"${body}{end}\r\n".encode()


class Talk:
    """One connection; it listens to nobody."""

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Nothing."""
        return []


def main(argv: list[str]) -> int:
    """Run until a signal."""
    text = "A simulated satellite receiver. · 模拟卫星授时接收机。"
    asked = sim_studio.parser("nmea", text, DOCTOR, Receiver.own).parse_args(argv)
    return sim_studio.run(asked, Receiver(seed=asked.seed), DOCTOR)
