"""Wires of studio and modem on a clock of the test's own, with a simulated device and its faults at the other end; and the same over a real socket."""

import asyncio
import contextlib
import heapq
import json
import threading

from devices import wire_tool
from devices.sim_studio import listening, spoilt
from devices.turns import ENDS, Answered, Pace, Reply, Stray, Told, Turn

TRIP = 2_000  # µs that bytes are underway


class Room:
    """One connection between a wire and a simulated device."""

    def __init__(self, wire, device, pace=None):
        self.wire, self.device = wire, device
        self.turn, self.session = Turn(wire, pace or Pace()), device.session()
        self.now, self.coming, self.count = 0, [], 0
        self.told, self.strays = [], []
        self.carry(self.session.greeting())

    def carry(self, messages):
        for data in messages:
            for wait, piece in spoilt(self.device.wire, data):
                self.count += 1
                heapq.heappush(self.coming, (self.now + round(1e6 * wait) + TRIP, self.count, piece))

    def say(self, data):
        self.carry(self.session.heard(data))

    def step(self):
        """The next thing that happens: bytes come, or time is up."""
        due, free = self.turn.due(), self.turn.free_at()
        if self.coming and (due is None or self.coming[0][0] < due):
            at, _, data = heapq.heappop(self.coming)
            self.now = max(self.now, at)
            heard = self.turn.fed(data, self.now)
        elif due is not None:
            self.now = max(self.now, due)
            heard = self.turn.passed(self.now)
        else:
            assert free is not None
            self.now, heard = max(self.now, free), []
        for one in heard:
            if isinstance(one, Reply):
                self.say(one.data)
            elif isinstance(one, Told):
                self.told.append(one.value)
            elif isinstance(one, Stray):
                self.strays.append(one.why)
        return heard

    def settle(self):
        """Until nothing is underway and a question may be asked."""
        while (free := self.turn.free_at()) is None or free > self.now or self.coming:
            self.step()

    def ask(self, question):
        """What ends this question."""
        while (free := self.turn.free_at()) is None or free > self.now:
            self.step()
        self.say(self.turn.asked(question, self.now))
        while True:
            for heard in self.step():
                if isinstance(heard, ENDS):
                    return heard

    def value(self, question):
        heard = self.ask(question)
        assert isinstance(heard, Answered), heard
        return heard.value


@contextlib.contextmanager
def served(device, pty=None):
    """The device on a real socket of this machine, or behind a pseudo terminal; gives the link."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    place, close = asyncio.run_coroutine_threadsafe(listening(device, None if pty else 0, pty), loop).result(
        5
    )
    try:
        yield f"serial:{place}" if pty else f"tcp:127.0.0.1:{place}"
    finally:
        loop.call_soon_threadsafe(close)
        loop.call_soon_threadsafe(loop.stop)


def wired(capsys, *words):
    """(exit code, JSON lines) of `gengfu wire …`."""
    code = wire_tool.main([str(word) for word in words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]
