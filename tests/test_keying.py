"""Who may key a carrier, and what becomes of an order."""

from types import SimpleNamespace

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices import keying
from devices.keying import EMPTY, Known, Policy, alone_because, decide, due, evolve, follow, next_due, why_not
from devices.plant_messages import (
    CarrierConfirmed,
    CarrierOffAsked,
    CarrierOffWithdrawn,
    CarrierOrdered,
    CarrierRead,
    CarrierSent,
    CarrierUnconfirmed,
    ConfirmCarrierOff,
    DeviceContact,
    DeviceLimit,
    DeviceStateChanged,
    FailCarrier,
    LapseCarrier,
    ObserveDevice,
    PointState,
    ReadBackCarrier,
    SendCarrier,
    SetCarrier,
    WithdrawCarrierOff,
)
from emergency.messages import AlertEnded, AlertWentOnAir
from safety.messages import IncidentClosed, IncidentOpened, LapseWitness
from station.wire import from_plain, to_plain
from station.words import MINUTE, SECOND, SYSTEM, Operator, Refused, Text

NAME = Text("the main transmitter", "主发射机")
POLICY = Policy(
    devices={
        "tx": Known(transmitter=True, channel="fm1", area="340422000000", name=NAME),
        "spare": Known(transmitter=True, name=Text("the spare", "备机")),
        "ups": Known(transmitter=False, name=Text("the battery", "电池")),
    }
)
QIAN, GAO, ZHAO = (Operator(id=name) for name in ("qian", "gao", "zhao"))
T = 1_000_000 * SECOND


class Story:
    """Commands one after the other, each decided on the state the last one left."""

    def __init__(self, state=EMPTY):
        self.state, self.now, self.events = state, T, []

    def tell(self, command, by=SYSTEM):
        made = decide(self.state, command, self.now, by, POLICY)
        self.happen(*made)
        return made

    def happen(self, *events):
        for event in events:
            self.state = evolve(self.state, event)
            self.events.append(event)

    def later(self, span):
        self.now += span
        for wish in due(self.state, self.now, POLICY):
            self.tell(wish)
        return self

    def see(self, carrier="on", contact="good", device="tx", **states):
        points = tuple(PointState(point=name, value=value) for name, value in states.items())
        return self.tell(ObserveDevice(device=device, contact=contact, carrier=carrier, states=points))

    def device(self):
        return self.state.device("tx")


def on_air():
    story = Story()
    story.see("on", local=0, interlock=0)
    return story


def refused(story, command, by):
    with pytest.raises(Refused) as why:
        story.tell(command, by)
    assert why.value.text.zh
    return why.value.text.en


OFF = SetCarrier(device="tx", on=False, reason="antenna work")
ON = SetCarrier(device="tx", on=True)
CONFIRM = ConfirmCarrierOff(device="tx", ask=1)


# -- two off, one on -------------------------------------------------------------------------------


def test_a_carrier_goes_down_by_two_different_persons():
    story = on_air()
    (asked,) = story.tell(OFF, QIAN)
    assert asked == CarrierOffAsked(
        device="tx", ask=1, by="qian", reason="antenna work", at=T, until=T + 5 * MINUTE
    )
    assert story.device().order is None
    (ordered,) = story.tell(CONFIRM, GAO)
    assert (ordered.on, ordered.by, ordered.rule, ordered.reason) == (
        False, ("qian", "gao"), "two-off", "antenna work",
    )  # fmt: skip
    assert story.device().asking is None


def test_nobody_confirms_his_own_asking():
    story = on_air()
    story.tell(OFF, QIAN)
    assert "second person" in refused(story, CONFIRM, QIAN)
    assert "you asked already" in refused(story, OFF, QIAN)
    assert "qian asked already" in refused(story, OFF, GAO)


def test_an_asking_lapses_after_five_minutes_and_can_be_confirmed_no_more():
    story = on_air()
    story.tell(OFF, QIAN)
    assert next_due(story.state, story.now, POLICY) == T + 5 * MINUTE
    story.now += 5 * MINUTE
    assert "nobody asks" in refused(story, CONFIRM, GAO)
    story.later(0)
    assert story.events[-1] == CarrierOffWithdrawn(device="tx", ask=1, by="system", lapsed=True)
    assert next_due(story.state, story.now, POLICY) is None
    story.tell(OFF, GAO)
    assert "nobody asks" in refused(story, CONFIRM, QIAN)  # the number is that of the lapsed asking
    story.tell(ConfirmCarrierOff(device="tx", ask=2), QIAN)


def test_an_asking_that_outlived_its_time_unnoticed_makes_room_for_another():
    story = on_air()
    story.tell(OFF, QIAN)
    story.now += 6 * MINUTE
    assert story.tell(OFF, GAO)[0].by == "gao"


def test_an_asking_is_taken_back():
    story = on_air()
    assert "nobody asks" in refused(story, WithdrawCarrierOff(device="tx"), QIAN)
    story.tell(OFF, QIAN)
    story.tell(WithdrawCarrierOff(device="tx"), GAO)
    assert "nobody asks" in refused(story, CONFIRM, GAO)


def test_one_person_brings_a_carrier_up_and_an_asking_for_down_is_void():
    story = Story()
    story.see("off", local=0, interlock=0)
    (ordered,) = story.tell(ON, GAO)
    assert (ordered.on, ordered.by, ordered.rule) == (True, ("gao",), "one-on")
    other = on_air()
    other.tell(OFF, QIAN)
    assert "already" in refused(other, ON, GAO)


def test_off_the_air_needs_a_reason_of_decent_length():
    story = on_air()
    assert "say why" in refused(story, SetCarrier(device="tx", on=False, reason="  "), QIAN)
    assert "200" in refused(story, SetCarrier(device="tx", on=False, reason="x" * 201), QIAN)


# -- L8 --------------------------------------------------------------------------------------------


def aired(alert="a1", until=T + 10 * MINUTE):
    return AlertWentOnAir(alert=alert, since=T, until=until, row="composer", signers=())


def opened(state="FOREIGN", channel="fm1"):
    return IncidentOpened(channel=channel, point="p", state=state, since=1, cause="")


def test_while_an_alert_sounds_one_person_takes_the_carrier_down_and_the_rule_names_it():
    story = on_air()
    story.happen(aired())
    (ordered,) = story.tell(SetCarrier(device="tx", on=False), ZHAO)
    assert (ordered.on, ordered.by, ordered.rule, ordered.cause) == (False, ("zhao",), "alert", "a1")


def test_when_the_alert_is_over_two_are_needed_again():
    story = on_air()
    story.happen(aired())
    story.happen(AlertEnded(alert="a1", how="cancelled", by="zhao"))
    assert isinstance(story.tell(OFF, ZHAO)[0], CarrierOffAsked)
    late = on_air()
    late.happen(aired(until=T))
    assert isinstance(late.tell(OFF, ZHAO)[0], CarrierOffAsked)


def test_foreign_programme_on_its_channel_makes_one_person_enough():
    story = on_air()
    story.happen(opened())
    (ordered,) = story.tell(OFF, ZHAO)
    assert (ordered.rule, ordered.cause) == ("foreign", "fm1")


@pytest.mark.parametrize(
    "events",
    [
        (opened("OUTAGE"),),
        (opened(channel="tv1"),),
        (opened(), IncidentClosed(channel="fm1", point="p", state="FOREIGN", since=1, until=2)),
        (opened(), opened("OUTAGE")),
    ],
)
def test_anything_else_the_witness_says_does_not(events):
    story = on_air()
    story.happen(*events)
    assert isinstance(story.tell(OFF, ZHAO)[0], CarrierOffAsked)


def test_a_transmitter_without_a_channel_hears_of_nothing_foreign():
    story = on_air()
    story.happen(opened())
    assert alone_because(story.state, POLICY.devices["spare"], T) is None


def test_an_asking_waiting_when_the_alert_begins_needs_no_second_person_any_more():
    story = on_air()
    story.tell(OFF, QIAN)
    story.happen(aired())
    assert story.tell(OFF, GAO)[0].rule == "alert"
    assert story.device().asking is None


def test_the_kinds_of_other_parts_are_still_called_so():
    assert (AlertWentOnAir.kind, AlertEnded.kind) == ("alert.aired/1", "alert.ended/1")
    assert (IncidentOpened.kind, IncidentClosed.kind) == ("incident.opened/1", "incident.closed/1")
    assert evolve(EMPTY, SimpleNamespace(kind="plan.extended/1")) is EMPTY


# -- refusals in words -----------------------------------------------------------------------------


def test_nothing_is_ordered_of_what_could_not_be_read_back():
    for contact, said in (("lost", "does not answer"), ("wrong", "another device")):
        story = on_air()
        story.see(contact=contact)
        for wish in (ON, OFF):
            assert said in refused(story, wish, QIAN)
    assert "does not answer" in refused(Story(), OFF, QIAN)


def test_local_mode_and_an_open_interlock_are_respected():
    story = on_air()
    story.see("on", local=1)
    assert "local mode" in refused(story, OFF, QIAN)
    story.see("off", local=0, interlock=1)
    assert "interlock" in refused(story, ON, QIAN)
    with_asking = on_air()
    with_asking.tell(OFF, QIAN)
    with_asking.see("on", local=1)
    assert "local mode" in refused(with_asking, CONFIRM, GAO)


def test_an_interlock_keeps_nobody_from_going_down():
    story = on_air()
    story.see("on", interlock=1)
    assert isinstance(story.tell(OFF, QIAN)[0], CarrierOffAsked)


def test_what_is_so_already_and_what_is_under_way_is_said():
    story = on_air()
    assert "is on already" in refused(story, ON, QIAN)
    story.tell(OFF, QIAN)
    story.tell(CONFIRM, GAO)
    assert "is being brought down" in refused(story, OFF, ZHAO)
    story.see("off")
    story.tell(ReadBackCarrier(device="tx", order=2))
    assert "is off already" in refused(story, OFF, ZHAO)


def test_an_order_that_was_not_confirmed_may_be_given_anew():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.later(21 * SECOND)
    assert story.device().order.phase == "unconfirmed"
    assert story.tell(OFF, ZHAO)[0].order == 2


def test_the_other_way_may_be_ordered_at_once():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    assert story.tell(ON, GAO)[0].on


def test_only_a_transmitter_that_is_there_is_keyed():
    story = on_air()
    with pytest.raises(Refused) as why:
        story.tell(SetCarrier(device="moon", on=True), QIAN)
    assert why.value.code == "missing"
    assert "no transmitter" in refused(story, SetCarrier(device="ups", on=True), QIAN)


def test_an_account_keys_only_what_serves_its_own_areas():
    near = Operator(id="he", areas=("340422100000",))
    story = on_air()
    for wish in (ON, OFF, CONFIRM, WithdrawCarrierOff(device="tx")):
        with pytest.raises(Refused) as why:
            story.tell(wish, near)
        assert why.value.code == "forbidden"
    county = Operator(id="she", areas=("340400000000",))
    assert story.tell(OFF, county)
    story.see("on", device="spare", local=0)
    with pytest.raises(Refused):
        story.tell(SetCarrier(device="spare", on=False, reason="x"), county)


# -- sent once, read back --------------------------------------------------------------------------


def test_an_order_goes_from_ordered_to_sent_to_confirmed():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    assert follow(story.device(), "on", story.now) == "send"
    story.now += 1000
    assert story.tell(SendCarrier(device="tx", order=1)) == (CarrierSent(device="tx", order=1, at=story.now),)
    assert follow(story.device(), "on", story.now + 5) is None
    assert follow(story.device(), "off", story.now - 1) is None  # read before it went out
    assert follow(story.device(), "off", story.now) == "read back"
    assert story.tell(ReadBackCarrier(device="tx", order=1)) == (
        CarrierConfirmed(device="tx", order=1, on=False),
    )
    assert follow(story.device(), "on", story.now + 9) is None
    assert story.tell(ReadBackCarrier(device="tx", order=1)) == ()


def test_what_reads_as_ordered_needs_no_sending():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    assert follow(story.device(), "off", story.now) == "read back"
    assert follow(story.device(), "off", None) == "send"
    assert follow(Story().device(), "off", 5) is None


def test_an_order_is_sent_once_whatever_is_told_again():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.tell(SendCarrier(device="tx", order=1))
    assert story.tell(SendCarrier(device="tx", order=1)) == ()
    assert story.tell(SendCarrier(device="tx", order=7)) == ()
    assert story.tell(SendCarrier(device="moon", order=1)) == ()


def test_an_order_not_on_the_wire_in_five_seconds_is_never_sent():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.now += 5 * SECOND
    (said,) = story.tell(SendCarrier(device="tx", order=1))
    assert isinstance(said, CarrierUnconfirmed) and "not sent" in said.why_en


def test_an_order_not_read_back_in_time_is_not_confirmed_and_may_still_become_so():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.tell(SendCarrier(device="tx", order=1))
    assert next_due(story.state, story.now, POLICY) == T + 20 * SECOND
    story.later(20 * SECOND)
    assert isinstance(story.events[-1], CarrierUnconfirmed)
    assert story.tell(FailCarrier(device="tx", order=1, why_en="x", why_zh="x")) == ()
    assert story.tell(LapseCarrier(device="tx")) == ()
    assert follow(story.device(), "off", story.now) == "read back"
    story.tell(ReadBackCarrier(device="tx", order=1))
    assert (story.device().order.phase, story.device().order.why_en) == ("confirmed", "")


def test_a_refusal_of_the_device_is_told_at_once():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.tell(SendCarrier(device="tx", order=1))
    (said,) = story.tell(FailCarrier(device="tx", order=1, why_en="exception 4", why_zh="异常 4"))
    assert (said.why_en, said.why_zh) == ("exception 4", "异常 4")
    assert story.tell(FailCarrier(device="tx", order=2, why_en="x", why_zh="x")) == ()


def test_words_about_an_older_order_change_nothing():
    story = on_air()
    story.happen(opened())
    story.tell(OFF, ZHAO)
    story.tell(ON, GAO)
    before = story.state
    story.happen(CarrierSent(device="tx", order=1, at=T), CarrierConfirmed(device="tx", order=1, on=False))
    assert story.state == before


# -- what polling shows ----------------------------------------------------------------------------


def test_only_changes_become_facts():
    story = Story()
    first = story.see("on", local=0, interlock=0)
    assert [type(one) for one in first] == [
        DeviceContact, CarrierRead, DeviceStateChanged, DeviceStateChanged,
    ]  # fmt: skip
    assert story.see("on", local=0, interlock=0) == ()
    (changed,) = story.see("on", local=1, interlock=0)
    assert changed == DeviceStateChanged(device="tx", point="local", was=0, value=1)
    crossed = ObserveDevice(device="tx", contact="good", carrier="on", crossed=("b", "a"))
    assert [(one.limit, one.crossed) for one in story.tell(crossed)] == [("a", True), ("b", True)]
    assert story.tell(attrs.evolve(crossed, crossed=("a",))) == (
        DeviceLimit(device="tx", limit="b", crossed=False),
    )


def test_what_is_not_heard_tells_nothing_but_that():
    story = on_air()
    made = story.tell(ObserveDevice(device="tx", contact="lost", why="timeout", carrier="off"))
    assert made == (DeviceContact(device="tx", contact="lost", at=T, why="timeout"),)
    assert story.device().carrier == "on" and story.device().why == "timeout"


def test_commands_of_others_are_none_of_its_business():
    assert decide(EMPTY, LapseWitness(channel="fm1"), T, SYSTEM, POLICY) == ()


def test_a_state_survives_being_written_down():
    story = on_air()
    story.happen(aired(), opened())
    story.tell(OFF, ZHAO)
    story.see("off", local=1)
    assert from_plain(to_plain(story.state), keying.State) == story.state


# -- the laws --------------------------------------------------------------------------------------

WISHES = st.sampled_from(
    [
        (OFF, QIAN),
        (OFF, GAO),
        (ON, QIAN),
        (ON, ZHAO),
        (WithdrawCarrierOff(device="tx"), GAO),
        (ObserveDevice(device="tx", contact="good", carrier="on"), SYSTEM),
        (ObserveDevice(device="tx", contact="good", carrier="off"), SYSTEM),
        (ObserveDevice(device="tx", contact="lost"), SYSTEM),
        "minute",
        "second",
        "alert",
        "over",
        *["confirm", "send", "read back", "old"] * 3,
    ]
)


def lived(steps):
    """A story in which whoever has something to confirm, to send or to read back tries to."""
    story = on_air()
    for k, step in enumerate(steps):
        if step in ("minute", "second"):
            story.later(MINUTE if step == "minute" else SECOND)
        elif step == "alert":
            story.happen(aired(until=story.now + 2 * MINUTE))
        elif step == "over":
            story.happen(AlertEnded(alert="a1", how="finished", by="system"))
        else:
            try:
                story.tell(*(step if isinstance(step, tuple) else meant(story, step, k)))
            except Refused:
                continue
    return story


def meant(story, step, k):
    held = story.device()
    order = held.order.order if held.order is not None else 1
    return {
        "confirm": (ConfirmCarrierOff(device="tx", ask=held.count), (QIAN, GAO, ZHAO)[k % 3]),
        "send": (SendCarrier(device="tx", order=order), SYSTEM),
        "read back": (ReadBackCarrier(device="tx", order=order), SYSTEM),
        "old": (SendCarrier(device="tx", order=order - 1), SYSTEM),
    }[step]


@given(st.lists(WISHES, max_size=40))
@settings(max_examples=150)
@example([(OFF, QIAN), "second", "second", "confirm"])  # the fourth confirms as QIAN
def test_no_carrier_is_ordered_down_by_one_person_but_while_an_alert_sounds(steps):
    story, sounding = lived(steps), False
    for happened in story.events:
        if isinstance(happened, AlertWentOnAir):
            sounding = True
        elif isinstance(happened, AlertEnded):
            sounding = False
        elif isinstance(happened, CarrierOrdered) and not happened.on:
            assert len(set(happened.by)) == 2 or (happened.rule == "alert" and sounding)


@given(st.lists(WISHES, max_size=40))
@settings(max_examples=150)
@example([(OFF, QIAN), "confirm", "send", "send", "read back", "old"])
def test_no_order_is_sent_twice_and_replay_gives_the_same_state(steps):
    story = lived(steps)
    sent = [one.order for one in story.events if isinstance(one, CarrierSent)]
    assert len(sent) == len(set(sent))
    state = EMPTY
    for happened in story.events:
        state = evolve(state, happened)
    assert state == story.state


def test_why_not_is_the_same_for_questions_and_for_commands():
    story = on_air()
    assert why_not(story.device(), POLICY.devices["tx"], T, on=False) is None
    assert why_not(story.device(), POLICY.devices["tx"], T, on=True) == Text(
        "the carrier of the main transmitter is on already", "主发射机载波已经开启"
    )
