"""The API's endpoints about alarms, transmitters and power, for the table in web/endpoints.py. Knows no Flask."""

from __future__ import annotations

import devices.plant_messages
import safety.alarm_messages
from station import alarm_views, device_views
from web.openapi import Endpoint, Param, asked

PARTS = (safety.alarm_messages, devices.plant_messages)  # their commands register

ALARMS: list[Endpoint] = [
    asked("/alarms", "alarms", "What stands and what is shelved, with their cards", alarm_views.AlarmsView),
    asked(
        "/alarms/history",
        "alarm_history",
        "Every alarm there was, newest first",
        list[alarm_views.AlarmView],
        Param(name="before", type=int, says="number of an alarm"),
        Param(name="limit", type=int),
        Param(name="severity", says="critical, major or minor"),
        Param(name="key", says="beginning of a key"),
    ),
    asked("/alarms/cards", "alarm_cards", "Every alarm card", list[alarm_views.CardView]),
    asked(
        "/transmitters",
        "transmitters",
        "Transmitters: carriers, values with quality and age",
        list[device_views.TransmitterView],
    ),
    asked("/power", "power", "Power supplies: values with quality and age", list[device_views.UpsView]),
]
