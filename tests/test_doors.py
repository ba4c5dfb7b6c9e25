"""Doors: opened by ourselves or taken from the service manager, for real on loopback."""

import os
import socket
import subprocess
import sys
import textwrap

import pytest
from twisted.internet.protocol import Factory

from station.doors import Door, open_doors
from station.words import Refused

SERVER = textwrap.dedent("""
    import sys
    from station.clock import install
    reactor = install("epoll")
    from twisted.internet.protocol import Factory, Protocol
    from station.doors import Door, open_doors
    from station.notify import handed_over
    class Hello(Protocol):
        def connectionMade(self):
            self.transport.write(b"hello")
            self.transport.loseConnection()
            reactor.callLater(0.1, reactor.stop)
    handed = handed_over()
    assert handed == {"panel": 3}, handed
    open_doors(reactor, [Door("panel", 1, Factory.forProtocol(Hello), "127.0.0.1")], handed)
    reactor.run()
""")


def test_a_socket_that_was_opened_for_us_is_answered():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        code = f"import os; os.environ['LISTEN_PID'] = str(os.getpid())\n{SERVER}"
        environ = {**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "panel"}
        shell = 'exec 3<&"$1"; exec "$2" -c "$3"'
        child = subprocess.Popen(
            ["/bin/bash", "-c", shell, "sh", str(listener.fileno()), sys.executable, code],
            env=environ, pass_fds=[listener.fileno()],
        )  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            assert client.recv(100) == b"hello"
        assert child.wait(10) == 0


class Reactor:
    """Fails as a real one does."""

    def __init__(self, error):
        self.error = error

    def listenTCP(self, port, factory, interface, backlog):
        from twisted.internet.error import CannotListenError

        raise CannotListenError(interface, port, self.error)


def door(name="ingest"):
    return Door(name, 8601, Factory(), "10.9.9.9")


def test_a_port_that_is_taken_is_said_with_its_use():
    with pytest.raises(Refused, match=r"port 8601 \(ingest\) on 10.9.9.9 is in use"):
        open_doors(Reactor(OSError(98, "in use")), [door()], {})


def test_an_address_this_machine_does_not_have_is_said_as_such():
    with pytest.raises(Refused, match="no address of this machine"):
        open_doors(Reactor(OSError(99, "cannot assign")), [door()], {})


def test_a_socket_nobody_here_is_called_by_is_refused():
    with pytest.raises(Refused, match="'moon'"):
        open_doors(Reactor(OSError()), [door()], {"moon": 3})
