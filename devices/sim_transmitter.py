"""`gengfu sim transmitter`: an FM transmitter that heats, reflects, folds back and trips as one would; all figures invented. Knows no product code but the command line's."""

from __future__ import annotations

import random

from devices import sim_plant

MAP = 1  # version of the map
DOCTOR = {
    "antenna": ("the antenna ices up: VSWR rises to 1.8 in 20 s", "天线结冰:驻波比 20 秒内升至 1.8"),
    "feeder": ("the feeder breaks: VSWR 9, it trips", "馈线断开:驻波比 9,发射机保护关机"),
    "pa": ("one of two amplifier modules fails", "两个功放模块之一故障"),
    "exciter": ("the exciter gives nothing", "激励器无输出"),
    "cooling": ("the fans stop", "风机停转"),
    "interlock": ("a door is open", "机门打开"),
    "local": ("somebody switched it to local", "有人切到本地控制"),
    "off": ("somebody pressed off at the front panel", "有人在面板上关机"),
    "stuck": ("the relay sticks: it answers orders and does nothing", "继电器卡住:应答命令但不动作"),
}


class Transmitter:
    """Its state at `advance`d seconds; powers in W, degrees in °C."""

    def __init__(self, *, nominal: float = 1000.0, mhz: float = 98.5, on: bool = True, seed: int = 1) -> None:
        self.nominal, self.khz = nominal, round(mhz * 1000)
        self.coil = int(on)
        self.forward = nominal if on else 0.0
        self.vswr = 1.08
        self.heat = 52.0 if on else 24.0
        self.tripped = False
        self.seconds = 3600.0 * 8_412
        self.faults: dict[str, int] = {}
        self._over = 0.0  # s of too much reflection
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    # -- physics --------------------------------------------------------------------------------

    def advance(self, dt: float) -> None:
        """Let `dt` seconds pass, in steps of at most a tenth."""
        while dt > 0:
            step = min(dt, 0.1)
            self._step(step)
            dt -= step

    def _step(self, dt: float) -> None:
        if "off" in self.faults:
            self.coil = 0
        self._antenna(dt)
        self._power(dt)
        resting = 24.0 + (55.0 if "cooling" in self.faults else 28.0) * self.forward / self.nominal
        self.heat += (resting - self.heat) * min(1.0, dt / (20.0 if "cooling" in self.faults else 60.0))
        if self.heat > 95.0:
            self.tripped = True
        self.seconds += dt if self.forward > 1 else 0

    def _antenna(self, dt: float) -> None:
        target = 9.0 if "feeder" in self.faults else 1.8 if "antenna" in self.faults else 1.08
        rate = 20.0 if "feeder" in self.faults or target < self.vswr else 0.036
        self.vswr += max(-rate * dt, min(rate * dt, target - self.vswr))
        self._over = self._over + dt if self.vswr > 2.5 and self.forward > 1 else 0.0
        if self._over > 1.0:
            self.tripped = True

    def _power(self, dt: float) -> None:
        """Up in about 3 s, down in 0.2 s, never more reflected than the amplifier stands."""
        wanted = self.nominal if self.keyed else 0.0
        if "pa" in self.faults:
            wanted *= 0.3  # one of two modules: a quarter of the power, and a little
        gamma = self.gamma
        if gamma > 0:
            wanted = min(wanted, 100.0 / gamma)
        rate = 350.0 if wanted > self.forward else 5000.0
        self.forward += max(-rate * dt, min(rate * dt, wanted - self.forward))

    @property
    def keyed(self) -> bool:
        """Whether it gives power."""
        blocked = self.tripped or any(name in self.faults for name in ("exciter", "interlock"))
        return bool(self.coil) and not blocked

    @property
    def gamma(self) -> float:
        """Reflected over forward power, of the VSWR."""
        return ((self.vswr - 1) / (self.vswr + 1)) ** 2

    @property
    def folded(self) -> bool:
        """Whether it gives less because of what comes back."""
        return self.keyed and self.gamma * self.nominal > 100.0

    # -- registers ------------------------------------------------------------------------------

    def bits(self, table: int) -> dict[int, int]:
        """Coil 0 keys it; discrete inputs tell how it is."""
        if table == 1:
            return {0: self.coil}
        return {
            0: int(self.keyed),
            1: int("local" in self.faults),
            2: int("interlock" in self.faults),
            3: int("exciter" in self.faults),
            4: int("pa" in self.faults or self.tripped),
            5: int("cooling" in self.faults),
            6: int(self.folded),
        }

    def registers(self, table: int) -> dict[int, int]:
        """Input registers; there are no holding registers."""
        if table == 3:
            return {}
        forward = max(0, round(10 * (self.forward + (self._noise(2.0) if self.forward > 1 else 0))))
        reflected = round(forward * self.gamma)
        shown = round(100 * self.vswr) if self.forward > 1 else 100
        volts, amps = 50.0 + self._noise(0.1), self.forward / (0.7 * 50.0)
        made = {0: 0x4746, 1: 0x5458, 2: MAP}
        made |= {10: forward >> 16, 11: forward & 0xFFFF, 12: reflected >> 16, 13: reflected & 0xFFFF}
        made |= {14: shown, 15: round(10 * self.heat) & 0xFFFF, 16: round(100 * volts), 17: round(100 * amps)}
        made |= {18: 0 if "exciter" in self.faults else 153}
        made |= {20: self.khz & 0xFFFF, 21: self.khz >> 16}  # the low word first
        hours = int(self.seconds // 3600)
        return made | {22: hours >> 16, 23: hours & 0xFFFF}

    def _noise(self, span: float) -> float:
        return self._random.uniform(-span, span)

    def write(self, address: int, value: int) -> int:
        """The carrier's coil; who works at the machine is not disturbed (exception 4)."""
        if address != 0:
            return 2
        if "local" in self.faults:
            return 4
        if "stuck" in self.faults:
            return 0
        if value:
            self.tripped = False  # an order to come up is one to try again
            self.faults.pop("off", None)
        self.coil = value
        return 0

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {
            "carrier": self.keyed,
            "coil": self.coil,
            "forward_w": round(self.forward, 1),
            "vswr": round(self.vswr, 2),
            "pa_c": round(self.heat, 1),
            "tripped": self.tripped,
        }


def main(argv: list[str]) -> int:
    """Run until a signal."""
    parser = sim_plant.parser("transmitter", "A simulated FM or TV transmitter. · 模拟发射机。", DOCTOR)
    parser.add_argument("--watts", type=float, default=1000.0, help="nominal power, W · 标称功率(瓦)")
    parser.add_argument("--mhz", type=float, default=98.5, help="frequency, MHz · 频率(兆赫)")
    parser.add_argument("--off", action="store_true", help="begin without a carrier · 开始时无载波")
    asked = parser.parse_args(argv)
    model = Transmitter(nominal=asked.watts, mhz=asked.mhz, on=not asked.off, seed=asked.seed)
    return sim_plant.run(asked, model, DOCTOR)
