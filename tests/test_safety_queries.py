"""The safety figures as people read them: causes and approvals in words, alerts and channels by their names."""

from __future__ import annotations

from typing import Any

from test_sentences import Book

from station.safety_queries import SafetyQueries
from station.words import Text


def told(**entry: Any) -> dict[str, Any]:
    return SafetyQueries(Book(), None)._told(entry)  # type: ignore[arg-type]


def test_an_insertion_names_the_alert_that_approves_it() -> None:
    made = told(approval="alert:a1", start=5)
    assert made["approval_text"] == Text("alert “山洪预警”", "预警“山洪预警”")
    assert made["approval"] == "alert:a1" and made["start"] == 5 and "cause_text" not in made


def test_a_finding_says_its_cause_and_what_was_due() -> None:
    made = told(cause="no packets", due="rundown:fm1:2026-11-22:0123456789ab")
    assert (
        made["cause_text"].zh == "没有数据包" and made["approval_text"].en == "rundown of Radio, 2026-11-22"
    )
    assert told(cause="", due="") == {"cause": "", "due": ""}
