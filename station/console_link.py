"""The console's line to the station: asks, and connects anew when the station was away. Knows the control socket; knows no screen and no talk."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import Any, Final

from station.asking import Line
from station.seats import token
from station.settings import Places
from station.words import Misheard, Refused

PATIENCE: Final = 4.0  # s that one answer may take


class Link:
    """One connection at a time, made when something is asked. Refused with code `unavailable` where no station answers."""

    def __init__(self, state: Path) -> None:
        self._places = Places(state)
        self._line: Line | None = None
        self._token = ""

    def query(self, name: str, **args: Any) -> Any:
        """A view as plain JSON."""
        return self._ask("query", session=self._seat(), name=name, args=args)

    def command(self, name: str, body: dict[str, Any], request: str = "") -> None:
        """Do it as the console itself; the same `request` is done once."""
        self._ask(
            "command", session=self._seat(), request=request or str(uuid.uuid4()), command=name, body=body
        )

    def act(self, operator: str, pin: str, deeds: list[tuple[str, dict[str, Any]]]) -> None:
        """Do these one after the other as a person known by PIN, who leaves the seat afterwards."""
        seat = self._ask("sit", session=self._seat(), operator=operator, pin=pin)["session"]
        try:
            for name, body in deeds:
                self._ask(
                    "command", session=seat, request=str(uuid.uuid4()), command=name, body=body, pin=pin
                )
        except Refused as refused:
            raise _uncertain(refused) if refused.code == "unavailable" else refused from None
        finally:
            with contextlib.suppress(
                Refused
            ):  # a seat that is not left ends by itself; what was done is done
                self._ask("logout", session=seat)

    def close(self) -> None:
        """Let go of the connection."""
        if self._line is not None:
            self._line.__exit__()
            self._line = None

    def _seat(self) -> str:
        if self._line is None:
            self._connect()
        return self._token

    def _connect(self) -> None:
        self._token = token(self._places.run, "console")  # before: a station that starts writes it first
        try:
            self._line = Line(self._places.control, PATIENCE)
        except OSError as error:
            raise _away(error) from None

    def _ask(self, do: str, **fields: Any) -> Any:
        if self._line is None:
            self._connect()
        assert self._line is not None
        try:
            return self._line.ask(do, **fields)
        except (OSError, Misheard) as error:
            self.close()
            raise _away(error) from None
        except Refused as refused:
            if refused.code == "unknown":  # another station than the one this token was for
                self.close()
            raise


def _away(error: Exception) -> Refused:
    why = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return Refused(
        f"the station does not answer ({why})",
        f"台站没有应答({why})",
        code="unavailable",
    )


def _uncertain(away: Refused) -> Refused:
    return Refused(
        f"{away.text.en}; it is not known whether this was done: look before you do it again",
        f"{away.text.zh};不确定是否已执行,请先查看再重做",
        code="unavailable",
    )
