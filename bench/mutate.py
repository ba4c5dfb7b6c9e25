"""Mutation sampling of the pure modules: changes one operator, constant or branch at a time and asks whether a test notices.

    python bench/mutate.py --sample 40 --seed 1 [--only schedules/timeline.py] [--floor 85]

Survivors are printed; those listed with a reason in bench/mutation.toml do not count against the score.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parent))
from scratch import ROOT, Scratch

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that can be changed, with the kind of change; annotations, docstrings and raised texts are left alone."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Raise, ast.Assert)) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            quiet |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, (ast.FunctionDef, ast.AnnAssign, ast.arg)):
            for part in (getattr(node, "returns", None), getattr(node, "annotation", None)):
                quiet |= {id(inner) for inner in ast.walk(part)} if part else set()
            quiet |= {id(inner) for deco in getattr(node, "decorator_list", []) for inner in ast.walk(deco)}
        if isinstance(node, ast.ClassDef):  # how a class is made is no decision
            quiet |= {id(inner) for deco in node.decorator_list for inner in ast.walk(deco)}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "Misheard", "Text"):
            quiet |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in quiet:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node, "compare"
        elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
            yield node, "arithmetic"
        elif isinstance(node, ast.BoolOp):
            yield node, "boolean"
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield node, "number"
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield node, "truth"
        elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
            yield node, "branch"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node, "not"


def change(node: ast.AST, kind: str) -> str:
    """Change `node` in place; returns what was done."""
    if kind == "compare":
        assert isinstance(node, ast.Compare)
        node.ops[0] = SWAPS[type(node.ops[0])]()
    elif kind in ("arithmetic", "boolean"):
        assert isinstance(node, (ast.BinOp, ast.BoolOp))
        node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif kind in ("number", "truth"):
        assert isinstance(node, ast.Constant)
        node.value = (not node.value) if kind == "truth" else node.value + 1  # type: ignore[operator]
    elif kind == "branch":
        assert isinstance(node, (ast.If, ast.IfExp, ast.While))
        node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
    elif kind == "not":
        assert isinstance(node, ast.UnaryOp)
        node.op = ast.UAdd()
        node.operand = ast.Call(func=ast.Name(id="bool", ctx=ast.Load()), args=[node.operand], keywords=[])
    return f"{kind} at line {getattr(node, 'lineno', 0)}"


def parsed(file: str) -> ast.Module:
    """The tree of a source file."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def mutant(tree: ast.Module, number: int) -> tuple[str, str]:
    """(what, text) of the mutant at the site of this number; `tree` stays as it is."""
    changed = copy.deepcopy(tree)
    node, kind = list(sites(changed))[number]
    what = change(node, kind)
    return what, ast.unparse(ast.fix_missing_locations(changed))


def main() -> int:
    options = _options()
    table = tomllib.loads((ROOT / "bench" / "mutation.toml").read_text(encoding="utf-8"))
    excused = {(row["file"], row["what"]): row["reason"] for row in table.get("survivor", [])}
    chosen = _choose(table["module"], options)
    free: SimpleQueue[Scratch] = SimpleQueue()
    with Scratch() as one, Scratch() as two:
        for scratch in (one, two):
            free.put(scratch)

        def judge(mutant: tuple[str, str, str, list[str]]) -> bool:
            scratch = free.get()
            try:
                dead = scratch.notices(mutant[0], mutant[2], mutant[3])
            finally:
                free.put(scratch)
            if not dead:
                reason = excused.get(mutant[:2], "")
                sys.stdout.write(f"alive: {mutant[0]}: {mutant[1]} {reason}\n")
                sys.stdout.flush()  # a run by night is long
            return dead

        with ThreadPoolExecutor(2) as pool:
            killed = list(pool.map(judge, chosen))
    alive = [(m[0], m[1]) for m, dead in zip(chosen, killed, strict=True) if not dead]
    real = [one for one in alive if one not in excused]
    score = 100 * (len(chosen) - len(real)) / max(len(chosen), 1)
    sys.stdout.write(
        json.dumps(
            {"mutants": len(chosen), "alive": len(real), "score": round(score, 1), "seed": options.seed}
        )
        + "\n"
    )
    return 0 if score >= options.floor else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--floor", type=float, default=85.0)
    return parser.parse_args()


def _choose(
    modules: list[dict[str, object]], options: argparse.Namespace
) -> list[tuple[str, str, str, list[str]]]:
    """(file, what, text, tests) of a sample of all sites; mutants are made of the chosen ones alone."""
    tests = {str(row["file"]): [str(one) for one in row["tests"]] for row in modules}  # type: ignore[attr-defined]
    trees = {file: parsed(file) for file in tests if not options.only or file == options.only}
    spared = {str(row["file"]): row.get("but", ()) for row in modules}
    every = [
        (file, number)
        for file, tree in trees.items()
        for number, (_, kind) in enumerate(sites(tree))
        if kind not in spared[file]  # type: ignore[operator]
    ]
    picker = random.Random(options.seed)
    picked = every if len(every) <= options.sample else picker.sample(every, options.sample)
    return [(file, *mutant(trees[file], number), tests[file]) for file, number in picked]


if __name__ == "__main__":
    sys.exit(main())
