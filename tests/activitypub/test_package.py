"""The two pure libraries stay cheap to import, and export what they say."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import activitypub
import webfinger

MODULES = sorted(
    info.name
    for package in (activitypub, webfinger)
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)
USES_HTTPX = {"activitypub.auth", "activitypub.client", "webfinger.lookup"}


@pytest.mark.parametrize("name", ["activitypub", "webfinger", *MODULES])
def test_every_exported_name_exists(name):
    module = importlib.import_module(name)
    assert [export for export in module.__all__ if not hasattr(module, export)] == []


def test_only_the_modules_that_make_requests_import_httpx():
    names = [name for name in ["activitypub", "webfinger", *MODULES] if name not in USES_HTTPX]
    program = f"import sys, {', '.join(names)}; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
