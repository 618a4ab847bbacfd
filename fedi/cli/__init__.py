"""The `fedi` command."""

from fedi.cli.root import main

__all__ = ["main"]
