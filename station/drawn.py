"""A life cycle drawn from its table. Text out; knows no phase and no step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from station.words import Text

Phase = TypeVar("Phase", bound=str)
Step = TypeVar("Step", bound=str)


def edges(table: Mapping[tuple[Phase, Step], Phase]) -> dict[tuple[Phase, Phase], list[Step]]:
    """The steps that lead from one phase to another, in the order of the table."""
    found: dict[tuple[Phase, Phase], list[Step]] = {}
    for (phase, step), then in table.items():
        found.setdefault((phase, then), []).append(step)
    return found


def mermaid(
    phases: Mapping[Phase, Text], table: Mapping[tuple[Phase, Step], Phase], says: Callable[[Step], str]
) -> str:
    """A Mermaid state diagram, from `new` to the phases that nothing leaves."""
    lines = ["stateDiagram-v2", "    [*] --> new"]
    lines += [f"    {phase}: {text.zh} / {text.en}" for phase, text in phases.items()]
    lines += [
        f"    {phase} --> {then}: {', '.join(map(says, steps))}"
        for (phase, then), steps in edges(table).items()
    ]
    leaving = {phase for phase, _ in table}
    return "\n".join([*lines, *(f"    {phase} --> [*]" for phase in phases if phase not in leaving)]) + "\n"


__all__ = ["edges", "mermaid"]
