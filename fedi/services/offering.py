"""Which models a server offers, by the names under which clients choose one.

There is one at present, the operator's (`model` in the settings); requests may name it, and a name that is
not offered is refused before anything is drawn. What a model says about itself stands in `fedi.json` in its
folder, which is read without the libraries that draw.
"""

import functools
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fedi.config import Settings
from media.engines.folder import read_sidecar
from media.errors import MediaError

__all__ = ["Model", "model_folder", "models"]

_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is offered.

    Attributes:
        id: the short name by which it is chosen.
        name: for people.
        licence: SPDX expression or name; empty when it says none.
        steps: drawn when nobody asks for another number; 0 when it says none.
        guidance: likewise; None when it says none.
    """

    id: str
    name: str
    licence: str = ""
    steps: int = 0
    guidance: float | None = None


def models(settings: Settings) -> tuple[Model, ...]:
    """Return the models that are offered, the default first."""
    return (_describe(model_folder(settings)),)


def model_folder(settings: Settings) -> Path:
    """Return the folder of the model that draws.

    A name without a slash means a model that ships with fedi.
    """
    if "/" not in settings.model and "\\" not in settings.model:
        return Path(str(resources.files("media") / "models" / settings.model))
    return Path(settings.model).expanduser().resolve()


@functools.cache
def _describe(folder: Path) -> Model:
    """Read what a model says about itself, once in a process: another one needs a restart as well."""
    identifier = _NOT_IN_NAMES.sub("-", folder.name.lower()).strip("-._")[:64] or "model"
    try:
        said = read_sidecar(folder)
    except MediaError:  # drawing will say what is wrong with it
        return Model(id=identifier, name=identifier)
    return Model(
        id=identifier,
        name=said.name or folder.name,
        licence=said.licence,
        steps=said.default_steps,
        guidance=said.default_guidance,
    )
