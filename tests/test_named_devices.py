"""Power supplies that are asked by name (SNMP, NUT, lines of text), polled by a station: values with quality and age, alarms, and nothing late ever taken."""

import attrs
import pytest
from plant_kit import Connector, Net
from twisted.internet import defer, error
from twisted.python.failure import Failure

from devices import sim_nut, sim_plant, sim_snmp, snmp_line
from devices.plant import Plant
from devices.plant_profile import Identity, load
from devices.plant_seen import Device
from devices.points import quality
from devices.sim_ascii import Supply
from devices.sim_modbus import Faults
from devices.sim_ups import Ups
from devices.snmp_access import Community
from station.links import GatewayLink, NutLink, SnmpLink, TextLink
from station.words import Text


class Datagrams:
    """A socket of the product towards the simulated agent."""

    def __init__(self, net, line):
        self.net, self.line, self.open, self.sent = net, line, True, []

    def connect(self, host, port):
        assert (host, port) == ("10.0.0.5", 161)

    def write(self, data):
        self.sent.append(data)
        for wait, answer, elsewhere in self.net.agent.answers(data):
            place = ("10.0.0.5", 9) if elsewhere else ("10.0.0.5", 161)
            self.net.callLater(wait, self._come, answer, place)

    def _come(self, data, place):
        if self.open:
            self.line.datagramReceived(data, place)

    def stopListening(self):
        if self.open:
            self.open = False
            self.line.stopProtocol()


class Wire:
    """A connection whose far end is a function of what was written."""

    def __init__(self, net, line, answers):
        self.net, self.line, self.answers, self.open = net, line, answers, True

    def setTcpNoDelay(self, enabled):
        pass

    def write(self, data):
        for wait, said in self.answers(data):
            self.net.callLater(wait, self._come, said)

    def _come(self, data):
        if self.open and data is None:
            self.abortConnection()
        elif self.open:
            self.line.dataReceived(data)

    def abortConnection(self):
        if self.open:
            self.open = False
            self.line.connectionLost(Failure(error.ConnectionLost()))


class Hill(Net):
    """A reactor at whose addresses an SNMP agent, a NUT server and a text device live."""

    def __init__(self):
        super().__init__()
        self.model, self.faults = Ups(), Faults()
        self.agent = sim_snmp.Agent(
            self.model, sim_plant.Living(self.model, self.seconds), self.faults, b"hill"
        )
        self.nut_fault, self.nut_status, self.nut_wait = "", "OL CHRG", 0.01
        self.text = Supply()
        self.sockets, self.wires, self.up = [], [], True

    def listenUDP(self, port, line, interface=""):
        line.transport = made = Datagrams(self, line)
        self.sockets.append(made)
        line.startProtocol()
        return made

    def connectTCP(self, host, port, factory, timeout=30):
        connector = Connector()
        self.callLater(0.001, self._made, factory, connector, self.nut if port == 3493 else self.text.answer)
        return connector

    def _made(self, factory, connector, answers):
        if connector.gone:
            return
        if not self.up:
            factory.clientConnectionFailed(connector, Failure(error.ConnectionRefusedError()))
            return
        line = factory.buildProtocol(None)
        connector.transport = wire = Wire(self, line, answers)
        self.wires.append(wire)
        line.makeConnection(wire)

    def nut(self, data):
        values = {**sim_nut.VALUES, "ups.status": self.nut_status}
        held, sim_nut.VALUES = sim_nut.VALUES, values
        try:
            said = sim_nut.answer(data.decode().strip(), "ups1", self.nut_fault)
        finally:
            sim_nut.VALUES = held
        if said is None:
            return []
        return (
            [(self.nut_wait, said), (self.nut_wait, None)]
            if self.nut_fault == "cut"
            else [(self.nut_wait, said)]
        )


def device(name, profile, **how):
    return Device(
        id=name, name=Text(name, name), host="", port=0, unit=1, channel="", profile=load(profile), **how
    )


class Site:
    def __init__(self, who="", identity=None):
        self.net = Hill()
        self.facts = []
        devices = (
            device("snmp", "ups-rfc1628", link=SnmpLink("10.0.0.5", 161), access=Community("hill")),
            device("nut", "nut-ups", link=NutLink("10.0.0.6", 3493), supply="ups1"),
            device("text", "ups-text-gengfu", link=TextLink(GatewayLink("10.0.0.7", 4001))),
        )
        shown = [
            attrs.evolve(one, profile=attrs.evolve(one.profile, identity=identity)) if one.id == who else one
            for one in devices
        ]
        self.plant = Plant(self.net, shown, self.net.now, self.tell, jitter=lambda: 0.0)
        self.plant.start()

    def tell(self, command):
        self.facts.append(command)
        return defer.Deferred()

    def run(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.net.advance(0.05)
        return self

    def contact(self, name):
        return self.plant.seen(name).contact

    def value(self, name, point):
        return self.plant.seen(name).readings[point].value

    def worth(self, name, point):
        seen, (one,) = self.plant.seen(name), [d for d in self.plant.devices if d.id == name]
        (held,) = [p for p in one.profile.points if p.id == point]
        return quality(held, seen.readings[point], self.net.now(), one.profile.period_us(held))

    def wrong(self, name):
        return {one.card for one in self.plant.conditions() if one.key.startswith(name) or name in one.key}


def test_each_is_read_and_what_it_has_not_got_is_never_read():
    site = Site().run(12)
    for name in ("snmp", "nut", "text"):
        assert site.contact(name) == "good" and site.value(name, "on_battery") == 0
        assert site.value(name, "battery_minutes") == 60 and site.worth(name, "battery_minutes") == "good"
    assert (site.value("snmp", "battery_charge"), site.value("nut", "battery_charge")) == (100, 1000)
    assert site.value("nut", "mains_voltage") == 2284 and 215 < site.value("snmp", "mains_voltage") < 240
    assert site.value("text", "battery_charge") == 1000 and site.value("text", "load") == 34
    assert "battery_temperature" not in site.plant.seen("nut").readings
    assert site.plant.conditions() == ()


def test_on_battery_is_a_fact_and_an_alarm_on_each():
    site = Site().run(12)
    site.net.model.faults["mains"] = 0
    site.net.nut_status, site.net.text.on = "OB DISCHRG", False
    site.run(15)
    for name in ("snmp", "nut", "text"):
        assert site.value(name, "on_battery") == 1 and "ups.on-battery" in site.wrong(name)
        (fact,) = [one for one in site.facts if one.device == name and "on-battery" in one.crossed][:1]
        assert fact.contact == "good"


def break_it(net):
    net.model.faults["silent"] = 0
    net.nut_fault = "silent"
    net.text.faults = {"silent"}


def mend(net):
    net.model.faults.clear()
    net.nut_fault, net.nut_wait, net.text.faults, net.nut_status = "", 0.01, set(), "OL"


def test_silence_is_lost_contact_with_old_values_and_comes_back():
    site = Site().run(12)
    break_it(site.net)
    site.run(40)
    for name in ("snmp", "nut", "text"):
        assert site.contact(name) == "lost" and site.worth(name, "battery_minutes") == "bad"
        assert site.value(name, "battery_minutes") == 60 and "device.no-contact" in site.wrong(name)
    mend(site.net)
    site.run(60)
    for name in ("snmp", "nut", "text"):
        assert site.contact(name) == "good" and site.worth(name, "battery_minutes") == "good"


def test_late_answers_are_never_taken():
    site = Site().run(12)
    net, taken = site.net, set()
    net.model.faults["late"], net.nut_wait, net.text.faults = 1_300, 1.7, {"late"}
    for k in range(20):
        net.model.charge, net.text.minutes = 0.2 + 0.02 * k, 10 + k
        site.run(3)
        if k > 4:
            taken |= {
                name for name in ("snmp", "nut", "text") if site.worth(name, "battery_minutes") == "good"
            }
        taken |= {site.value("snmp", "battery_minutes"), site.value("text", "battery_minutes")}
    assert taken == {60}


@pytest.mark.parametrize(
    "fault", ["number", "community", "other", "short", "garbage", "cut", "elsewhere", "error", "reboot"]
)
def test_no_faulty_answer_of_an_agent_is_a_value(fault):
    site = Site().run(12)
    site.net.model.faults[fault] = 0
    site.net.model.charge = 0.5
    site.run(30)
    assert site.value("snmp", "battery_minutes") == 60 and site.worth("snmp", "battery_minutes") == "bad"


def test_an_agent_that_loses_an_object_is_noticed():
    site = Site().run(12)
    site.net.model.faults["missing"] = 0
    site.run(12)
    assert site.plant.seen("snmp").readings["battery_minutes"].fault == "not told any more"
    assert "device.unread" in site.wrong("snmp")


@pytest.mark.parametrize(("fault", "why"), [("stale", "DATA-STALE"), ("cut", "timeout"), ("garbage", "timeout"), ("other", "timeout"), ("twice", "timeout")])  # fmt: skip
def test_no_faulty_list_of_a_nut_server_is_a_value(fault, why):
    site = Site().run(12)
    site.net.nut_fault, site.net.nut_status = fault, "OB"
    site.run(20)
    assert site.contact("nut") == "lost" and site.plant.seen("nut").why in (why, "link", "resting")
    assert site.value("nut", "on_battery") == 0
    mend(site.net)
    assert site.run(60).contact("nut") == "good"


def test_a_nut_server_that_spoke_late_is_asked_on_another_connection():
    site = Site().run(12)
    before = len(site.net.wires)
    site.net.nut_wait = 1.7
    site.run(8)
    assert len(site.net.wires) > before


def test_a_lost_datagram_is_sent_once_more():
    site = Site().run(12)
    (socket,) = site.net.sockets
    sent = len(socket.sent)
    site.net.model.faults["silent"] = 0
    site.run(5.5)
    assert len(socket.sent) == sent + 2 and socket.sent[-1] == socket.sent[-2]


def test_stopping_lets_go_of_every_line():
    site = Site().run(12)
    site.plant.stop()
    assert not any(one.open for one in (*site.net.sockets, *site.net.wires))
    site.run(1)
    assert site.net.getDelayedCalls() == []


def test_a_server_that_is_not_there_is_tried_again():
    site = Site()
    site.net.up = False
    site.run(10)
    assert site.contact("nut") == "lost" and site.plant.seen("nut").why == "link"
    site.net.up = True
    assert site.run(10).contact("nut") == "good"


def test_an_address_is_said_as_its_protocol_has_it():
    assert [one.address for one in Site().plant.devices] == [
        "snmp:10.0.0.5:161",
        "nut:10.0.0.6:3493/ups1",
        "line-tcp:10.0.0.7:4001",
    ]


def test_a_name_that_resolves_to_nothing_and_a_port_that_is_taken_are_tried_again():
    net, heard = Hill(), []

    class Owner:
        def closed(self, line, why):
            heard.append(why)

    net.resolve = lambda host: defer.fail(error.DNSLookupError(host))
    dialler = snmp_line.Dialler(Community("x"), net.now, lambda: 7)
    dialler(net, SnmpLink("hill", 161), Owner(), again=False, source={})
    net.resolve = lambda host: defer.succeed("10.0.0.5")
    net.listenUDP = lambda *how, **more: taken(more)

    def taken(more):
        assert more == {"interface": "10.0.0.1"}
        raise error.CannotListenError("", 0, OSError("taken"))

    dialler(net, SnmpLink("hill", 161), Owner(), again=True, source={"bindAddress": ("10.0.0.1", 0)})
    assert len(heard) == 2 and "hill" in heard[0] and "taken" in heard[1]


def test_a_line_let_go_before_it_was_found_is_never_opened():
    net, found = Hill(), defer.Deferred()
    net.resolve = lambda host: found
    held = snmp_line.Dialler(Community("x"), net.now, lambda: 7)(
        net, SnmpLink("hill", 161), None, again=False, source={}
    )
    held.disconnect()
    found.callback("10.0.0.5")
    assert net.sockets == []


OBJECT = "1.3.6.1.2.1.1.2.0"


@pytest.mark.parametrize(
    ("name", "who", "contact"),
    [
        ("nut", Identity(at="ups.status", says="OL CHRG"), "good"), ("nut", Identity(at="ups.status", says="OB"), "wrong"),
        ("nut", Identity(at="ups.serial", says="7"), "wrong"), ("snmp", Identity(at=OBJECT, says="1.3.6.1.4.1.99999.1"), "good"),
        ("snmp", Identity(at=OBJECT, says="1.3.6.1.4.1.99999"), "wrong"), ("snmp", Identity(at="1.3.6.1.9.1", says="None"), "wrong"),
    ],
)  # fmt: skip
def test_a_device_may_have_to_show_who_it_is(name, who, contact):
    site = Site(name, who).run(12)
    assert site.contact(name) == contact
    assert ("on_battery" in site.plant.seen(name).readings and site.value(name, "on_battery") == 0) == (
        contact == "good"
    )
    assert ("device.wrong" in site.wrong(name)) == (contact == "wrong")
