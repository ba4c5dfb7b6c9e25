"""The machine a simulated controller runs on: a reactor on a fake clock, with sockets and children in memory. When it is killed nothing of it runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.python.failure import Failure

from station.simulation.fastclock import FastClock
from station.simulation.plant import End
from station.simulation.wires import LATENCY, Address, Far, Wire

SpawnChild = Callable[[Any, Any], Any]


class Neighbourhood:
    """What is reachable by name: UNIX sockets that others hold, and who runs children for whoever asks."""

    def __init__(self, clock: FastClock, spawn: SpawnChild) -> None:
        self.clock = clock
        self.devices: Callable[[str, int], End | None] = lambda _host, _port: None
        self.sockets: dict[str, Callable[[Callable[[Far], Wire]], bool]] = {}
        self.spawn = spawn


class Machine:
    """A reactor for one life of one controller."""

    def __init__(self, around: Neighbourhood) -> None:
        self._around, self._clock = around, around.clock
        self._calls: set[Any] = set()
        self._wires: list[Wire] = []
        self.listening: dict[int, Any] = {}
        self.alive = True

    # -- time

    def seconds(self) -> float:
        """Of the fake clock."""
        return self._clock.seconds()

    def callLater(self, delay: float, call: Callable[..., Any], *args: Any, **kw: Any) -> Any:  # noqa: N802
        """A call that dies with this machine."""
        if len(self._calls) > 512:
            self._calls = {one for one in self._calls if one.active()}
        made = self._clock.callLater(delay, self._run, call, args, kw)
        self._calls.add(made)
        return made

    def _run(self, call: Callable[..., Any], args: Any, kw: Any) -> None:
        if self.alive:
            call(*args, **kw)

    def callFromThread(self, call: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        """There are no threads here: soon, in the order in which it was asked."""
        self.callLater(0, call, *args)

    def callInThread(self, call: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        """A warm-up that nobody waits for is left out; whoever needs its result makes it then."""

    def getThreadPool(self) -> Machine:  # noqa: N802
        """Whoever asks for a thread gets it done here."""
        return self

    def callInThreadWithCallback(self, done: Any, call: Any, *args: Any, **kw: Any) -> None:  # noqa: N802
        """What a thread pool offers; at once."""
        try:
            result = call(*args, **kw)
        except (OSError, ValueError, RuntimeError):
            done(False, Failure())  # type: ignore[no-untyped-call]  # noqa: FBT003 - Twisted's order
        else:
            done(True, result)  # noqa: FBT003

    # -- doors

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:  # noqa: N802
        """Others may `dial` this port."""
        self.listening[port] = factory
        return self

    def listenUNIX(self, path: str, factory: Any, **options: Any) -> Any:  # noqa: N802
        """The control socket: people of a simulated day come to the desk by its own door."""
        return self

    def connectUNIX(self, path: str, factory: Any, timeout: Any = None, checkPID: Any = 0) -> Any:  # noqa: N802, N803
        """To a player, if it is there."""
        factory.doStart()

        def answer(far: Far) -> Wire:
            return self._wired(factory.buildProtocol(Address(type="UNIX")), far)

        host = self._around.sockets.get(path)
        if host is None or not host(answer):
            self.callLater(0, factory.clientConnectionFailed, self, Failure(error.ConnectionRefusedError()))  # type: ignore[no-untyped-call]
        return self

    def connectTCP(  # noqa: N802
        self, host: str, port: int, factory: Any, timeout: float = 30, **options: Any
    ) -> Any:
        """To a device, if it is there; known a moment later."""
        self.callLater(LATENCY, self._reach, host, port, factory)
        return self

    def _reach(self, host: str, port: int, factory: Any) -> None:
        end = self._around.devices(host, port)
        if end is None:
            factory.clientConnectionFailed(self, Failure(error.ConnectionRefusedError()))  # type: ignore[no-untyped-call]
            return
        protocol = factory.buildProtocol(Address())
        end.wire = Wire(self._clock, protocol, end)
        self._keep(end.wire)
        protocol.makeConnection(end.wire)

    def dial(self, port: int, far: Far) -> Wire | None:
        """A connection from outside; None where nobody listens or the door is shut."""
        factory = self.listening.get(port) if self.alive else None
        protocol = None if factory is None else factory.buildProtocol(Address())
        return None if protocol is None else self._wired(protocol, far)

    def _wired(self, protocol: Any, far: Far) -> Wire:
        wire = Wire(self._clock, protocol, far)
        self._keep(wire)
        protocol.makeConnection(wire)
        return wire

    def _keep(self, wire: Wire) -> None:
        self._wires = [one for one in self._wires if one.open]
        self._wires.append(wire)

    # -- children

    def spawnProcess(  # noqa: N802
        self, protocol: Any, executable: str, args: Any = (), env: Any = None, **options: Any
    ) -> Any:
        """A child of this controller, played by the neighbourhood."""
        return self._around.spawn(self, protocol)

    # -- its end

    def kill(self) -> None:
        """As `kill -9`: no timer, no connection, no listener is left."""
        self.alive = False
        for call in self._calls:
            if call.active():
                call.cancel()
        for wire in self._wires:
            wire.dead()
        self._calls, self._wires = set(), []
        self.listening.clear()
