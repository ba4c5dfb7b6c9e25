"""The API's endpoints about duty, accounts and settings, for the table in web/endpoints.py. Knows no Flask."""

from __future__ import annotations

from station import duty_messages, duty_views, people_orders, people_views
from web.openapi import Endpoint, Param

PARTS = (duty_messages, people_orders)  # their commands register

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
]
