"""`gengfu sim registers`: plain registers and coils that anyone may read and write, to try a master or a profile on. Knows no product code but the command line's."""

from __future__ import annotations

from devices import sim_plant

SIZE = 256  # addresses of each table
DOCTOR: sim_plant.Doctor = {}


class Bank:
    """Four tables. At first coil n is n mod 2, input bit n is n mod 3 = 0, holding register n is n, input register n is 1000 + n."""

    def __init__(self) -> None:
        self.faults: dict[str, int] = {}
        self.tables: dict[int, dict[int, int]] = {
            1: {n: n % 2 for n in range(SIZE)},
            2: {n: int(n % 3 == 0) for n in range(SIZE)},
            3: {n: n for n in range(SIZE)},
            4: {n: 1000 + n for n in range(SIZE)},
        }

    def advance(self, dt: float) -> None:
        """Nothing changes by itself."""

    def bits(self, table: int) -> dict[int, int]:
        """Coils (1) or input bits (2)."""
        return self.tables[table]

    def registers(self, table: int) -> dict[int, int]:
        """Holding (3) or input registers (4)."""
        return self.tables[table]

    def write(self, address: int, value: int) -> int:
        """Set a coil."""
        return self._put(1, address, value)

    def write_register(self, address: int, value: int) -> int:
        """Set a holding register."""
        return self._put(3, address, value)

    def _put(self, table: int, address: int, value: int) -> int:
        if address >= SIZE:
            return 2
        self.tables[table][address] = value
        return 0

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {"holding": [self.tables[3][n] for n in range(16)]}


def main(argv: list[str]) -> int:
    """Run until a signal."""
    text = "Plain registers and coils, readable and writable. · 可读写的通用寄存器与线圈。"
    return sim_plant.run(sim_plant.parser("registers", text, DOCTOR).parse_args(argv), Bank(), DOCTOR)
