"""A mutant's code takes the place of the loaded one's."""

import importlib.util
from pathlib import Path
from types import ModuleType

from tests.mutants.mutate import mutants
from tests.mutants.trial import swapped

SOURCE = """
def refuse(amount):
    if amount < 0:
        raise ValueError

def outer(amount):
    def inner():
        if amount > 9:
            raise ValueError
    return inner

if len("ab") != 2:
    raise ValueError
"""


def load(path: Path) -> ModuleType:
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("loaded", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_functions_that_others_hold_lose_the_check_as_well(tmp_path: Path) -> None:
    path = tmp_path / "loaded.py"
    module = load(path)
    refuse, outer = module.refuse, module.outer
    of_refuse, of_inner, of_module = sorted(mutants(SOURCE), key=lambda mutant: mutant.line)
    assert swapped(str(path), SOURCE, of_module.source) is None
    for mutant in (of_refuse, of_inner):
        swap = swapped(str(path), SOURCE, mutant.source)
        assert swap is not None
        swap()
    refuse(-1)
    outer(10)()
