"""What the pages Transmitters and Power are told."""

from types import SimpleNamespace

import pytest
from plant_kit import GAO, QIAN, Site

from devices import keying
from devices.plant_messages import SetCarrier
from devices.sim_plant import obey
from devices.sim_transmitter import DOCTOR as TX
from devices.sim_ups import DOCTOR as UPS
from station import plant_brief
from station.device_queries import DeviceQueries
from station.settings import DeviceSection
from station.wire import to_plain
from station.words import Operator, Text

ENGINEER = Operator(id="qian", roles=frozenset({"engineer"}))
OPERATOR = Operator(id="gao", roles=frozenset({"operator"}))
VIEWER = Operator(id="sun", roles=frozenset({"viewer"}))


def section(name, kind, **more):
    return DeviceSection(
        id=name,
        kind=kind,
        profile="-",
        name_zh=name,
        name_en=name,
        site="八公山",
        site_en="Bagong Hill",
        **more,
    )


class Glass:
    """The queries over a living site."""

    def __init__(self):
        self.site = Site().run(6)
        site = self.site

        class World:
            settings = SimpleNamespace(
                devices=[
                    section("tx", "transmitter", channel="fm1"),
                    section("ups", "ups"),
                    section("left-out", "ups"),
                ]
            )
            plant = site.plant
            desk = SimpleNamespace(states={"plant": site.state})

            def now(self):
                return site.net.now()

            def channel(self, channel):
                return SimpleNamespace(name_en="FM 98.5", name_zh="调频")

            def channel_name(self, channel):
                return Text("FM 98.5", "调频") if channel == "fm1" else Text(channel, channel)

            def headline(self, alert):
                return {"a7": "山洪红色预警"}.get(alert, alert)

            def person(self, who):
                return Text(who.title(), who)

        self.world = World()
        self.queries = DeviceQueries(self.world, site.policy)

    def look(self, by=OPERATOR):
        self.world.desk.states["plant"] = self.site.state
        asked = self.queries.table()
        (tx,), (ups,) = asked["transmitters"]({}, by), asked["power"]({}, by)
        assert to_plain(tx) and to_plain(ups)
        return tx, ups

    def fault(self, words):
        assert obey(words, self.site.tx, self.site.tx_faults, TX) == ""


def value(view, name):
    return next(one for one in view.values if one.id == name)


def test_a_transmitter_on_the_air_is_shown_with_its_values_their_age_and_limits():
    tx, _ = Glass().look()
    assert (tx.head.name, tx.head.site, tx.head.contact) == (
        Text("tx", "tx"),
        Text("Bagong Hill", "八公山"),
        "good",
    )
    assert (tx.head.profile_status, tx.channel_name.zh, tx.head.address) == ("invented", "调频", "tx:502/1")
    assert (tx.carrier.reported, tx.carrier.tone, tx.carrier.wanted) == ("on", "good", "")
    power = value(tx, "forward_power")
    assert power.quality == "good" and 0 <= power.age_ms <= 1_100 and power.text.en.endswith(" W")
    assert (power.least, power.most, power.decimals) == (0, 15_000, 1)
    assert [(limit.id, limit.side, limit.crossed) for limit in power.limits] == [
        ("power-low", "below", False)
    ]
    assert value(tx, "local").text == Text("remote", "遥控") and value(tx, "local").state


def test_a_channel_card_and_the_sentence_on_top_are_told_of_carriers_and_battery():
    glass = Glass()
    glass.look()
    assert [(one.device, one.tone) for one in plant_brief.carriers(glass.world, "fm1")] == [("tx", "good")]
    assert plant_brief.carriers(glass.world, "tv1") == [] and plant_brief.power(glass.world) == []
    assert obey("mains", glass.site.ups, glass.site.ups_faults, UPS) == ""
    glass.fault("off")
    glass.site.run(12)
    glass.look()
    (carrier,) = plant_brief.carriers(glass.world, "fm1")
    assert (carrier.tone, carrier.text.en) == ("bad", "no carrier, though wanted")
    (supply,) = plant_brief.power(glass.world)
    assert supply.tone == "bad" and supply.text.en.startswith("on battery") and "电池" in supply.text.zh


def test_asking_and_confirming_are_shown_to_each_as_it_concerns_him():
    glass = Glass()
    glass.site.tell(SetCarrier(device="tx", on=False, reason="work"), QIAN)
    for by, may, why in (
        (OPERATOR, True, None),
        (ENGINEER, False, "second person"),
        (VIEWER, False, "your role"),
    ):
        asked = glass.look(by)[0].carrier.asked
        assert (asked.by, asked.reason, asked.may_confirm) == ("qian", "work", may)
        assert asked.why_not is None if why is None else why in asked.why_not.en
    glass.fault("local")
    glass.site.run(3)
    tx = glass.look()[0]
    assert tx.local and "local mode" in tx.carrier.asked.why_not.en and "local mode" in tx.carrier.may_off.en


def test_an_order_is_followed_from_given_to_read_back():
    glass = Glass()
    glass.site.off()
    said = glass.look()[0].carrier
    assert (said.phase, said.tone, said.wanted) == ("ordered", "warn", "off")
    assert said.names == [Text("Qian", "qian"), Text("Gao", "gao")] and "two persons" in said.why.en
    glass.site.run(2)
    said = glass.look()[0].carrier
    assert (said.phase, said.reported, said.tone) == ("confirmed", "off", "warn")
    assert "taken off" in said.sentence.en and "already" in said.may_off.en and said.may_on is None
    glass.site.on()
    assert "coming up" in glass.look()[0].carrier.sentence.en


def test_an_order_not_confirmed_is_red_and_says_why():
    glass = Glass()
    glass.fault("stuck")
    glass.site.off()
    glass.site.run(25)
    said = glass.look()[0].carrier
    assert (said.phase, said.tone) == ("unconfirmed", "bad") and "read back" in said.why.en


@pytest.mark.parametrize(
    ("words", "seconds", "tone", "said"),
    [
        ("exciter", 6, "bad", "though wanted"),
        ("dead", 12, "warn", "nobody knows"),
        ("exception", 12, "warn", "unclear"),
    ],
)
def test_what_is_wrong_with_a_carrier_is_one_sentence(words, seconds, tone, said):
    glass = Glass()
    glass.fault(words)
    glass.site.run(seconds)
    carrier = glass.look()[0].carrier
    assert carrier.tone == tone and said in carrier.sentence.en


def test_a_transmitter_on_the_air_beyond_a_limit_says_so_in_its_head():
    glass = Glass()
    glass.fault("antenna")
    for _ in range(60):  # ice grows, the VSWR rises
        glass.site.run(1)
        tx = glass.look()[0]
        beyond = [one for one in tx.values if any(limit.crossed for limit in one.limits)]
        if beyond:
            break
    assert tx.carrier.reported == "on" and beyond
    assert tx.carrier.tone == "warn" and tx.carrier.sentence.en.startswith("on the air, with an alarm: ")
    assert all(one.name.zh in tx.carrier.sentence.zh for one in beyond)
    (brief,) = plant_brief.carriers(glass.world, "fm1")
    assert (brief.tone, brief.text) == (tx.carrier.tone, tx.carrier.sentence)


def test_on_the_air_though_taken_off_is_red():
    glass = Glass()
    glass.site.off()
    glass.site.run(2)
    glass.site.tx.coil = 1
    glass.site.run(5)
    assert glass.look()[0].carrier.tone == "bad"


def test_while_an_alert_sounds_one_is_told_that_he_may_alone():
    glass = Glass()
    assert glass.look()[0].carrier.alone is None
    glass.site.state = keying.State(
        devices=glass.site.state.devices, sounding={"a7": glass.site.net.now() + 10**8}
    )
    alone = glass.look()[0].carrier.alone
    assert "“山洪红色预警”" in alone.zh and "a7" not in alone.en, "an alert is named by its headline"


def test_what_is_foreign_is_named_by_its_channel():
    glass = Glass()
    glass.site.state = keying.State(devices=glass.site.state.devices, foreign=("fm1",))
    assert "on FM 98.5" in glass.look()[0].carrier.alone.en and "调频" in glass.look()[0].carrier.alone.zh


def test_an_old_value_is_never_shown_as_good():
    glass = Glass()
    glass.fault("dead")
    glass.site.run(20)
    tx = glass.look()[0]
    assert tx.head.contact == "lost" and tx.head.contact_text.zh == "无应答"
    power = value(tx, "forward_power")
    assert power.quality == "bad" and power.age_ms > 18_000 and power.why


def test_a_value_never_read_is_a_dash():
    glass = Glass()
    glass.site.plant._pollers["tx"].seen = keying_free = type(glass.site.plant.seen("tx"))()
    assert keying_free.contact == "never"
    power = value(glass.look()[0], "forward_power")
    assert (power.text.en, power.quality, power.age_ms, power.value) == ("–", "never", None, None)


def test_a_power_supply_says_on_what_it_runs_and_for_how_long():
    glass = Glass()
    ups = glass.look()[1]
    assert (ups.tone, ups.sentence.zh) == ("good", "市电供电")
    obey("battery", glass.site.ups, glass.site.ups_faults, UPS)
    glass.site.run(3)
    ups = glass.look()[1]
    assert ups.tone == "warn" and ups.sentence.en.startswith("on mains, with an alarm: ")
    obey("mains", glass.site.ups, glass.site.ups_faults, UPS)
    glass.site.run(3)
    ups = glass.look()[1]
    assert ups.tone == "bad" and "11 min left" in ups.sentence.en
    obey("exception", glass.site.ups, glass.site.ups_faults, UPS)
    glass.site.run(2)
    assert "not known" in glass.look()[1].sentence.en
    obey("dead -exception", glass.site.ups, glass.site.ups_faults, UPS)
    glass.site.run(12)
    assert glass.look()[1].sentence.en == "does not answer"
    assert GAO.id == "gao"


def test_a_supply_whose_minutes_are_not_known_shows_a_dash():
    glass = Glass()
    obey("mains", glass.site.ups, glass.site.ups_faults, UPS)
    registers = glass.site.ups.registers
    glass.site.ups.registers = lambda table: {**registers(table), 15: 9_999}
    glass.site.run(3)
    assert "– left" in glass.look()[1].sentence.en


def test_a_transmitter_without_a_channel_names_none():
    glass = Glass()
    glass.world.settings.devices[0] = section("tx", "transmitter")
    assert glass.look()[0].channel_name == Text("", "")
