"""The same connection encrypted (TLS 1.2 and later), its server's certificate checked against the name it was called by. Knows ssl and connections; knows no protocol."""

from __future__ import annotations

import ssl

from playout.tcp_out import Wire
from playout.ways import Gone, Way
from station.outputs import Target


class SecureWire(Wire):
    """One connection. What fails raises OSError or Gone; a certificate that is not to be trusted Gone("certificate")."""

    def __init__(self, host: str, port: int, way: Way, bound: int) -> None:
        """As for any; whom the system trusts is trusted, or whom the output's own file names, and nobody else."""
        self._context = _context(way)
        self._host = host
        self._secured: ssl.SSLSocket | None = None
        super().__init__(host, port, way, bound)

    def _connected(self) -> None:
        if self._secured is None:
            super()._connected()
            self._connecting = True  # until both sides know each other
            self._socket = self._secured = self._context.wrap_socket(
                self._socket, server_hostname=self._host, do_handshake_on_connect=False
            )
        try:
            self._secured.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except ssl.SSLCertVerificationError:
            raise Gone("certificate") from None
        except ssl.SSLError:
            raise Gone("answer") from None
        self._connecting = False

    def _put(self, data: memoryview) -> int:
        try:
            return super()._put(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        except ssl.SSLError:
            raise Gone("closed") from None

    def _get(self) -> bytes:
        assert self._secured is not None
        try:
            data = super()._get()
            return data + self._secured.recv(self._secured.pending()) if self._secured.pending() else data
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        except ssl.SSLError:
            raise Gone("closed") from None


def _context(way: Way) -> ssl.SSLContext:
    name = way.section.ca_file
    try:
        return ssl.create_default_context(cafile=str(way.held(name)) if name else None)
    except OSError:  # also what is no certificate
        raise Gone("certificate") from None


def wire_to(place: Target, way: Way, bound: int) -> Wire:
    """A connection as its address asks for it; at most `bound` bytes wait."""
    return (SecureWire if place.secure else Wire)(place.host, place.port, way, bound)
