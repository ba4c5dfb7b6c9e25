"""The life of an alarm drawn from its table, and its page in docs: `python -m safety.alarm_picture docs`. Text out; knows no rule and writes no file but as `main`."""

from __future__ import annotations

import sys
from pathlib import Path

from safety.alarm_table import PHASES, STEPS, TABLE
from safety.alarms import Policy
from station import drawn

NAME = "alarm-lifecycle"


def mermaid() -> str:
    """A Mermaid state diagram."""
    return drawn.mermaid(PHASES, TABLE, lambda step: f"{STEPS[step].zh} {STEPS[step].en}")


def page() -> str:
    """docs/alarm-lifecycle.md: the picture, the table, the limits."""
    policy = Policy()
    rows = [
        f"| {PHASES[phase].zh} `{phase}` | {STEPS[step].zh} `{step}` | {PHASES[then].zh} `{then}` |"
        for (phase, step), then in TABLE.items()
    ]
    return "\n".join(
        [
            "# The life of an alarm · 告警的一生",
            "",
            "Made by `python -m safety.alarm_picture docs` from `safety/alarm_table.py` and `safety/alarms.py`; a test fails when it differs.",
            "",
            "```mermaid",
            mermaid().rstrip(),
            "```",
            "",
            "| phase · 状态 | step · 事件 | then · 之后 |",
            "|---|---|---|",
            *rows,
            "",
            f"- Shelved for at most {policy.shelf_minutes} min, a critical alarm {policy.shelf_minutes_critical} min; it comes back by itself and must be acknowledged anew. 搁置最多 {policy.shelf_minutes} 分钟,紧急告警 {policy.shelf_minutes_critical} 分钟;到时自动恢复并须重新确认。",
            f"- Raised more than {policy.chatter_times} times within {policy.chatter_minutes} min it chatters, and is marked so. {policy.chatter_minutes} 分钟内发生超过 {policy.chatter_times} 次即标为频繁通断。",
            f"- Critical and not acknowledged for {', '.join(map(str, policy.call_minutes))} min, people are called: who is on duty, the next of the roster, engineer and leader. 紧急告警 {'、'.join(map(str, policy.call_minutes))} 分钟无人确认时逐级叫应:当班人、值班表下一位、技术值班与带班领导。",
            "- What gets worse must be acknowledged anew, also when it was shelved. 加重的告警须重新确认,已搁置的也一样。",
            "- The same condition is never raised twice; returned and not acknowledged it keeps its number. 同一故障不会重复告警;恢复而未确认的仍用原编号。",
            "",
        ]
    )


def main(argv: list[str]) -> int:
    """Write the page into a directory."""
    if len(argv) != 1:
        sys.stderr.write("python -m safety.alarm_picture DIRECTORY\n")
        return 2
    (Path(argv[0]) / f"{NAME}.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
