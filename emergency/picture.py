"""The life cycle drawn from its table: Mermaid, DOT, SVG and the page in docs. Text out; knows no rule and writes no file but as `main`."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.sax.saxutils import escape

from emergency.messages import AUTHORITIES
from emergency.policy import ROWS
from emergency.preempt import KINDS, ORDER
from emergency.reasons import ROW_NAMES
from emergency.table import PHASES, TABLE, Phase, Step
from station import drawn

STEPS: dict[Step, str] = {
    "submitted": "收到 submitted",
    "spoken": "语音就绪 spoken",
    "speechless": "语音失败 speechless",
    "signed": "签审 signed",
    "rejected": "退回 rejected",
    "held": "暂停 held",
    "glassbroken": "破窗 break-glass",
    "oral": "口头命令 oral order",
    "aired": "播出 aired",
    "moved": "起点后移 moved",
    "overdue": "补签超时 overdue",
    "owes": "停播欠签 ended, owing",
    "settles": "补签完成 settled",
    "expired": "到期 expired",
    "finished": "播完 finished",
    "cancelled": "解除 cancelled",
    "superseded": "被取代 superseded",
    "refused": "未准 refused",
    "lapsed": "未播过期 lapsed",
}
COLUMNS: tuple[tuple[Phase | None, ...], ...] = (
    ("new", None, "refused", "lapsed", "rejected"),
    ("waiting", "held"),
    ("sounding", "owing"),
    ("settled", "expired", "finished", "cancelled", "superseded"),
)
WIDE, HIGH, GAP_X, GAP_Y = 180, 54, 110, 46  # pixels of a box and between boxes


def mermaid() -> str:
    """A Mermaid state diagram."""
    return drawn.mermaid(PHASES, TABLE, STEPS.__getitem__)


def dot() -> str:
    """The same for Graphviz."""
    lines = ["digraph alert {", "  rankdir=LR; node [shape=box, style=rounded];"]
    lines += [f'  {phase} [label="{text.zh}\\n{text.en}"];' for phase, text in PHASES.items()]
    lines += [_dot_edge(phase, then, steps) for (phase, then), steps in drawn.edges(TABLE).items()]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_edge(phase: Phase, then: Phase, steps: list[Step]) -> str:
    label = "\\n".join(STEPS[step] for step in steps)
    return f'  {phase} -> {then} [label="{label}"];'


def _places() -> dict[Phase, tuple[int, int]]:
    return {
        phase: (20 + column * (WIDE + GAP_X), 20 + row * (HIGH + GAP_Y))
        for column, phases in enumerate(COLUMNS)
        for row, phase in enumerate(phases)
        if phase is not None
    }


def svg() -> str:
    """A drawing that needs no program: boxes in columns, one line for each pair of phases; loops are in the table."""
    places = _places()
    width = max(x for x, _ in places.values()) + WIDE + 20
    height = max(y for _, y in places.values()) + HIGH + 20
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
    )
    lines = [
        _svg_edge(places, phase, then, steps)
        for (phase, then), steps in drawn.edges(TABLE).items()
        if phase != then
    ]
    boxes = [_svg_box(phase, x, y) for phase, (x, y) in places.items()]
    return "\n".join([head, *lines, *boxes, "</svg>"]) + "\n"


def _svg_edge(places: dict[Phase, tuple[int, int]], phase: Phase, then: Phase, steps: list[Step]) -> str:
    (x1, y1), (x2, y2) = places[phase], places[then]
    if x1 == x2:
        begin, end = (x1 + WIDE // 2, y1 + HIGH), (x2 + WIDE // 2, y2)
    elif x1 < x2:
        begin, end = (x1 + WIDE, y1 + HIGH // 2), (x2, y2 + HIGH // 2)
    else:
        begin, end = (x1, y1 + HIGH // 2), (x2 + WIDE, y2 + HIGH // 2)
    title = escape(", ".join(STEPS[step] for step in steps))
    return (
        f'<line x1="{begin[0]}" y1="{begin[1]}" x2="{end[0]}" y2="{end[1]}" stroke="#888" '
        f'marker-end="url(#tip)"><title>{title}</title></line>'
    )


def _svg_box(phase: Phase, x: int, y: int) -> str:
    text = PHASES[phase]
    fill = "#fdd" if phase == "sounding" else "#eef"
    short = text.en if len(text.en) <= 34 else text.en[:33] + "…"
    return (
        f'<g><title>{escape(text.en)}</title><rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6" '
        f'fill="{fill}" stroke="#336"/><text x="{x + WIDE // 2}" y="{y + 23}" font-size="13" '
        f'text-anchor="middle">{escape(text.zh)}</text><text x="{x + WIDE // 2}" y="{y + 41}" font-size="9" '
        f'text-anchor="middle">{escape(short)}</text></g>'
    )


def page() -> str:
    """docs/alert-lifecycle.md: the picture, the table, the rows of L10, the order of L7."""
    parts = [
        "# The life of an alert · 预警的一生",
        "Made by `python -m emergency.picture` from `emergency/table.py`, `policy.py` and `preempt.py`; a test fails when it differs.",
        "![phases](alert-lifecycle.svg)",
        f"```mermaid\n{mermaid()}```",
        "## Phase and event give the next phase · 阶段与事件",
        _table(["phase · 阶段", "event · 事件", "next · 下一阶段"], _transitions()),
        "## Signatures before air (L10) · 播前签审",
        "Settings may ask for more, never for fewer. All by different people, each bound to the SHA-256 of the content.",
        _table(
            ["row", "rule · 规则", "before air · 播前", "owed · 补签", "within · 期限 s", "timer · 计时 s"],
            _rows(),
        ),
        "## Who sounds where several want to (L7) · 抢占次序",
        (
            f"The first difference decides: {', '.join(ORDER)}; then the incident that sounded first, and in it the newest message. "
            f"Kinds: {' > '.join(KINDS)}. Levels: 1 > 2 > 3 > 4 > none. Authorities: {' > '.join(AUTHORITIES)}. "
            "`lane` is the fast lane of verified earthquake alerts. A terminal wanted by a local and a wider actual alert "
            "of equal level and hazard plays both in turn."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _transitions() -> list[list[str]]:
    return [
        [f"{phase} {PHASES[phase].zh}", STEPS[step], f"{then} {PHASES[then].zh}"]
        for (phase, step), then in TABLE.items()
    ]


def _rows() -> list[list[str]]:
    return [
        [f"`{row.row}`", f"{ROW_NAMES[row.row].en} · {ROW_NAMES[row.row].zh}"]
        + [str(number) for number in (row.before, row.owed, row.owed_within_s, row.timer_s)]
        for row in ROWS.values()
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pictures() -> dict[str, str]:
    """File name in docs → its text."""
    return {
        "alert-lifecycle.md": page(),
        "alert-lifecycle.svg": svg(),
        "alert-lifecycle.dot": dot(),
        "alert-lifecycle.mmd": mermaid(),
    }


def main(argv: list[str]) -> int:
    """Write the pictures into a directory (docs)."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m emergency.picture DOCS\n")
        return 2
    for name, text in pictures().items():
        (Path(argv[0]) / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
