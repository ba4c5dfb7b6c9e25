"""The API's endpoints about duty, accounts and settings, for the table in web/endpoints.py. Knows no Flask."""

from __future__ import annotations

import attrs

from station import duty_messages, duty_views, people_orders, people_views, settings_orders, settings_views
from web.openapi import Endpoint, Param, asked

PARTS = (duty_messages, people_orders, settings_orders)  # their commands register


@attrs.frozen(kw_only=True)
class SettingsText:
    """Settings to be looked at."""

    text: str


OFFICE: list[Endpoint] = [
    asked("/duty", "duty", "The duty book now", duty_views.DutyView),
    asked(
        "/duty/day",
        "duty_day",
        "The duty book's page of a broadcast day",
        duty_views.DutyDayView,
        Param(name="day", says="YYYY-MM-DD; today when left out"),
    ),
    asked("/users", "users", "Accounts and open seats, for administrators", people_views.UsersView),
    asked("/contacts", "contacts", "The telephone list", list[people_orders.Contact]),
    asked(
        "/settings",
        "settings",
        "The running settings as text, what waits and what was kept; for engineers and administrators",
        settings_views.SettingsView,
    ),
    asked(
        "/settings/kept",
        "settings_kept",
        "Settings that were put aside, 1 the newest",
        settings_views.KeptText,
        Param(name="number", type=int, required=True),
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
