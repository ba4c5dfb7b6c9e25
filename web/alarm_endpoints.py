"""The API's endpoints about alarms, transmitters and power, for the table in web/endpoints.py. Knows no Flask."""

from __future__ import annotations

import devices.plant_messages
import safety.alarm_messages
from station import alarm_views, device_views
from web.openapi import Endpoint, Param

PARTS = (safety.alarm_messages, devices.plant_messages)  # their commands register

ALARMS: list[Endpoint] = [
    Endpoint(
        method="GET",
        path="/alarms",
        name="alarms",
        says="What stands and what is shelved, with their cards",
        result=alarm_views.AlarmsView,
    ),
    Endpoint(
        method="GET",
        path="/alarms/history",
        name="alarm_history",
        says="Every alarm there was, newest first",
        params=(
            Param(name="before", type=int, says="number of an alarm"),
            Param(name="limit", type=int),
            Param(name="severity", says="critical, major or minor"),
            Param(name="key", says="beginning of a key"),
        ),
        result=list[alarm_views.AlarmView],
    ),
    Endpoint(
        method="GET",
        path="/alarms/cards",
        name="alarm_cards",
        says="Every alarm card",
        result=list[alarm_views.CardView],
    ),
    Endpoint(
        method="GET",
        path="/transmitters",
        name="transmitters",
        says="Transmitters: carriers, values with quality and age",
        result=list[device_views.TransmitterView],
    ),
    Endpoint(
        method="GET",
        path="/power",
        name="power",
        says="Power supplies: values with quality and age",
        result=list[device_views.UpsView],
    ),
]
