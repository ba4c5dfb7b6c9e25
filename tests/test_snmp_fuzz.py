"""Fuzz of SNMP and NUT. A thousand inputs here for each, FUZZ=1000000 by `make fuzz`; nothing escapes but misheard, bounded CPU and memory, no wrong value."""

import pytest
from fuzz_kit import COUNT, campaign, damaged
from test_snmp import HEARD as PLAIN
from test_snmp_exchange import ASK, NOW, WANG, Talk
from test_snmp_exchange import campaign as exchanges
from test_snmp_usm import HEARD as SEALED

from devices import nut, sim_nut, snmp
from devices.heard import Answered
from devices.sim_snmp import trap
from devices.snmp_access import Community
from devices.snmp_exchange import Exchange
from devices.snmp_notices import Ear
from station.words import Misheard

SEEDS = [
    bytes.fromhex(PLAIN), *map(bytes.fromhex, SEALED.values()), trap(b"public", 77, (1, 3, 6, 1, 2), []),
    # a message as long as is read, of the smallest objects
    snmp.frame(snmp.response(snmp.Pdu(said="inform", number=5, bindings=(snmp.Binding("1.3", "integer", 1),) * 200)), b"public"),
]  # fmt: skip
LIST = sim_nut.answer("LIST VAR ups1", "ups1")


def told(ear, data):
    """What a notification is, None for none."""
    try:
        return ear.fed(data, NOW)
    except Misheard:
        return None


def listed(data):
    try:
        return nut.Ear("ups1").feed(data)
    except Misheard:
        return None


def under(name):
    """A function of a datagram, for each face that hears one."""
    plain, sealed = Exchange(Community("secretword"), 100), Talk(WANG).exchange
    plain.asked(ASK, NOW)
    ear = Ear([Community("public"), WANG])
    return {
        "v2c": lambda data: plain.fed(data, NOW),
        "v3": lambda data: sealed.fed(data, NOW),
        "notices": lambda data: told(ear, data),
        "nut": listed,
    }[name]


@pytest.mark.parametrize("name", ["v2c", "v3", "notices", "nut"])
def test_fuzz_what_comes(name):
    hear, seeds = under(name), [LIST] if name == "nut" else SEEDS

    def ask(chance):
        data = damaged(chance, chance.choice(seeds), seeds)
        assert not isinstance(hear(data), Answered), data  # of no open question

    campaign(name, ask)


def test_fuzz_no_wrong_value_is_believed():
    wrong, good, believed = exchanges(COUNT, 7)
    assert wrong == 0 and good > COUNT // 3 and believed == good
