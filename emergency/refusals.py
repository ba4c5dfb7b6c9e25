"""Refusals that several deciders of this part share, in words that help. Decides nothing else."""

from __future__ import annotations

from emergency.state import Record, State
from emergency.table import PHASES
from emergency.templates import has_controls
from station.area_codes import any_contains
from station.words import Operator, Refused

WORDS_AT_MOST = 500  # characters of a reason


def record_of(state: State, alert: str) -> Record:
    record = state.alerts.get(alert)
    if record is None:
        raise Refused(
            f"There is no alert {alert!r} here; it may have ended long ago. The journal knows.",
            f"没有预警 {alert!r};可能早已结束,请查日志。",
            code="missing",
        )
    return record


def over(record: Record) -> Refused:
    phase = PHASES[record.phase]
    return Refused(
        f"Too late: the alert is {phase.en}. To sound it again, send it anew.",
        f"已无法操作:该预警{phase.zh}。如需再播,请重新发送。",
        code="over",
    )


def check_words(*texts: str) -> None:
    if any(has_controls(text, lines=True) or len(text) > WORDS_AT_MOST for text in texts):
        raise Refused(
            f"At most {WORDS_AT_MOST} readable characters, please.",
            f"请填写不超过 {WORDS_AT_MOST} 个可读字符。",
            code="form",
        )


def check_reach(record: Record, by: Operator) -> None:
    if by.areas and not all(any_contains(by.areas, area) for area in record.message.areas):
        raise Refused(
            "It reaches beyond your area. Mute it in your area, or ask someone who answers for the whole.",
            "该预警超出您的辖区。可:①在本辖区静音 ②请负责整个范围的人操作。",
            code="area",
        )


def from_above(record: Record) -> Refused:
    sender = record.source.authority
    return Refused(
        f"It came from a higher authority ({sender}); only that or a higher one cancels it. Mute it here (本地静音, one key), and tell the sender.",
        f"该预警由上级({sender})发出,须由同级或更高一级解除。可:①本地静音(一键)②通知发送方解除。",
        code="authority",
    )
