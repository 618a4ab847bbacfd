"""The mutants are the checks of a module, each deleted once."""

import ast

from tests.mutants.mutate import mutants

SOURCE = """
def require_owner(who, whose):
    if who != whose:
        raise PermissionError

async def open_door(who, door):
    require_owner(who, door.owner)
    await door.require_unlocked()
    door.swing()
    return door.open and not door.stuck

def visible(viewer):
    return and_(Post.published, or_(Post.public, Post.author == viewer))
"""


def test_each_check_is_deleted_once() -> None:
    found = list(mutants(SOURCE))
    assert [(mutant.line, mutant.what) for mutant in sorted(found, key=lambda one: one.line)] == [
        (4, "raise PermissionError"),
        (7, "require_owner(who, door.owner)"),
        (8, "await door.require_unlocked()"),
        (10, "door.open"),
        (10, "not door.stuck"),
        (13, "Post.published"),
        (13, "or_(Post.public, Post.author == viewer)"),
    ]


def test_everything_else_stays_as_it_is() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants(SOURCE):
        changed = [line for line in mutant.source.splitlines() if line not in whole]
        assert len(changed) <= 1


def test_a_mutant_is_a_module() -> None:
    for mutant in mutants(SOURCE):
        assert isinstance(ast.parse(mutant.source), ast.Module)
