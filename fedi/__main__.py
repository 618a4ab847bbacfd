"""`python -m fedi`: the same as the `fedi` command."""

from fedi.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
