"""The API's endpoints about duty, accounts and settings, for the table in web/endpoints.py. Knows no Flask."""

from __future__ import annotations

import attrs

from station import duty_messages, duty_views, people_orders, people_views, settings_orders, settings_views
from web.openapi import Endpoint, Param

PARTS = (duty_messages, people_orders, settings_orders)  # their commands register


@attrs.frozen(kw_only=True)
class SettingsText:
    """Settings to be looked at."""

    text: str


OFFICE: list[Endpoint] = [
    Endpoint(method="GET", path="/duty", name="duty", says="The duty book now", result=duty_views.DutyView),
    Endpoint(
        method="GET",
        path="/duty/day",
        name="duty_day",
        says="The duty book's page of a broadcast day",
        params=(Param(name="day", says="YYYY-MM-DD; today when left out"),),
        result=duty_views.DutyDayView,
    ),
    Endpoint(
        method="GET",
        path="/users",
        name="users",
        says="Accounts and open seats, for administrators",
        result=people_views.UsersView,
    ),
    Endpoint(
        method="GET",
        path="/contacts",
        name="contacts",
        says="The telephone list",
        result=list[people_orders.Contact],
    ),
    Endpoint(
        method="GET",
        path="/settings",
        name="settings",
        says="The running settings as text, what waits and what was kept; for engineers and administrators",
        result=settings_views.SettingsView,
    ),
    Endpoint(
        method="GET",
        path="/settings/kept",
        name="settings_kept",
        says="Settings that were put aside, 1 the newest",
        params=(Param(name="number", type=int, required=True),),
        result=settings_views.KeptText,
    ),
]
CHECKS: list[Endpoint] = [
    Endpoint(
        method="POST",
        path="/settings/check",
        name="settings_check",
        says="Every mistake of settings, what differs from the running ones and what that means; nothing is kept",
        body=SettingsText,
        result=settings_views.SettingsCheck,
    ),
]
