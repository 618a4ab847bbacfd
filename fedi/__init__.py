"""fedi: a fediverse server for pictures made with AI.

`app.py` shows how the pieces fit; ARCHITECTURE.md walks through what happens to a request.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
