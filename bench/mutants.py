"""What can be changed in a module to see whether a test notices: one operator, constant or branch at a time. Knows no tests."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that can be changed, with the kind of change; annotations, docstrings and raised texts are left alone."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        if _says_only(node):
            quiet |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, (ast.FunctionDef, ast.AnnAssign, ast.arg)):
            for part in (getattr(node, "returns", None), getattr(node, "annotation", None)):
                quiet |= {id(inner) for inner in ast.walk(part)} if part else set()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):  # how a class is made is no decision
            quiet |= {id(inner) for deco in node.decorator_list for inner in ast.walk(deco)}
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            quiet.add(id(node))
    for node in ast.walk(tree):
        kind = "" if id(node) in quiet else _kind(node)
        if kind:
            yield node, kind


def _says_only(node: ast.AST) -> bool:
    """Whether a node is there to be read: an error, a docstring, a sentence."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in ("Refused", "Misheard", "Text")
    return isinstance(node, (ast.Raise, ast.Assert)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        return "compare"
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        return "arithmetic"
    if isinstance(node, ast.BoolOp):
        return "boolean"
    if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
        return "number" if type(node.value) is int else "truth"
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        return "branch"
    return "not" if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else ""


def change(node: ast.AST, kind: str) -> None:
    """Change `node` in place."""
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


def mutant(tree: ast.Module, number: int) -> ast.Module:
    """A copy of `tree`, changed at the site of this number, at the lines it had; `tree` stays as it is."""
    changed = copy.deepcopy(tree)
    change(*list(sites(changed))[number])
    return ast.fix_missing_locations(changed)


def span(node: ast.AST) -> range:
    """The lines on which the changed part of a site stands."""
    part = node.test if isinstance(node, (ast.If, ast.IfExp, ast.While)) else node
    return range(part.lineno, (part.end_lineno or part.lineno) + 1)  # type: ignore[attr-defined]


def around(tree: ast.Module, lines: range) -> set[int]:
    """These lines and those of the smallest statement round them (of a compound one its head): a tracer names a statement's parts as it likes."""
    found = set(lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= lines[0] and lines[-1] <= (node.end_lineno or 0):
            inner = [one.lineno for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
            head = range(node.lineno, min(inner, default=(node.end_lineno or 0) + 1))
            if lines[0] in head:
                found |= set(head)
    return found
