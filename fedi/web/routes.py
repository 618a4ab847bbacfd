"""The addresses of the pages. Those that other servers share (`/users/…`) are in `fedi.inbound.routes`."""

from starlette.routing import BaseRoute, Route

from fedi.web import media, pages, remote, service, static

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    Route("/", pages.home),
    Route("/about", pages.about),
    Route("/privacy-policy", pages.privacy_policy),
    Route("/terms-of-service", pages.terms_of_service),
    Route("/health", service.ready),
    Route("/livez", service.live),
    Route("/readyz", service.ready),
    Route("/robots.txt", service.robots),
    Route("/favicon.ico", static.favicon),
    Route("/static/{name}", static.serve),
    Route("/media/{key}", media.serve),
    Route("/media/remote/{id:int}/{what}/{digest}", remote.serve),
    Route("/tags/{name}", pages.tag),
    Route("/@{name}", pages.profile),
    Route("/@{name}/{id}", pages.post),
]
