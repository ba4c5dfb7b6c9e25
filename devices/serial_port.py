"""A serial port as a Twisted transport: held by nobody else, RS-485 direction where the driver has it, gone when its cable is. Knows no protocol."""

from __future__ import annotations

import fcntl
import os
import termios
from typing import Any

import serial
from serial.rs485 import RS485Settings
from twisted.internet.error import ConnectionAborted
from twisted.internet.serialport import SerialPort
from twisted.python.failure import Failure

from station.links import SerialLink


def is_pseudo(path: str) -> bool:
    """Whether a path leads to a pseudo terminal, which carries characters at once whatever its baud rate says."""
    return os.path.realpath(path).startswith("/dev/pts/")


def held(path: str, *, rs485: bool, **how: Any) -> serial.Serial:
    """A port held by a lock, and closed to whoever asks for none; a pseudo terminal outlives its user and stays open to the next. OSError says why it cannot be had."""
    if is_pseudo(path):
        how["parity"] = "N"  # it carries none, and some systems refuse to be asked for one
    try:
        made = serial.Serial(path, exclusive=True, **how)
    except termios.error as refused:  # by its driver, or pulled while it was opened
        raise OSError(*refused.args) from None
    try:
        if not is_pseudo(path):
            fcntl.ioctl(made.fd, termios.TIOCEXCL)
        if rs485:
            made.rs485_mode = RS485Settings()
    except (OSError, ValueError) as error:
        made.close()
        raise OSError(f"its driver does not switch an RS-485 line: {error}") from None
    return made


class Port(SerialPort):
    """`Port(protocol, link, reactor)` opens; OSError says why it cannot be had. `abort` closes at once."""

    def __init__(self, protocol: Any, link: SerialLink, reactor: Any) -> None:
        self._link = link
        try:
            super().__init__(  # type: ignore[no-untyped-call]
                protocol,
                link.path,
                reactor,
                baudrate=link.baud,
                bytesize=link.data,
                parity=link.parity,
                stopbits=link.stop,
            )
        except termios.error as gone:  # pulled while it was opened
            raise OSError(*gone.args) from None

    def _serialFactory(self, path: str, **how: Any) -> serial.Serial:  # noqa: N802
        return held(path, rs485=self._link.rs485, **how)

    def abort(self) -> None:
        """Close at once; what was not sent is not."""
        if self.connected:
            self.connectionLost(Failure(ConnectionAborted()))  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The cable is gone, or nobody needs the port any more; a second time is nothing new."""
        if self.connected:
            super().connectionLost(reason)  # type: ignore[no-untyped-call]


__all__ = ["Port", "held", "is_pseudo"]
