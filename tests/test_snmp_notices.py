"""SNMP notifications: believed from whom they may come, and no recorded one again."""

import attrs
import pytest

from devices import snmp, snmp_usm
from devices.sim_snmp import INTEGER, SEQUENCE, name, tlv, trap, whole
from devices.snmp import Binding, Pdu
from devices.snmp_access import Community, User
from devices.snmp_notices import ENGINES, TRAP, UPTIME, Ear
from devices.snmp_usm import Engine
from station.words import Misheard

NOW = 1_800_000_000_000_000
ON_BATTERY = "1.3.6.1.2.1.33.2.1"
WANG = User(name="wang", auth="sha256", auth_key="authpass2", priv="aes128", priv_key="privpass2")
OPEN = User(name="open")
THERE = Engine(b"\x80\0\x1f\x88\4ups", 7, 500, NOW)
ROWS = (
    Binding(UPTIME, "ticks", 77),
    Binding(TRAP, "oid", ON_BATTERY),
    Binding("1.3.6.1.2.1.33.1.2.3.0", "integer", 9),
)


def ear():
    return Ear([Community("public"), Community("hill"), WANG, OPEN])


def inform(rows=ROWS, community=b"public"):
    made = snmp._filled(snmp.rfc1905.InformRequestPDU(), 5, rows)
    return snmp.frame(made, community)


def sealed(user=WANG, engine=THERE, pdu=snmp.rfc1905.SNMPv2TrapPDU, rows=ROWS):
    made = snmp._filled(pdu(), 5, rows)
    return snmp_usm.sealed(user, engine, 5, made, engine.at, asks=False)


def refused(data, code, held=None):
    with pytest.raises(Misheard) as misheard:
        (held or ear()).fed(data, NOW)
    assert misheard.value.code == code and misheard.value.text.zh


def test_a_trap_written_by_hand_is_read():
    row = tlv(SEQUENCE, name((1, 3, 6, 1, 2, 1, 33, 1, 2, 3, 0)), whole(INTEGER, 9))
    notice = ear().fed(trap(b"hill", 77, (1, 3, 6, 1, 2, 1, 33, 2, 1), [row]), NOW)
    assert (notice.trap, notice.uptime, notice.by, notice.reply) == (ON_BATTERY, 77, "", None)
    assert notice.bindings == ROWS[2:]


def test_an_inform_wants_itself_back_as_a_response():
    notice = ear().fed(inform(), NOW)
    assert snmp.read(notice.reply) == (b"public", Pdu(said="response", number=5, bindings=ROWS))


@pytest.mark.parametrize("user", [WANG, OPEN], ids=lambda user: user.name)
def test_a_trap_of_v3_is_read(user):
    notice = ear().fed(sealed(user), NOW)
    assert (notice.trap, notice.by, notice.bindings) == (ON_BATTERY, user.name, ROWS[2:])


def test_strangers_are_not_heard():
    refused(inform(community=b"Public"), "secret")
    refused(sealed(attrs.evolve(WANG, name="lin")), "secret")
    refused(sealed(attrs.evolve(WANG, priv="", priv_key="")), "secret")
    refused(sealed(attrs.evolve(WANG, auth_key="authpass3")), "secret")


def test_a_recorded_trap_is_old_once_the_engine_went_on():
    held = ear()
    held.fed(sealed(), NOW)
    held.fed(sealed(engine=attrs.evolve(THERE, time=651)), NOW)
    refused(sealed(), "window", held)
    held.fed(sealed(engine=attrs.evolve(THERE, boots=8, time=1)), NOW)
    refused(sealed(engine=attrs.evolve(THERE, time=9_999)), "window", held)


def test_only_so_many_engines_are_remembered():
    held = ear()
    for count in range(ENGINES + 5):
        held.fed(sealed(engine=attrs.evolve(THERE, id=b"\x80\0\x1f\x88" + count.to_bytes(4, "big"))), NOW)
    assert len(held._engines) == ENGINES
    assert b"\x80\0\x1f\x88\0\0\0\4" not in held._engines and b"\x80\0\x1f\x88\0\0\0\5" in held._engines


@pytest.mark.parametrize(
    "data",
    [
        inform(ROWS[:1]), inform(ROWS[1:]), inform((ROWS[1], ROWS[0])), inform((attrs.evolve(ROWS[0], kind="integer"), ROWS[1])),
        snmp.frame(snmp.response(Pdu(said="inform", number=5, bindings=ROWS)), b"public"),
        sealed(pdu=snmp.rfc1905.InformRequestPDU), sealed(rows=ROWS[1:]), bytes.fromhex("3003020100"), bytes.fromhex("3003020102"), b"", b"x",
    ],
)  # fmt: skip
def test_what_is_no_notification_is_misheard(data):
    refused(data, "snmp")
