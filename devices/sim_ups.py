"""`gengfu sim ups`: a power supply whose battery drains and fills as one would; all figures invented. Knows no product code but the command line's."""

from __future__ import annotations

import random

from devices import sim_plant

MAP = 1
DOCTOR = {
    "mains": ("the mains are gone", "市电中断"),
    "sag": ("the mains sag to 172 V", "市电跌至 172 伏"),
    "battery": ("the battery is old: a fifth of its minutes", "电池老化:仅剩五分之一续航"),
    "charge": ("set the charge to VALUE %", "将电量设为 VALUE %"),
    "overload": ("the load is 118 %", "负载 118%"),
    "hot": ("the battery is hot", "电池过热"),
}


class Ups:
    """Its state at `advance`d seconds; charge from 0 to 1."""

    def __init__(self, *, minutes: float = 60.0, seed: int = 1) -> None:
        self.minutes = minutes  # a full battery lasts so long at this load
        self.charge = 1.0
        self.warm = 25.0
        self.faults: dict[str, int] = {}
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    @property
    def on_battery(self) -> bool:
        """Whether the mains are of no use."""
        return "mains" in self.faults or "sag" in self.faults

    @property
    def whole(self) -> float:
        """Minutes of a full battery."""
        return self.minutes * (0.2 if "battery" in self.faults else 1.0)

    def advance(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        if "charge" in self.faults:
            self.charge = min(100, self.faults.pop("charge")) / 100
        if self.on_battery:
            self.charge = max(0.0, self.charge - dt / 60 / self.whole)
        else:
            self.charge = min(1.0, self.charge + dt / 60 / 240)  # four hours to fill
        target = 46.0 if "hot" in self.faults else 27.0 if self.on_battery else 25.0
        self.warm += (target - self.warm) * min(1.0, dt / 30)

    def bits(self, table: int) -> dict[int, int]:
        """Discrete inputs; there are no coils."""
        if table == 1:
            return {}
        over = int("overload" in self.faults)
        return {0: int(self.on_battery), 1: int("battery" in self.faults), 2: over, 3: over}

    def registers(self, table: int) -> dict[int, int]:
        """Input registers."""
        if table == 3:
            return {}
        mains = 0.0 if "mains" in self.faults else 172.0 if "sag" in self.faults else 228.0
        volts = mains + self._random.uniform(-1.2, 1.2) if mains else 0.0
        load = 118.0 if "overload" in self.faults else 34.5 + self._random.uniform(-0.4, 0.4)
        out = 0.0 if self.on_battery and self.charge <= 0 else 220.3
        made = {0: 0x4746, 1: 0x5550, 2: MAP}
        made |= {10: round(10 * volts), 11: 5000 if mains else 0, 12: round(10 * out), 13: round(10 * load)}
        made |= {14: round(1000 * self.charge), 15: int(self.whole * self.charge)}
        return made | {16: round(10 * (44.0 + 10.5 * self.charge)), 17: round(10 * self.warm) & 0xFFFF}

    def write(self, address: int, value: int) -> int:
        """Nothing of it can be switched from afar."""
        return 2

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {
            "on_battery": self.on_battery,
            "charge": round(self.charge, 4),
            "minutes": int(self.whole * self.charge),
        }


def main(argv: list[str]) -> int:
    """Run until a signal."""
    parser = sim_plant.parser("ups", "A simulated power supply. · 模拟不间断电源。", DOCTOR)
    parser.add_argument("--minutes", type=float, default=60.0, help="a full battery lasts · 满电续航(分钟)")
    asked = parser.parse_args(argv)
    return sim_plant.run(asked, Ups(minutes=asked.minutes, seed=asked.seed), DOCTOR)
