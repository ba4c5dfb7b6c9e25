"""An alert that waits says for what: its speech, its signatures, both, or its time."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from emergency_help import Bench

from station.alert_book import AlertRow, Given, alert_of, fold
from station.awaited import awaited
from station.words import Instant, Sha256

AUDIO = Sha256("a" * 64)


@pytest.fixture(scope="module")
def row() -> AlertRow:
    bench = Bench()
    bench.air("a1")
    found: AlertRow | None = None
    for happened, _ in bench.journal:
        if alert_of(happened) == "a1":
            found = fold(found, happened, bench.now)
    assert found is not None
    return attrs.evolve(found, needed=2)


def given(*owed: bool) -> tuple[Given, ...]:
    return tuple(Given(by=f"p{k}", at=Instant(k), owed=one) for k, one in enumerate(owed))


@pytest.mark.parametrize(
    ("known", "zh", "en"),
    [
        ({"audio": None, "signatures": given(False)}, "等待语音合成;等待签审(已签 1,须 2)", "waiting for its speech; waiting for signatures (1 of 2)"),
        ({"audio": None, "signatures": given(False, False)}, "等待语音合成", "waiting for its speech"),
        ({"audio": None, "speechless": "no voice", "signatures": given(False, False)}, "语音合成失败", "no speech could be made"),
        ({"audio": AUDIO, "signatures": given(False, True)}, "等待签审(已签 1,须 2)", "waiting for signatures (1 of 2)"),
        ({"audio": AUDIO, "signatures": given(False, False)}, "已就绪,等待生效时刻", "ready, its time has not come"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(row: AlertRow, known: dict[str, Any], zh: str, en: str) -> None:
    said = awaited(attrs.evolve(row, **known))
    assert (said.zh, said.en) == (zh, en)
