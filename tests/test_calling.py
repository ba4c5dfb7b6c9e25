"""Whom a call reaches: who is on duty, the next of the roster, engineer and leader; and what the gateway is told."""

from __future__ import annotations

import attrs
import pytest
from test_alarms import condition

from safety.alarm_record import Alarm, Call
from station.call_rules import rules
from station.calling import MOST_CALLED, message, whom
from station.duty import EMPTY, Holding, State
from station.duty_messages import Shift
from station.people_orders import Contact
from station.settings import AlarmsSection, ContactSection, Networks
from station.words import HOUR, Instant, Text

NOW = Instant(1_795_000_000_000_000)


def shift(start: int, end: int, **people: tuple[str, ...]) -> Shift:
    return Shift(
        day="d", name=f"{start}", start=Instant(NOW + start * HOUR), end=Instant(NOW + end * HOUR), **people
    )


def duty(*shifts: Shift, **posts: str) -> State:
    held = {post: Holding(operator=who, since=NOW) for post, who in posts.items()}
    return attrs.evolve(EMPTY, posts=held, shifts=shifts)


ROLES = {"engineer": ("qian", "wu"), "approver": ("zhang", "wu"), "dispatcher": ("zhao", "chen")}
TODAY = shift(-4, 4, dispatcher=("zhao", "chen"), engineer=("qian",), leader=("zhang",))
TONIGHT = shift(4, 12, dispatcher=("sun",), engineer=("wu",))


@pytest.mark.parametrize(
    ("level", "role", "book", "called"),
    [
        (1, "dispatcher", duty(TODAY, dispatcher="chen"), ("chen",)),
        (1, "dispatcher", duty(TODAY), ("zhao", "chen")),  # nobody has taken the post: the roster's
        (1, "engineer", duty(TODAY), ("qian",)),
        (1, "reviewer", duty(TODAY), ("zhang",)),
        (1, "admin", duty(TODAY, dispatcher="chen"), ("chen",)),  # no post of the book: the dispatcher's
        (1, "engineer", duty(operator="gao"), ("gao",)),  # the card's post is empty: whoever is there
        (1, "engineer", duty(), ("qian", "wu")),  # neither book nor roster: those who have the role
        (1, "auditor", duty(), ("zhao", "chen")),  # nobody has it: the dispatchers
        (2, "engineer", duty(), ("qian", "wu")),
        (2, "dispatcher", duty(TODAY, TONIGHT, dispatcher="chen"), ("zhao",)),
        (
            2,
            "engineer",
            duty(TODAY, TONIGHT),
            ("wu",),
        ),  # the only one of this shift was called: the next shift's
        (2, "dispatcher", duty(shift(-1, 1, dispatcher=("sun",)), TONIGHT, leader="zhang"), ("zhang",)),
        (2, "dispatcher", duty(dispatcher="chen"), ("chen",)),  # nobody else is known: again
        (3, "dispatcher", duty(TODAY, dispatcher="chen"), ("qian", "zhang")),
        (3, "dispatcher", duty(dispatcher="chen"), ("chen",)),
        (3, "engineer", duty(engineer="qian", leader="qian"), ("qian",)),
        (3, "dispatcher", duty(), ("qian", "wu", "zhang")),
    ],
)
def test_each_level_reaches_whom_it_should(
    level: int, role: str, book: State, called: tuple[str, ...]
) -> None:
    assert whom(level, role, book, NOW, ROLES) == called  # type: ignore[arg-type]


def test_a_station_without_people_calls_nobody_and_no_more_than_so_many_at_once() -> None:
    assert whom(1, "engineer", duty(), NOW, {}) == () == whom(3, "engineer", duty(), NOW, {})
    crowd = {"engineer": tuple(f"e{n}" for n in range(50))}
    assert len(whom(1, "engineer", duty(), NOW, crowd)) == MOST_CALLED


ALARM = Alarm(number=7, condition=condition(severity="critical"), phase="standing", raised_at=NOW, since=NOW)
LINES = (Contact(role="engineer", name_zh="钱", name_en="Qian", phone="139", operator="qian"),)
LISTED = (
    ContactSection(role="engineer", name="维保", phone="110"),
    ContactSection(role="dispatcher", name="台"),
)


def told(call: Call, role: str = "dispatcher") -> dict[str, object]:
    return message(
        "s1",
        ALARM,
        call,
        role,
        Text("bad", "坏"),
        LINES,
        LISTED,
        lambda who: Text(who.title(), who),  # type: ignore[arg-type]
    )


def test_the_gateway_is_told_what_is_wrong_whom_to_reach_and_which_call_it_is() -> None:
    made = told(Call(level=1, who=("qian", "li"), at=NOW))
    assert made["key"] == f"s1:7:1:{NOW}"
    assert (made["en"], made["zh"], made["level"], made["severity"]) == ("bad", "坏", 1, "critical")
    assert made["people"] == [
        {"operator": "qian", "en": "Qian", "zh": "qian", "phone": "139"},
        {"operator": "li", "en": "Li", "zh": "li", "phone": ""},
    ]


def test_numbers_of_the_settings_stand_in_where_nobody_is_named_and_with_the_engineer() -> None:
    nobody = told(Call(level=1, who=(), at=NOW))
    assert nobody["people"] == [{"operator": "", "en": "台", "zh": "台", "phone": ""}]
    third = told(Call(level=3, who=("qian",), at=NOW))
    assert [one["phone"] for one in third["people"]] == ["139", "110"]  # type: ignore[attr-defined]


def wrong(office: str = "10.1.0.5/24", **changed: object) -> set[str]:
    from emergency_help import settings

    made = attrs.evolve(
        settings(),
        alarms=AlarmsSection(**changed),
        networks=Networks(office=office),  # type: ignore[arg-type]
    )
    assert all(said.en and said.zh for _, said in rules(made))
    return {path for path, _ in rules(made)}


@pytest.mark.parametrize("minutes", [[], [1], [2, 5, 10], [1, 2, 1440]])
def test_growing_minutes_are_good(minutes: list[int]) -> None:
    assert wrong(call_minutes=minutes) == set()


@pytest.mark.parametrize("minutes", [[0], [5, 2], [2, 2], [1, 2, 3, 4], [1441], [-1, 2]])
def test_other_minutes_are_refused(minutes: list[int]) -> None:
    assert wrong(call_minutes=minutes) == {"alarms.call_minutes"}


@pytest.mark.parametrize(
    "hook", ["", "http://127.0.0.1:9000/call", "http://[::1]:9/", "http://10.1.0.9/sms?to=all"]
)
def test_a_gateway_here_or_in_the_office_is_good(hook: str) -> None:
    assert wrong(call_hook=hook) == set()


@pytest.mark.parametrize(
    "hook",
    [
        "https://127.0.0.1/", "http://sms.example.org/", "http://localhost/", "http://10.2.0.9/", "http://8.8.8.8/", "ftp://127.0.0.1/",
        "http://u:p@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://127.0.0.1/\r\nX: y", "http://[::1/", "x", "http://127.0.0.1/" + "a" * 300, "http://127.0.0.1/#x",
    ],
)  # fmt: skip
def test_any_other_address_is_refused(hook: str) -> None:
    assert wrong(call_hook=hook) == {"alarms.call_hook"}


def test_a_token_is_the_bare_name_of_a_file_and_goes_with_a_gateway() -> None:
    hook = "http://127.0.0.1:9/"
    assert wrong(call_hook=hook, call_token_file="call.token") == set()
    assert wrong(call_hook=hook, call_token_file="../call.token") == {"alarms.call_token_file"}
    assert wrong(call_token_file="call.token") == {"alarms.call_token_file"}


def test_an_office_net_that_makes_no_sense_lets_nobody_in() -> None:
    assert wrong(office="nonsense", call_hook="http://10.1.0.9/") == {"alarms.call_hook"}
