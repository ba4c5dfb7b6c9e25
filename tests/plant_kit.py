"""A plant in memory: the product's buses and pollers against simulated devices over a wire and a clock of the test's own."""

import asyncio

from twisted.internet import defer, error, task
from twisted.python.failure import Failure

from devices import keying
from devices.plant import Plant
from devices.plant_profile import load
from devices.plant_seen import Device
from devices.sim_modbus import Faults, Unit, Wire
from devices.sim_plant import Living
from devices.sim_transmitter import Transmitter
from devices.sim_ups import Ups
from station.desk import Reply
from station.words import SYSTEM, AreaCode, Operator, Refused, Text

T0 = 1_800_000_000_000_000
QIAN, GAO = Operator(id="qian"), Operator(id="gao")


class Socket(asyncio.WriteTransport):
    """The simulator's end: what it writes arrives at the product."""

    def __init__(self, peer):
        super().__init__()
        self.peer, self.closed = peer, False

    def write(self, data):
        if not self.closed:
            self.peer.dataReceived(bytes(data))

    def is_closing(self):
        return self.closed

    def abort(self):
        if not self.closed:
            self.closed = True
            self.peer.connectionLost(Failure(error.ConnectionLost()))


class Transport:
    """The product's end: what it writes arrives at the simulator."""

    def __init__(self, wire, socket):
        self.wire, self.socket, self.written = wire, socket, []

    def setTcpNoDelay(self, enabled):
        pass

    def write(self, data):
        self.written.append(data)
        self.wire.data_received(data)

    def abortConnection(self):
        self.socket.abort()


class Net(task.Clock):
    """A reactor with addresses: `listen` puts a simulated unit (or several) behind one."""

    def __init__(self):
        super().__init__()
        self.places, self.transports, self.dialled = {}, {}, []

    def listen(self, host, port, *units):
        """`units`: (Unit, Faults) each."""
        self.places[host, port] = units

    def connectTCP(self, host, port, factory, timeout=30):
        self.dialled.append((host, port))
        connector = Connector()
        self.callLater(0.001, self._connected, host, port, factory, connector)
        return connector

    def _connected(self, host, port, factory, connector):
        units = self.places.get((host, port))
        if connector.gone:
            return
        if units is None:
            factory.clientConnectionFailed(connector, Failure(error.ConnectionRefusedError()))
            return
        line = factory.buildProtocol(None)
        socket = Socket(line)
        wires = [Wire(unit, faults, self.callLater) for unit, faults in units]
        for wire in wires:
            wire.connection_made(socket)
        self.transports[host, port] = connector.transport = Transport(Several(wires), socket)
        line.makeConnection(connector.transport)

    def drop(self, host, port):
        """Cut the connection, as a cable is."""
        self.transports[host, port].socket.abort()

    def now(self):
        return T0 + round(self.seconds() * 1_000_000)


class Connector:
    def __init__(self):
        self.gone, self.transport = False, None

    def disconnect(self):
        self.gone = True
        if self.transport is not None:
            self.transport.abortConnection()


class Several:
    """A gateway: every unit behind it sees every request, one answers."""

    def __init__(self, wires):
        self.wires = wires

    def data_received(self, data):
        for wire in self.wires:
            wire.data_received(data)


class Site:
    """A transmitter, a power supply, their faults, and the deciding part that keys carriers; durable after `commit` s."""

    def __init__(self, *, commit=0.005, state=keying.EMPTY, net=None, on=True):
        self.net = net or Net()
        self.tx, self.ups = Transmitter(on=on), Ups()
        self.tx_faults, self.ups_faults = Faults(), Faults()
        self.unit = Unit(1, Living(self.tx, self.net.seconds), self.tx_faults)
        self.net.listen("tx", 502, (self.unit, self.tx_faults))
        self.net.listen(
            "ups", 502, (Unit(1, Living(self.ups, self.net.seconds), self.ups_faults), self.ups_faults)
        )
        self.state, self.events, self.refusals, self.commit = state, [], [], commit
        self.taking = True
        self.plug()

    def plug(self):
        """Begin as a freshly started station does, from the durable state."""
        self.devices = (
            plugged("tx", "transmitter-gengfu", channel="fm1"),
            plugged("ups", "ups-gengfu"),
        )
        known = keying.Known(
            transmitter=True, channel="fm1", area=AreaCode("340422000000"), name=Text("the main one", "主机")
        )
        self.policy = keying.Policy(devices={"tx": known})
        self.plant = Plant(self.net, self.devices, self.net.now, self.tell, jitter=lambda: 0.0)
        self.plant.look(self.state)
        self.plant.start()

    def tell(self, command, by=SYSTEM):
        """The desk: decides now, durable a moment later."""
        if not self.taking:
            return defer.succeed(Reply(ok=False))
        try:
            made = keying.decide(self.state, command, self.net.now(), by, self.policy)
        except Refused as refused:
            self.refusals.append(refused.text.en)
            return defer.succeed(Reply(ok=False))
        for event in made:
            self.events.append(event)
            self.state = keying.evolve(self.state, event)
        plant, done = self.plant, defer.Deferred()

        def durable():
            plant.look(self.state)
            done.callback(Reply(ok=True))

        self.net.callLater(self.commit, durable)
        return done

    def run(self, seconds, step=0.05):
        """Let time pass; what falls due is decided."""
        for _ in range(round(seconds / step)):
            self.net.advance(step)
            for wish in keying.due(self.state, self.net.now(), self.policy):
                self.tell(wish)
        return self

    def off(self):
        """Two persons."""
        self.tell(keying.SetCarrier(device="tx", on=False, reason="work"), QIAN)
        self.tell(keying.ConfirmCarrierOff(device="tx", ask=self.state.device("tx").count), GAO)

    def on(self):
        self.tell(keying.SetCarrier(device="tx", on=True), GAO)

    @property
    def order(self):
        return self.state.device("tx").order

    def value(self, point, device="tx"):
        return self.plant.seen(device).readings[point].value

    def wrong(self):
        """Keys of what is wrong."""
        return {condition.key for condition in self.plant.conditions()}


def plugged(name, profile, *, channel="", host=None, unit=1):
    return Device(
        id=name,
        name=Text(name, name),
        host=host or name,
        port=502,
        unit=unit,
        channel=channel,
        profile=load(profile),
    )
