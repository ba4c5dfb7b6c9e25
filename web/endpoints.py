"""The table of the API's endpoints: name, path, parameters, shapes. The handlers are made from it, and so is the OpenAPI document. Knows no Flask."""

from __future__ import annotations

from typing import Any

import attrs

import devices.messages
import emergency.messages
import playout.messages
import safety.messages
import station.hold
from station import views
from station.words import COMMANDS, Command
from web import alarm_endpoints, office_endpoints, shapes
from web.openapi import Endpoint, Param, document

PREFIX = "/api/v1"
MOST_BUCKETS = 62
PARTS = (
    devices.messages,
    emergency.messages,
    playout.messages,
    safety.messages,
    station.hold,
)  # their commands register


QUERIES: list[Endpoint] = [
    *alarm_endpoints.ALARMS,
    *office_endpoints.OFFICE,
    Endpoint(
        method="GET", path="/overview", name="overview", says="The On air page", result=views.OverviewView
    ),
    Endpoint(
        method="GET",
        path="/alerts",
        name="alerts",
        says="Alerts, newest first",
        params=(Param(name="open", type=bool), Param(name="limit", type=int)),
        result=list[views.AlertView],
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id}",
        name="alert",
        says="One alert",
        params=(Param(name="id", path=True),),
        result=views.AlertView,
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id}/signers",
        name="signers",
        says="Who may still sign an alert",
        params=(Param(name="id", path=True),),
        result=list[shapes.SignerView],
    ),
    Endpoint(
        method="GET", path="/mutes", name="mutes", says="Local mutes in force", result=list[views.MuteView]
    ),
    Endpoint(
        method="GET",
        path="/templates",
        name="templates",
        says="Templates and their reviews",
        result=list[shapes.TemplateView],
    ),
    Endpoint(
        method="GET", path="/areas", name="areas", says="The county's areas", result=list[shapes.AreaView]
    ),
    Endpoint(
        method="GET",
        path="/resolve",
        name="resolve",
        says="What a choice of areas reaches now",
        params=(Param(name="areas", type=list[str], required=True, says="codes, comma between"),),
        result=shapes.Resolved,
    ),
    Endpoint(method="GET", path="/events", name="events", says="Event codes", result=list[shapes.EventCode]),
    Endpoint(
        method="GET",
        path="/terminals",
        name="terminals",
        says="Terminals",
        params=(
            Param(name="area"),
            Param(name="state"),
            Param(name="limit", type=int),
            Param(name="offset", type=int),
        ),
        result=shapes.TerminalPage,
    ),
    Endpoint(method="GET", path="/map", name="map", says="Points of the map", result=shapes.MapView),
    Endpoint(
        method="GET",
        path="/rundown",
        name="rundown",
        says="A day's rundown",
        params=(Param(name="channel", required=True), Param(name="day", required=True, says="YYYY-MM-DD")),
        result=shapes.RundownView,
    ),
    Endpoint(
        method="GET",
        path="/rundown/sheet",
        name="rundown_sheet",
        says="A day's approved and waiting versions line by line, and what comes if nobody acts",
        params=(Param(name="channel", required=True), Param(name="day", says="YYYY-MM-DD; today's if none")),
        result=shapes.SheetView,
    ),
    Endpoint(
        method="GET",
        path="/media",
        name="media",
        says="Approved media that a rundown may name",
        result=list[shapes.MediumView],
    ),
    Endpoint(method="GET", path="/rundowns", name="rundowns", says="Rundowns that wait", result=list[Any]),
    Endpoint(
        method="GET",
        path="/asrun",
        name="asrun",
        says="What was aired",
        params=(
            Param(name="channel", required=True),
            Param(name="from", type=int, required=True, says="µs UTC"),
            Param(name="to", type=int, required=True, says="µs UTC"),
        ),
        result=list[views.AsRunView],
    ),
    Endpoint(
        method="GET",
        path="/safety",
        name="safety",
        says="Safety figures of a span",
        params=(
            Param(name="from", type=int, required=True, says="µs UTC"),
            Param(name="to", type=int, required=True, says="µs UTC"),
        ),
        result=list[views.SafetyView],
    ),
    Endpoint(
        method="GET",
        path="/journal",
        name="journal",
        says="Journal records, newest first",
        params=(
            Param(name="before", type=int),
            Param(name="limit", type=int),
            Param(name="kind", says="beginning of a kind"),
        ),
        result=list[views.JournalView],
    ),
    Endpoint(method="GET", path="/people", name="people", says="Accounts", result=list[shapes.PersonView]),
    Endpoint(method="GET", path="/me", name="me", says="Who sits here", result=views.SeatView),
    Endpoint(
        method="GET",
        path="/why",
        name="why_here",
        says="Why a channel, an area or a terminal sounds, asked for by name, initials or code",
        params=(Param(name="q", says="none: every channel and every area that sounds"),),
        result=shapes.WhyView,
    ),
    Endpoint(
        method="GET",
        path="/why/{code}",
        name="why",
        says="Why a terminal or channel sounds",
        params=(Param(name="code", path=True),),
        result=dict[str, Any],
    ),
]
SERIES = Endpoint(
    method="GET",
    path="/safety/series",
    name="series",
    says=f"Seconds by state, cut into at most {MOST_BUCKETS} stretches of `step` µs",
    params=(
        Param(name="from", type=int, required=True),
        Param(name="to", type=int, required=True),
        Param(name="step", type=int, required=True),
    ),
    result=list[shapes.SeriesBucket],
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
