"""Pseudo terminals on a clock of the test's own: a reactor of files that are read when the test says, with simulated units at the other end."""

import asyncio
import os
import select
import tty

from plant_kit import T0
from twisted.internet import task
from twisted.python.failure import Failure

from devices.sim_rtu import SerialWire


class Far(asyncio.WriteTransport):
    """The simulator's end of a pseudo terminal."""

    def __init__(self, master):
        super().__init__()
        self.master = master

    def write(self, data):
        os.write(self.master, data)

    def is_closing(self):
        return self.master < 0


class Files(task.Clock):
    """A reactor: files are read after each step of the clock."""

    def __init__(self):
        super().__init__()
        self.files, self.writers, self.far = set(), set(), None

    def addReader(self, file):
        self.files.add(file)

    def removeReader(self, file):
        self.files.discard(file)

    def addWriter(self, file):
        self.writers.add(file)

    def removeWriter(self, file):
        self.writers.discard(file)

    def now(self):
        return T0 + round(self.seconds() * 1_000_000)

    # -- the other end

    def plug(self, name, units, faults):
        """A port of this name with these units behind it; {} for nobody."""
        self.name, (master, self.slave) = name, os.openpty()
        tty.setraw(self.slave)
        name.symlink_to(os.ttyname(self.slave))
        self.far = Far(master)
        self.wire = SerialWire(units, faults, self.callLater)
        self.wire.connection_made(self.far)

    def pull(self):
        """What a pulled cable does."""
        self.name.unlink()
        os.close(self.slave)
        os.close(self.far.master)
        self.far.master = -1

    def run(self, seconds, step=0.002):
        """Time passes, bytes flow."""
        for _ in range(round(seconds / step)):
            self.advance(step)
            self._flow()

    def _flow(self):
        for file in list(self.writers):
            file.doWrite()
        if self.far is not None and self.far.master >= 0:
            while select.select([self.far.master], [], [], 0)[0]:
                self.wire.data_received(os.read(self.far.master, 4096))
        for file in list(self.files):
            if file.fileno() >= 0 and select.select([file.fileno()], [], [], 0)[0]:
                lost = file.doRead()
                if lost is not None:
                    file.connectionLost(Failure(lost))
