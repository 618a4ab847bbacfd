"""Skipping what a machine cannot run, unless it was said to be required."""

import os
from typing import NoReturn

import pytest

__all__ = ["require_or_skip"]


def require_or_skip(what: str, reason: str) -> NoReturn:
    """Skip the test, or fail it when `what` is named in `FEDI_REQUIRE`."""
    if what in os.environ.get("FEDI_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required: {reason}")
    pytest.skip(reason)
