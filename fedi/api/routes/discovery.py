"""Finding people and hashtags, and what one keeps about them; before the accounts by their ids."""

from starlette.routing import BaseRoute

from fedi.api import several
from fedi.api.routing import GET, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/accounts", several.accounts, methods=GET),
]
