"""Deleting checks from a module's source, one at a time.

A check is a refusal (`if …: raise …`), a call of a function that refuses (`require_…`), or one of several
conditions that must all hold: of `and_(…)` and `.where(…)` in SQL, of `… and …` in what a function returns.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "mutants"]

REFUSING = re.compile(r"_?(require|refuse)_?\w*")
"""Names of functions that are called for their refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A module without one of its checks.

    Attributes:
        line: where the check stood.
        around: where what it guards begins and ends: a test that comes by there may notice.
        what: the check, on one line.
        source: the module without it.
    """

    line: int
    around: tuple[int, int]
    what: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Give a module without each of its checks in turn.

    Args:
        source: the module.
    """
    for number in range(len(_places(ast.parse(source)))):
        tree = ast.parse(source)
        owner, field, place = _places(tree)[number]
        removed = getattr(owner, field)[place]
        if isinstance(removed, ast.stmt):
            getattr(owner, field)[place] = ast.Pass()
        else:
            del getattr(owner, field)[place]
        what = " ".join(ast.unparse(removed).split())
        yield Mutant(
            line=removed.lineno,
            around=_around(owner, removed),
            what=what,
            source=ast.unparse(ast.fix_missing_locations(tree)),
        )


def _around(owner: ast.AST, removed: ast.AST) -> tuple[int, int]:
    node = owner if isinstance(owner, (ast.stmt, ast.expr)) else removed
    assert isinstance(node, (ast.stmt, ast.expr)), "checks are statements and expressions"
    return node.lineno, node.end_lineno or node.lineno


def _places(tree: ast.Module) -> list[tuple[ast.AST, str, int]]:
    """Find the checks: the node that holds each, the field that it stands in, and its place there."""
    found: list[tuple[ast.AST, str, int]] = []
    for node in ast.walk(tree):
        match node:
            case ast.If(body=[ast.Raise()]):
                found.append((node, "body", 0))
            case ast.Call(func=ast.Name(id="and_") | ast.Attribute(attr="where"), args=[_, _, *_]):
                found += [(node, "args", place) for place in range(len(node.args))]
            case ast.Return(value=ast.BoolOp(op=ast.And()) as both):
                found += [(both, "values", place) for place in range(len(both.values))]
            case _:
                pass
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                found += [(node, field, place) for place, one in enumerate(statements) if _refuses(one)]
    return found


def _refuses(statement: ast.stmt) -> bool:
    """Tell whether a statement is a call for the sake of its refusal."""
    if not isinstance(statement, ast.Expr):
        return False
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if not isinstance(call, ast.Call):
        return False
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return REFUSING.fullmatch(called) is not None
