"""A blocking client of the control socket for command lines: one question, one answer. Knows the framing, not what the answers mean."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Final

from station.netstring import Unpacker, pack
from station.words import Misheard, Refused

TIMEOUT: Final = 10.0


class Line:
    """One connection. Raises OSError where nobody listens."""

    def __init__(self, path: Path, timeout: float = TIMEOUT) -> None:
        self._unpacker = Unpacker()
        self._number = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, do: str, **fields: Any) -> Any:
        """The answer's result. Raises Refused as the station says it, Misheard where it says nothing."""
        self._number += 1
        self._socket.sendall(pack({**fields, "id": self._number, "do": do}))
        while data := self._socket.recv(65_536):
            for message in self._unpacker.feed(data):
                if message.get("id") == self._number:
                    return result_of(message)
        raise Misheard("the station closed the connection without an answer", "台站未应答即断开连接")


def result_of(message: dict[str, Any]) -> Any:
    """The result of an answer, or the Refused it carries."""
    if message.get("ok"):
        return message.get("result")
    text = message.get("text") or {}
    raise Refused(
        str(text.get("en", "refused")),
        str(text.get("zh", "被拒绝")),
        code=str(message.get("code", "refused")),
    )
