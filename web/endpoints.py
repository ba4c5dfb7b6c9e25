"""The table of the API's endpoints: name, path, parameters, shapes. The handlers are made from it, and so is the OpenAPI document. Knows no Flask."""

from __future__ import annotations

from typing import Any

import attrs

import devices.messages
import emergency.messages
import playout.live_messages
import playout.messages
import safety.messages
import station.hold
from station import live_views, views
from station.words import COMMANDS, Command
from web import alarm_endpoints, office_endpoints, shapes
from web.openapi import Endpoint, Param, asked, document

PREFIX = "/api/v1"
MOST_BUCKETS = 62
PARTS = (
    devices.messages,
    emergency.messages,
    playout.live_messages,
    playout.messages,
    safety.messages,
    station.hold,
)  # their commands register


SPAN = (
    Param(name="from", type=int, required=True, says="µs UTC"),
    Param(name="to", type=int, required=True, says="µs UTC"),
)
QUERIES: list[Endpoint] = [
    *alarm_endpoints.ALARMS,
    *office_endpoints.OFFICE,
    asked("/overview", "overview", "The On air page", views.OverviewView),
    asked(
        "/alerts",
        "alerts",
        "Alerts, newest first",
        list[views.AlertView],
        Param(name="open", type=bool),
        Param(name="limit", type=int),
    ),
    asked("/alerts/{id}", "alert", "One alert", views.AlertView, Param(name="id", path=True)),
    asked(
        "/alerts/{id}/signers",
        "signers",
        "Who may still sign an alert",
        list[shapes.SignerView],
        Param(name="id", path=True),
    ),
    asked("/mutes", "mutes", "Local mutes in force", list[views.MuteView]),
    asked("/templates", "templates", "Templates and their reviews", list[shapes.TemplateView]),
    asked("/areas", "areas", "The county's areas", list[shapes.AreaView]),
    asked(
        "/resolve",
        "resolve",
        "What an alert for a choice of areas would reach now, and which channels it would interrupt",
        shapes.Resolved,
        Param(name="areas", type=list[str], required=True, says="codes, comma between"),
        Param(name="level", type=int, says="1 red to 4 blue, 0 none: whether programmes go on below it"),
    ),
    asked("/events", "events", "Event codes", list[shapes.EventCode]),
    asked(
        "/terminals",
        "terminals",
        "Terminals",
        shapes.TerminalPage,
        Param(name="area"),
        Param(name="state"),
        Param(name="limit", type=int),
        Param(name="offset", type=int),
    ),
    asked("/map", "map", "Points of the map", shapes.MapView),
    asked(
        "/rundown",
        "rundown",
        "A day's rundown",
        shapes.RundownView,
        Param(name="channel", required=True),
        Param(name="day", required=True, says="YYYY-MM-DD"),
    ),
    asked(
        "/rundown/sheet",
        "rundown_sheet",
        "A day's approved and waiting versions line by line, and what comes if nobody acts",
        shapes.SheetView,
        Param(name="channel", required=True),
        Param(name="day", says="YYYY-MM-DD; today's if none"),
    ),
    asked("/media", "media", "Approved media that a rundown may name", list[shapes.MediumView]),
    asked("/rundowns", "rundowns", "Rundowns that wait", list[Any]),
    asked(
        "/prepared",
        "prepared",
        "What waits for an operator's key on a channel today",
        list[shapes.PreparedView],
        Param(name="channel", required=True),
    ),
    asked(
        "/live",
        "live",
        "What of a studio may be opened on a channel, waits, or is heard",
        live_views.LiveView,
        Param(name="channel", required=True),
    ),
    asked("/withdrawn", "withdrawn", "Media withdrawn from the air", list[shapes.WithdrawnView]),
    asked(
        "/asrun",
        "asrun",
        "What was aired",
        list[views.AsRunView],
        Param(name="channel", required=True),
        *SPAN,
    ),
    asked(
        "/safety",
        "safety",
        "Safety figures of a span",
        list[views.SafetyView],
        *SPAN,
    ),
    asked(
        "/journal",
        "journal",
        "Journal records, newest first",
        list[views.JournalView],
        Param(name="before", type=int),
        Param(name="limit", type=int),
        Param(name="kind", says="beginning of a kind"),
    ),
    asked("/people", "people", "Accounts", list[shapes.PersonView]),
    asked("/me", "me", "Who sits here", views.SeatView),
    asked(
        "/why",
        "why_here",
        "Why a channel, an area or a terminal sounds, asked for by name, initials or code",
        shapes.WhyView,
        Param(name="q", says="none: every channel and every area that sounds"),
    ),
    asked(
        "/why/{code}",
        "why",
        "Why a terminal or channel sounds",
        dict[str, Any],
        Param(name="code", path=True),
    ),
]
SERIES = asked(
    "/safety/series",
    "series",
    f"Seconds by state, cut into at most {MOST_BUCKETS} stretches of `step` µs",
    list[shapes.SeriesBucket],
    *SPAN,
    Param(name="step", type=int, required=True),
)
CHECK = Endpoint(
    method="POST",
    path="/rundown/check",
    name="rundown_check",
    says="How a day's CSV would come out if it were approved now; nothing of it is kept",
    body=shapes.DraftBody,
    result=shapes.DraftView,
)
SEATS: list[Endpoint] = [
    Endpoint(
        method="POST",
        path="/login",
        name="login",
        says="Take a seat; the answer's session is the bearer token",
        body=shapes.Login,
        result=views.SeatView,
        session=False,
    ),
    Endpoint(
        method="POST", path="/pin", name="pin", says="Prove who acts", body=shapes.Pin, result=views.SeatView
    ),
    Endpoint(method="POST", path="/logout", name="logout", says="Leave the seat"),
]


def command_endpoints() -> list[Endpoint]:
    """One POST for each command that people may send."""
    return [
        Endpoint(
            method="POST",
            path=f"/commands/{name}",
            name="command_" + name.replace(".", "_"),
            says=(cls.__doc__ or "").strip(),
            command=cls,
            result=shapes.CommandAnswer,
        )
        for name, cls in sorted(people_commands().items())
    ]


def people_commands() -> dict[str, type[Command]]:
    """The registered commands that are not the station's own."""
    return {name: cls for name, cls in COMMANDS.items() if cls.right != "system"}


def api_document(version: str = "1") -> dict[str, Any]:
    """The OpenAPI document of everything below /api/v1."""
    every = [*QUERIES, SERIES, CHECK, *office_endpoints.CHECKS, *SEATS, *command_endpoints()]
    placed = [attrs.evolve(one, path=PREFIX + one.path) for one in every]
    return document(placed, title="Gengfu", version=version, problem=shapes.Problem)
