"""Lines that are no Modbus/TCP: how they are written, the serial port, and the bus over serial frames whatever the wire does."""

import fcntl
import os
import termios

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from plant_kit import Net, Socket, Transport
from serial_kit import Files
from test_bus import Outcome, Registers, truth
from twisted.python.failure import Failure

from devices.bus import SHARE, Bus, Lane
from devices.modbus import Read, WriteCoil
from devices.serial_port import Port, is_pseudo
from devices.sim_modbus import Faults, Unit
from devices.sim_rtu import SerialWire
from station.links import BAUDS, GatewayLink, SerialLink, TcpLink, parse
from station.words import Refused

# -- how a line is written --------------------------------------------------------------------------

BY_ID = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
BY_PATH = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("tcp:10.2.0.9:502", TcpLink("10.2.0.9", 502)),
        ("tcp:[fd00::9]:502", TcpLink("fd00::9", 502)),
        ("rtu-tcp:moxa.hill:4001", GatewayLink("moxa.hill", 4001)),
        (f"rtu:{BY_ID}:9600:8N1", SerialLink(BY_ID)),
        (f"tcp:{'x' * 63}.cn.:502", TcpLink(f"{'x' * 63}.cn.", 502)),
        (f"rtu:{BY_PATH}:19200:7E2:rs485", SerialLink(BY_PATH, 19_200, 7, "E", 2, rs485=True)),
    ],
)
def test_a_line_is_read_as_it_is_written(text, link):
    assert parse(text) == link


@pytest.mark.parametrize(
    "text",
    ["", "tcp:host", "tcp:host:0", "tcp:a..b:502", f"tcp:{'x' * 64}.cn:502", "snmp:host:161", "tcp:host:65536", "tcp:a b:502", "udp:host:502", "rtu:/dev/ttyS0", "rtu:ttyS0:9600:8N1",
     "rtu:/dev/ttyS0:9601:8N1", "rtu:/dev/ttyS0:9600:9N1", "rtu:/dev/ttyS0:9600:8M1", "rtu:/dev/a b:9600:8N1",
     "rtu:/dev/ttyS0:9600:8N1:rs232", "rtu:/dev/\0:9600:8N1"],
)  # fmt: skip
def test_what_is_no_line_is_refused_in_both_languages(text):
    with pytest.raises(Refused) as said:
        parse(text)
    assert "is no line" in said.value.text.en and "不是有效的线路" in said.value.text.zh


@given(
    st.builds(
        SerialLink,
        st.from_regex(r"/dev/[A-Za-z0-9:._/-]{1,40}", fullmatch=True),
        st.sampled_from(BAUDS),
        st.sampled_from((7, 8)),
        st.sampled_from("NEO"),
        st.sampled_from((1, 2)),
        st.booleans(),
    )
)
def test_a_serial_line_survives_being_written(link):
    assert parse(str(link)) == link and 9 <= link.bits <= 12


def test_lines_of_tcp_are_said_as_people_know_them():
    assert str(TcpLink("hill", 502)) == "hill:502" and str(GatewayLink("hill", 502)) == "rtu-tcp:hill:502"


# -- a serial port ----------------------------------------------------------------------------------


class Site:
    """A bus on a pseudo terminal with units behind it."""

    def __init__(self, tmp_path, units=(1,)):
        self.files = Files()
        self.models = {unit: Registers(self.files) for unit in units}
        self.faults = Faults(1)
        self.units = {unit: Unit(unit, self.models[unit], self.faults) for unit in units}
        self.name = tmp_path / "port"
        self.link = SerialLink(str(self.name), 19_200)
        self.plug()
        self.bus = Bus(self.files, self.link, self.files.now, jitter=lambda: 0.0)
        self.bus.start()

    def plug(self):
        self.files.plug(self.name, self.units, self.faults)

    def read(self, unit=1, address=10, count=2, lane=Lane.POLL, table="input"):
        ask = Read(unit=unit, table=table, address=address, count=count)
        return Outcome(self.bus.ask(ask, lane, timeout=0.3))

    def write(self, on=True):
        return Outcome(self.bus.ask(WriteCoil(unit=1, address=5, on=on), Lane.ORDER, timeout=0.3))


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.bus.stop()


def test_a_unit_on_a_serial_port_is_read_and_written(site):
    out, order = site.read(), site.write()
    site.files.run(0.1)
    assert len(out.got.words) == 2 and order.got.words == (1,) and site.models[1].coils == {5: 1}


def test_a_pulled_cable_is_a_lost_line_and_a_plugged_one_is_found_again(site):
    site.faults.on["slow"] = 200
    flying, waiting = site.write(), site.write()
    site.files.run(0.05)
    site.files.pull()
    site.files.run(0.01)
    assert (flying.trouble, waiting.trouble) == ("timeout", "link") and not site.bus.up
    site.files.run(3)
    assert site.read().trouble == "link"
    site.faults.on.clear()
    site.plug()
    site.files.run(1.3)
    assert site.bus.up and site.bus.connections == 2
    out = site.read()
    site.files.run(0.5)
    assert not out.done  # what was asked before the cable was pulled may still be answered
    site.files.run(1)
    assert out.got is not None


def test_a_port_is_held_by_one_alone(site):
    second = Bus(site.files, site.link, site.files.now)
    second.start()
    site.files.run(0.5)
    assert site.bus.up and not second.up
    site.bus.stop()
    site.files.run(1.5)
    assert second.up
    second.stop()


def test_a_port_that_is_not_there_is_tried_again(tmp_path):
    files = Files()
    bus = Bus(files, SerialLink(str(tmp_path / "none")), files.now)
    bus.start()
    files.run(3, step=0.05)
    assert not bus.up and bus.connections == 0
    bus.stop()
    files.run(3, step=0.05)
    assert not files.getDelayedCalls()


def test_a_line_that_is_stopped_leaves_nothing_behind(site):
    site.read()
    site.files.run(0.01)
    site.bus.stop()
    site.files.run(2)
    assert not site.files.files and not site.files.getDelayedCalls()


class Watched:
    """A protocol that remembers its end."""

    def __init__(self):
        self.lost = []

    def makeConnection(self, transport):
        self.transport = transport

    def connectionLost(self, reason):
        self.lost.append(reason)


def test_where_the_driver_cannot_switch_the_direction_the_port_is_not_had(site, tmp_path):
    master, slave = os.openpty()
    link = SerialLink(os.ttyname(slave), rs485=True)
    with pytest.raises(OSError, match="does not switch an RS-485 line"):
        Port(Watched(), link, Files())
    again = Port(Watched(), SerialLink(link.path), Files())  # it was let go
    again.abort()
    os.close(slave)
    os.close(master)


def test_a_port_is_asked_for_as_the_link_says_and_ends_once(monkeypatch):
    master, slave = os.openpty()
    asked, made, told = [], serial.Serial, []
    monkeypatch.setattr(serial, "Serial", lambda path, **how: (asked.append(how), made(path, **how))[1])
    monkeypatch.setattr("devices.serial_port.is_pseudo", lambda path: False)
    monkeypatch.setattr(fcntl, "ioctl", lambda fd, request, *more: told.append(request) or 0)
    watched = Watched()
    port = Port(watched, SerialLink(os.ttyname(slave), 38_400, 8, "E", 1), Files())
    how = asked[0]
    assert (how["baudrate"], how["bytesize"], how["parity"], how["stopbits"]) == (38_400, 8, "E", 1)
    assert how["exclusive"] is True and termios.TIOCEXCL in told
    port.abort()
    port.abort()
    port.connectionLost(Failure(OSError()))
    assert len(watched.lost) == 1
    os.close(slave)
    os.close(master)


def test_a_cable_pulled_while_the_port_is_opened_is_a_port_not_had(monkeypatch):
    master, slave = os.openpty()

    def gone(self):
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(serial.Serial, "flushInput", gone, raising=False)
    with pytest.raises(OSError, match="Input/output"):
        Port(Watched(), SerialLink(os.ttyname(slave)), Files())
    os.close(slave)
    os.close(master)


def test_a_pseudo_terminal_is_known_as_one(site):
    assert is_pseudo(str(site.name)) and not is_pseudo("/dev/null")


# -- serial frames through the bus, whatever the wire does -------------------------------------------


class SerialNet(Net):
    """A net whose places are serial servers: every unit behind one hears every request."""

    def _connected(self, host, port, factory, connector):
        line = factory.buildProtocol(None)
        socket = Socket(line)
        ((units, faults),) = self.places[host, port]
        wire = SerialWire(units, faults, self.callLater)
        wire.connection_made(socket)
        self.transports[host, port] = connector.transport = Transport(wire, socket)
        line.makeConnection(connector.transport)


class Behind:
    """A bus to a serial server."""

    def __init__(self, units=(1,), seed=1):
        self.net, self.faults = SerialNet(), Faults(seed)
        models = {unit: Registers(self.net) for unit in units}
        self.units = {unit: Unit(unit, models[unit], self.faults) for unit in units}
        self.net.listen("moxa", 4001, (self.units, self.faults))
        self.bus = Bus(self.net, GatewayLink("moxa", 4001), self.net.now, jitter=lambda: 0.0)
        self.bus.start()
        self.net.advance(0.01)

    def read(self, unit=1, address=10, count=2, table="input"):
        ask = Read(unit=unit, table=table, address=address, count=count)
        return Outcome(self.bus.ask(ask, Lane.ORDER, timeout=0.2))

    def run(self, seconds, step=0.005):
        for _ in range(round(seconds / step)):
            self.net.advance(step)


@pytest.mark.parametrize(
    "fault",
    ["late", "dead", "cross", "cut", "crc", "garbage", "noise", "short", "long", "function", "unit", "echo", "twice",
     "pieces", "exception"],
)  # fmt: skip
def test_of_all_reads_on_a_serial_line_under_a_fault_none_gives_a_wrong_value(fault):
    site = Behind(seed=7)
    site.faults.on[fault] = 900 if fault == "late" else 0
    site.faults.share, good = 30, 0
    for k in range(120):
        table, count = ("input", 2) if k % 3 else ("coil", 9)
        out = site.read(address=10 + k % 2, count=count, table=table)
        while not out.done:
            site.run(0.02)
        site.run(0.2 if out.trouble == "link" else 0)
        if out.got is not None:
            good += 1
            served = round((out.got.asked_at - 1_800_000_000_000_000) / 1000)
            wanted = [truth(1, table, 10 + k % 2, count, served + late) for late in range(12)]
            assert out.got.words in wanted
    assert good >= 60


def test_a_dead_unit_of_a_serial_line_costs_its_neighbours_at_most_a_twentieth_of_their_time():
    site = Behind(units=(1,))
    answered = asked = dead = 0
    out = site.read(unit=1)
    gone = None
    for _ in range(6_000):  # ten minutes
        site.run(0.1, step=0.1)
        if out.done:
            answered += out.got is not None
            asked += 1
            out = Outcome(
                site.bus.ask(Read(unit=1, table="input", address=1, count=1), Lane.POLL, timeout=0.2)
            )
        if gone is None or gone.done:
            dead += gone is not None and gone.trouble == "timeout"
            gone = Outcome(
                site.bus.ask(Read(unit=2, table="input", address=1, count=1), Lane.POLL, timeout=0.2)
            )
    assert answered == asked and dead * 1.2 <= 0.05 * 600 and SHARE * 1.2 > 28
