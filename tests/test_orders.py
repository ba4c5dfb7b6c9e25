"""The decider of devices."""

import pytest

from devices import orders
from devices.messages import (
    CountTerminals,
    FoldTerminals,
    SetTerminalVolume,
    TerminalsAnswered,
    TerminalsLink,
    TerminalVolumeSet,
)
from station.words import Command, Event, Operator, Refused

BY = Operator(id="wu")
HERE = orders.Policy(areas=frozenset({"340422100201"}))
ANY = orders.Policy()


def told(state, *commands, policy=ANY):
    events = []
    for command in commands:
        made = orders.decide(state, command, 5, BY, policy)
        events += made
        for event in made:
            state = orders.evolve(state, event)
    return state, events


def fold(at=1, acknowledged=3, alert="a"):
    return FoldTerminals(
        alert=alert, at=at, ordered=5, acknowledged=acknowledged, playing=2, heard=1, silent=2
    )


def test_a_volume_is_set_with_the_name_of_who_set_it():
    state, events = told(orders.EMPTY, SetTerminalVolume(areas=("340422000000",), volume=60), policy=HERE)
    assert events == [TerminalVolumeSet(areas=("340422000000",), volume=60, by="wu")]
    assert state.volumes == (("340422000000", 60),)


def test_the_last_volume_of_an_area_holds_and_is_kept_once():
    state, _ = told(
        orders.EMPTY,
        SetTerminalVolume(areas=("340422000000", "340422100000"), volume=60),
        SetTerminalVolume(areas=("340422000000",), volume=40),
    )
    assert state.volumes == (("340422100000", 60), ("340422000000", 40))


@pytest.mark.parametrize(
    ("areas", "volume", "said"),
    [
        (("340422000000",), 101, "volume"),
        (("340422000000",), -1, "volume"),
        ((), 50, "no area"),
        (("110000000000",), 50, "no terminal"),
        (("000000000000",), 50, "no terminal"),
        (("340422100202",), 50, "no terminal"),
    ],
)
def test_a_volume_or_area_that_cannot_be_is_refused_in_words(areas, volume, said):
    with pytest.raises(Refused, match=said) as refused:
        orders.decide(orders.EMPTY, SetTerminalVolume(areas=areas, volume=volume), 5, BY, HERE)
    assert refused.value.text.zh


def test_answers_are_written_down_only_when_they_changed():
    _, events = told(orders.EMPTY, fold(1), fold(2), fold(3, acknowledged=4), fold(4, alert="b"))
    assert [(type(e), e.alert, e.at) for e in events] == [
        (TerminalsAnswered, "a", 1),
        (TerminalsAnswered, "a", 3),
        (TerminalsAnswered, "b", 4),
    ]


def test_the_counts_of_old_alerts_leave_the_state():
    state, _ = told(orders.EMPTY, *(fold(alert=f"a{k}") for k in range(orders.ALERTS + 5)))
    assert len(state.answered) == orders.ALERTS
    assert state.answered[0].alert == "a5"


def test_the_number_of_connections_is_written_down_when_it_changed_and_not_more_than_twice_a_minute():
    def count(online, at):
        return CountTerminals(online=online, registered=9, at=at * 1_000_000)

    _, events = told(orders.EMPTY, count(3, 0), count(3, 60), count(4, 10), count(5, 61), count(6, 60))
    assert [(type(e), e.online) for e in events] == [
        (TerminalsLink, 3),
        (TerminalsLink, 5),
        (TerminalsLink, 6),
    ]


def test_what_is_not_of_devices_is_a_bug_as_a_command_and_passed_over_as_an_event():
    with pytest.raises(TypeError):
        orders.decide(orders.EMPTY, Command(), 5, BY, ANY)
    assert orders.evolve(orders.EMPTY, Event()) is orders.EMPTY


def test_nothing_falls_due_by_itself():
    assert orders.due(orders.EMPTY, 5, ANY) == ()
    assert orders.next_due(orders.EMPTY, 5, ANY) is None
