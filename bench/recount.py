#!/usr/bin/env python3
"""Counts a station's safety figures again, from the journal's slots.measured records alone. Imports nothing of Gengfu.

usage: recount.py journal.db FROM_US TO_US [CHANNEL]
prints one JSON object a channel and measuring point; all integers (tenths of seconds, thousandths, millionths).
"""

import json
import sqlite3
import sys
from collections import Counter

STATES = ("PLANNED", "FOREIGN", "WRONG", "OUTAGE", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL")


def first_slot(us):
    """The first slot of 4,800 samples at 48 kHz that begins at or after an instant, as the journal counts samples."""
    sample = us * 6 // 125
    return (sample + 4799) // 4800


def read(path):
    """{(channel, point): {slot: (state, due)}}, one entry for each slot of 100 ms."""
    with sqlite3.connect(path) as base:
        rows = base.execute("SELECT body FROM journal WHERE kind = 'slots.measured/1' ORDER BY position")
        found = {}
        for (body,) in rows:
            told = json.loads(body)
            slots = found.setdefault((told["channel"], told["point"]), {})
            for run in told["runs"]:
                for slot in range(run["first"], run["last"]):
                    assert slot not in slots, f"slot {slot} was measured twice"
                    slots[slot] = (run["state"], run["due"])
    return found


def ceiling(a, b):
    return -(-a // b)


def count(slots, start, end):
    """The figures of slots start to end, one by one."""
    heard = [slots.get(slot, ("UNKNOWN", "")) for slot in range(start, end)]
    by_state = Counter(state for state, _ in heard)
    planned = len(heard) - by_state["PLANNED"]
    measured = planned - by_state["UNKNOWN"]
    bad = by_state["OUTAGE"]
    strict = bad + by_state["EMPTY"] + by_state["WRONG"] + by_state["FOREIGN"]
    alerts = {due for state, due in heard if state == "NORMAL" and due.startswith("alert:")}
    foreign, last = 0, None
    for place, (state, _) in enumerate(heard):
        if state == "FOREIGN":
            foreign += last is None or place - last > 11
            last = place
    return {
        "planned_s_x10": planned,
        "seconds_x10": {state: by_state[state] for state in STATES},
        "outage_rate_milli": ceiling(bad * 360_000_000, measured) if measured else None,
        "strict_rate_milli": ceiling(strict * 360_000_000, measured) if measured else None,
        "availability_ppm": (measured - bad) * 1_000_000 // measured if measured else None,
        "coverage_ppm": measured * 1_000_000 // planned if planned else 0,
        "authorised": len(alerts),
        "unauthorised": foreign,
    }


def main(argv):
    if len(argv) not in (3, 4):
        sys.stderr.write(__doc__)
        return 2
    start, end = first_slot(int(argv[1])), first_slot(int(argv[2]))
    for (channel, point), slots in sorted(read(argv[0]).items()):
        if len(argv) == 3 or argv[3] == channel:
            print(json.dumps({"channel": channel, "point": point, **count(slots, start, end)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
