"""The plant as a whole: simulated devices, buses, pollers, orders to carriers; in memory, on a clock of the test's own."""

import pytest
from plant_kit import GAO, QIAN, Site

from devices import keying
from devices.plant_messages import (
    CarrierConfirmed,
    CarrierSent,
    CarrierUnconfirmed,
    DeviceContact,
    DeviceLimit,
    DeviceStateChanged,
)
from devices.sim_plant import obey
from devices.sim_transmitter import DOCTOR as TX
from devices.sim_ups import DOCTOR as UPS


def kinds(site, cls):
    return [event for event in site.events if isinstance(event, cls)]


def fault(site, words, device="tx"):
    if device == "tx":
        assert obey(words, site.tx, site.tx_faults, TX) == ""
    else:
        assert obey(words, site.ups, site.ups_faults, UPS) == ""


def test_what_is_read_is_what_the_device_has():
    site = Site().run(8)
    assert site.plant.seen("tx").contact == site.plant.seen("ups").contact == "good"
    assert 9_900 < site.value("forward_power") < 10_100
    assert (site.value("vswr"), site.value("frequency"), site.value("hours")) == (108, 98_500, 8412)
    assert site.value("on_battery", "ups") == 0 and site.value("battery_minutes", "ups") == 60
    assert site.plant.seen("tx").carrier == "on" and site.wrong() == set()


def test_telemetry_makes_no_events():
    site = Site().run(5)
    before = len(site.events)
    site.run(30)
    assert len(site.events) == before


def test_two_persons_take_the_carrier_down_and_it_is_read_back():
    site = Site().run(5)
    site.off()
    site.run(1)
    assert site.tx.coil == 0 and site.order.phase == "confirmed"
    assert site.unit.written == [(0, 0)]
    assert site.plant.seen("tx").carrier == "off" and site.wrong() == set()
    site.on()
    site.run(1)
    assert site.order.phase == "confirmed" and site.unit.written == [(0, 0), (0, 1)]


def test_an_order_is_written_once_however_long_it_takes():
    site = Site().run(5)
    fault(site, "stuck")
    site.off()
    site.run(30)
    assert site.unit.written == [(0, 0)] and len(kinds(site, CarrierSent)) == 1
    (said,) = kinds(site, CarrierUnconfirmed)
    assert "read back" in said.why_en and site.wrong() == {"tx/carrier-unconfirmed"}
    assert site.net.now() - site.order.until < 12_000_000


@pytest.mark.parametrize("words", ["echo", "short share=50", "late", "tid", "slow=300"])
def test_an_order_whose_answer_is_lost_is_not_sent_again(words):
    site = Site().run(5)
    site.off()
    fault(site, words)
    site.run(15)
    fault(site, "clear share=100")
    site.run(15)
    assert len(site.unit.written) <= 1 and len(kinds(site, CarrierSent)) == 1
    assert site.order.phase in ("confirmed", "unconfirmed")
    if site.unit.written:
        assert site.plant.seen("tx").carrier == "off"


def test_a_device_that_declines_is_told_so_at_once():
    site = Site().run(5)
    site.tx.write = lambda address, value: 4
    site.off()
    site.run(1)
    (said,) = kinds(site, CarrierUnconfirmed)
    assert "exception 4 (device failure)" in said.why_en and "设备拒绝" in said.why_zh


def test_local_mode_is_seen_and_no_order_goes_out():
    site = Site().run(5)
    fault(site, "local")
    site.run(2)
    site.off()
    assert "local mode" in site.refusals[0] and site.unit.written == []
    site.run(2)
    assert "tx/local-mode" in site.wrong()


def test_another_device_under_the_address_is_never_written_to():
    site = Site().run(5)
    site.net.listen("tx", 502, site.net.places["ups", 502][0])
    site.net.drop("tx", 502)
    site.off()  # decided before anybody knew
    site.run(3)
    assert site.plant.seen("tx").contact == "wrong" and "tx/wrong" in site.wrong()
    assert site.unit.written == []
    site.run(25)
    assert site.order.phase == "unconfirmed"
    assert all(reading.fault for reading in site.plant.seen("tx").readings.values())


def test_an_order_into_a_cut_line_is_told_and_not_kept_for_later():
    site = Site().run(5)
    del site.net.places["tx", 502]
    site.net.drop("tx", 502)
    site.off()
    site.run(1)
    (said,) = kinds(site, CarrierUnconfirmed)
    assert "could not be sent: link" in said.why_en
    site.net.listen("tx", 502, (site.unit, site.tx_faults))
    site.run(30)
    assert site.unit.written == []


def test_a_restart_between_ordered_and_sent_sends_and_one_after_sent_reads_back_only():
    site = Site().run(5)
    site.commit = 1_000  # nothing more becomes durable in this life
    site.off()
    assert site.order.phase == "ordered"
    site.plant.stop()
    site.commit = 0.005
    site.plug()
    site.run(2)
    assert site.unit.written == [(0, 0)] and site.order.phase == "confirmed"
    site.on()
    site.commit = 1_000
    site.net.advance(0.01)
    assert site.order.phase == "sent"
    site.plant.stop()
    site.commit = 0.005
    site.plug()
    site.run(30)
    assert site.unit.written == [(0, 0)]
    assert site.order.phase == "unconfirmed"


def test_who_is_lost_is_told_after_two_rounds_and_found_again_within_three_seconds():
    site = Site().run(5)
    del site.net.places["tx", 502]
    site.net.drop("tx", 502)
    site.run(0.9)
    assert site.plant.seen("tx").contact == "good"
    site.run(3)
    assert site.plant.seen("tx").contact == "lost" and "tx/no-contact" in site.wrong()
    assert kinds(site, DeviceContact)[-1].contact == "lost"
    site.run(60)
    site.net.listen("tx", 502, (site.unit, site.tx_faults))
    site.run(3)
    assert site.plant.seen("tx").contact == "good" and site.wrong() == set()


def test_a_dead_device_keeps_its_old_values_with_their_age_and_never_calls_them_good():
    site = Site().run(5)
    fault(site, "dead")
    at = site.plant.seen("tx").readings["vswr"].at
    site.run(20)
    reading = site.plant.seen("tx").readings["vswr"]
    assert reading.fault and reading.value == 108 and reading.at <= at + 1_000_000
    assert site.plant.seen("tx").contact == "lost"
    fault(site, "clear")
    site.run(6)
    assert site.plant.seen("tx").contact == "good"


def test_reflected_power_rises_and_is_an_alarm_until_it_falls_beyond_the_hysteresis():
    site = Site().run(5)
    fault(site, "antenna")
    site.run(25)
    assert site.wrong() == {"tx/reflected-high"} and site.value("vswr") == 180
    (crossed,) = kinds(site, DeviceLimit)
    assert (crossed.limit, crossed.crossed) == ("reflected-high", True)
    condition = site.plant.conditions()[0]
    assert condition.card == "transmitter.reflected-high" and "W" in condition.text.en
    fault(site, "-antenna")
    site.run(5)
    assert site.wrong() == set()


def test_a_trip_is_a_carrier_lost_and_off_and_on_again_mends_it():
    site = Site().run(5)
    fault(site, "feeder")
    site.run(12)
    assert site.tx.tripped and "tx/carrier-lost" in site.wrong()
    fault(site, "clear")
    site.on()
    site.run(8)
    assert site.plant.seen("tx").carrier == "on" and site.wrong() == set()


def test_values_that_are_refused_are_told_though_the_device_answers():
    site = Site().run(5)
    fault(site, "exception=6")
    site.run(8)
    assert site.plant.seen("tx").contact == "good"
    assert site.wrong() == {"tx/unread", "tx/carrier-unclear"}
    assert {r.fault for r in site.plant.seen("tx").readings.values()} == {"exception 6 (device busy)"}


def test_a_device_that_does_not_know_its_identity_registers_is_another():
    site = Site()
    fault(site, "exception=2")
    site.run(3)
    assert site.plant.seen("tx").contact == "wrong"


def test_power_without_a_state_is_no_clear_carrier():
    site = Site().run(5)
    bits = site.tx.bits
    site.tx.bits = lambda table: {**bits(table), 0: 0}
    site.run(2)
    assert site.plant.seen("tx").carrier == "on"  # it may be on its way
    site.run(6)
    assert site.plant.seen("tx").carrier == "unclear" and site.wrong() == {"tx/carrier-unclear"}


def test_a_limit_of_a_carrier_means_nothing_while_it_is_off():
    site = Site().run(5)
    site.off()
    site.run(15)
    assert site.wrong() == set()


def test_a_carrier_nobody_ordered_is_told():
    site = Site().run(5)
    site.off()
    site.run(3)
    site.tx.coil = 1
    site.run(5)
    assert "tx/carrier-unwanted" in site.wrong()


def test_the_mains_fail_and_come_back():
    site = Site().run(5)
    fault(site, "mains charge=20", "ups")
    site.run(5)
    assert site.wrong() == {"ups/on-battery"}
    assert [e.point for e in kinds(site, DeviceStateChanged) if e.device == "ups" and e.was == 0] == [
        "on_battery"
    ]
    fault(site, "charge=12", "ups")
    site.run(5)
    assert site.wrong() == {"ups/on-battery", "ups/battery-low"}
    assert "7 min" in {c.key: c.text.en for c in site.plant.conditions()}["ups/battery-low"]
    fault(site, "clear charge=100", "ups")
    site.run(5)
    assert site.wrong() == set()


def test_what_the_desk_did_not_take_is_told_again():
    site = Site()
    site.taking = False
    site.run(5)
    assert site.events == []
    site.taking = True
    site.run(2)
    assert site.plant.seen("tx").contact == "good" and kinds(site, DeviceContact)


def test_in_an_emergency_one_person_is_enough_on_the_wire_too():
    site = Site().run(5)
    site.state = keying.State(devices=site.state.devices, sounding={"a": site.net.now() + 60_000_000})
    site.tell(keying.SetCarrier(device="tx", on=False), QIAN)
    site.run(1)
    assert site.order.rule == "alert" and site.unit.written == [(0, 0)]
    assert kinds(site, CarrierConfirmed)


def test_stopping_leaves_nothing_behind():
    site = Site().run(5)
    site.on()
    site.plant.stop()
    site.net.advance(0.01)
    assert site.net.getDelayedCalls() == []
    assert GAO.id == "gao"
