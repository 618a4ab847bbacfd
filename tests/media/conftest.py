"""Shared by the tests of the media library."""

from pathlib import Path

import pytest

FAKES = Path(__file__).parent


@pytest.fixture
def fakes_environment() -> dict[str, str]:
    """Let a child process import `fake_engines` from this folder."""
    return {"PYTHONPATH": str(FAKES)}
