"""Skipping what a machine cannot run, unless it was said to be required."""

import importlib
import os
from types import ModuleType
from typing import NoReturn

import pytest

__all__ = ["import_or_skip", "require_or_skip"]


def require_or_skip(what: str, reason: str) -> NoReturn:
    """Skip the test, or fail it when `what` is named in `FEDI_REQUIRE`."""
    if what in os.environ.get("FEDI_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required: {reason}")
    pytest.skip(reason, allow_module_level=True)


def import_or_skip(what: str, module: str) -> ModuleType:
    """Import a module of an extra, or skip the test as `require_or_skip` does."""
    try:
        return importlib.import_module(module)
    except ImportError as missing:
        require_or_skip(what, str(missing))
