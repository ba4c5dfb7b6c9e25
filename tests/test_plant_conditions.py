"""What polling shows becomes facts and conditions; pure, without a line."""

import attrs
import pytest

from devices import plant_conditions
from devices.keying_state import Device as Held_
from devices.keying_state import Order, State
from devices.plant_conditions import conditions
from devices.plant_messages import PointState
from devices.plant_profile import load
from devices.plant_seen import Device, DeviceNow, carrier_of, observed
from devices.points import Held, Reading
from station.alarm_cards import cards
from station.conditions import SEVERITIES
from station.words import Text

NOW = 1_000_000_000
TX = Device(
    id="tx", name=Text("the main one", "主机"), host="h", port=502, unit=1, channel="fm1",
    profile=load("transmitter-gengfu"),
)  # fmt: skip
UPS = attrs.evolve(TX, id="ups", name=Text("the battery", "电池"), channel="", profile=load("ups-gengfu"))


def readings(at=NOW, **values):
    return {name: Reading(value=value, at=at) for name, value in values.items()}


def seen(*, contact="good", carrier="on", limits=None, **values):
    return DeviceNow(
        contact=contact, why="" if contact == "good" else "timeout", carrier=carrier,
        readings=readings(**values), limits=limits or {},
    )  # fmt: skip


def keys(now, *, order=None, device=TX):
    state = State(devices={device.id: Held_(order=order)})
    return {one.key for one in conditions([device], {device.id: now}, state, NOW)}


def ordered(*, on, phase="confirmed"):
    return Order(
        order=1, on=on, by=("a", "b"), reason="", rule="two-off", cause="", at=1, until=2, phase=phase,
        why_en="no", why_zh="未",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "power", "carrier"),
    [
        (1, 10_000, "on"),
        (1, 1_000, "on"),
        (1, 999, "unclear"),
        (0, 0, "off"),
        (0, 100, "off"),
        (1, 0, "unclear"),
        (2, 10_000, "unclear"),
        (0, 101, "unclear"),
        (0, 10_000, "unclear"),
    ],
)
def test_there_is_a_carrier_when_state_and_power_agree(state, power, carrier):
    assert carrier_of(TX.profile, readings(carrier=state, forward_power=power), NOW) == carrier


def test_nothing_old_or_failed_shows_a_carrier():
    good = readings(carrier=1, forward_power=10_000)
    assert carrier_of(TX.profile, good, NOW + 3_000_001) == "unclear"
    failed = {**good, "carrier": attrs.evolve(good["carrier"], fault="timeout")}
    assert carrier_of(TX.profile, failed, NOW) == "unclear"
    assert carrier_of(TX.profile, {}, NOW) == carrier_of(UPS.profile, good, NOW) == "unclear"


def test_only_good_states_and_crossed_limits_are_facts():
    now = seen(local=1, interlock=0, vswr=108, limits={"a": Held(crossed=True), "b": Held()})
    bad = {**now.readings, "fault_pa": Reading(value=1, at=NOW, fault="timeout"), "foldback": Reading()}
    said = observed(TX, attrs.evolve(now, readings=bad), NOW)
    assert said.states == (PointState(point="local", value=1), PointState(point="interlock", value=0))
    assert (said.crossed, said.contact, said.carrier) == (("a",), "good", "on")


def test_all_well_is_no_condition_and_an_unknown_device_none_either():
    assert keys(seen()) == set()
    assert conditions([TX], {}, State(), NOW) == ()


def test_lost_and_wrong_are_told_and_hide_what_nobody_can_see():
    assert keys(seen(contact="lost", carrier="off")) == {"tx/no-contact"}
    assert keys(seen(contact="wrong")) == {"tx/wrong"}


def test_what_was_crossed_when_contact_was_lost_stays_so():
    crossed = {"reflected-high": Held(crossed=True, since=1), "pa-hot": Held()}
    assert keys(seen(contact="lost", limits=crossed, reflected_power=500)) == {
        "tx/no-contact",
        "tx/reflected-high",
    }


def test_a_condition_says_the_figure_in_both_languages():
    crossed = {"reflected-high": Held(crossed=True, since=1)}
    (one,) = conditions([TX], {"tx": seen(limits=crossed, reflected_power=512)}, State(), NOW)
    assert "51.2 W" in one.text.en and "51.2 W" in one.text.zh and one.text.zh.startswith("主机")
    assert (one.severity, one.where, one.card) == ("major", "tx", "transmitter.reflected-high")
    empty = attrs.evolve(seen(limits=crossed), readings={"reflected_power": Reading()})
    (one,) = conditions([TX], {"tx": empty}, State(), NOW)
    assert "–" in one.text.en


def test_values_that_fail_once_are_chance_and_again_and_again_are_not():
    failing = seen(vswr=108)
    held = {"vswr": Reading(value=108, at=NOW - 3_000_000, fault="exception 2")}
    assert keys(attrs.evolve(failing, readings=held)) == set()
    held = {"vswr": Reading(value=108, at=NOW - 3_000_001, fault="exception 2")}
    assert keys(attrs.evolve(failing, readings=held)) == {"tx/unread"}
    assert keys(attrs.evolve(failing, readings={"vswr": Reading(fault="timeout")})) == {"tx/unread"}


@pytest.mark.parametrize(
    ("order", "carrier", "key"),
    [
        (None, "off", "tx/carrier-lost"),
        (None, "on", None),
        (ordered(on=True), "off", "tx/carrier-lost"),
        (ordered(on=True), "on", None),
        (ordered(on=False), "on", "tx/carrier-unwanted"),
        (ordered(on=False), "off", None),
        (ordered(on=False), "unclear", "tx/carrier-unclear"),
        (ordered(on=True, phase="unconfirmed"), "off", "tx/carrier-unconfirmed"),
        (ordered(on=False, phase="unconfirmed"), "on", "tx/carrier-unconfirmed"),
        (ordered(on=False, phase="sent"), "on", None),
        (ordered(on=True, phase="ordered"), "off", None),
    ],
)
def test_a_carrier_is_measured_against_what_is_wanted(order, carrier, key):
    assert keys(seen(carrier=carrier), order=order) == ({key} if key else set())


def test_a_power_supply_has_no_carrier_to_lose():
    assert keys(seen(carrier="unclear"), device=UPS) == set()


def test_every_condition_has_a_card():
    named = plant_conditions.cards([TX, UPS])
    assert set(named) <= set(cards()) and len(named) > 15
    assert all(limit.severity in SEVERITIES for device in (TX, UPS) for limit in device.profile.limits)
