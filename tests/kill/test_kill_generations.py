"""What was ordered is drawn once and called off for good, whichever process is killed meanwhile."""

import threading
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from fedi.context import Context
from fedi.models import Attachment, Generation, Job
from tests.kill.conftest import SEED
from tests.kill.siege import LATER, Siege, Task, besieged
from tests.kill.test_kill_outbound import DRAWING_S, PICTURE_S
from tests.peers.server_process import Instance, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PAINTERS = ("worker", "engine", "both", "web")
"""Who is killed while a picture is drawn, one for each picture; and after that while one is called off."""

PATH = "/api/fedi/v1/generations"


class Client:
    """Bob's client: it repeats each wish under its key until it is answered."""

    def __init__(self, instance: Instance, http: httpx.Client) -> None:
        self._http, self._origin = http, instance.origin
        self._headers = {"Authorization": f"Bearer {instance.token_for('bob', 'read', 'write')}"}
        self.answered: dict[str, set[str]] = {}

    def ordering(self, key: str) -> Task:
        """Return the task of ordering a picture."""

        def attempt() -> int:
            answer = self._http.post(
                f"{self._origin}{PATH}",
                json={"prompt": key},
                headers={**self._headers, "Idempotency-Key": key},
            )
            assert answer.status_code in LATER | {202}, answer.text
            if answer.status_code == 202:
                self.answered.setdefault(key, set()).add(answer.json()["id"])
            return answer.status_code

        return attempt

    def cancelling(self, key: str) -> Task:
        """Return the task of calling it off; that it is called off already is an answer as well."""

        def attempt() -> int:
            url = f"{self._origin}{PATH}/{self.id_of(key)}/cancel"
            answer = self._http.post(url, headers=self._headers)
            assert answer.status_code in LATER | {200, 422}, answer.text
            return answer.status_code

        return attempt

    def id_of(self, key: str) -> str:
        """Return the id under which a key was answered, which is always the same."""
        (found,) = self.answered[key]
        return found

    def shown(self, key: str) -> dict[str, Any]:
        """Return how it stands."""
        answer = self._http.get(f"{self._origin}{PATH}/{self.id_of(key)}", headers=self._headers)
        found: dict[str, Any] = answer.json() if answer.status_code == 200 else {"state": None}
        return found

    def is_in(self, key: str, *states: str) -> bool:
        """Tell whether it is in one of some states."""
        return self.shown(key)["state"] in states


def test_orders_outlive_whoever_is_killed(instance: Instance) -> None:
    with besieged(instance, SEED) as siege, httpx.Client(trust_env=False) as http:
        client = Client(instance, http)
        for number, victim in enumerate(PAINTERS):
            drawn, off = f"boat {number}", f"tree {number}"
            _begin(siege, client, drawn, instance)
            threading.Event().wait(siege.rng.uniform(0.0, DRAWING_S))
            siege.kill(victim)
            eventually(partial(client.is_in, drawn, "done"), f"{drawn}\n{instance.logs()}", PICTURE_S)

            _begin(siege, client, off, instance)
            siege.round([client.cancelling(off)], victim=None if victim == "engine" else victim)
            assert client.shown(off)["state"] == "cancelled"
        wanted = {"generation": 2 * len(PAINTERS), "attachment": len(PAINTERS), "drawing": 0}
        # Nothing is left of what was called off, and nothing was made twice.
        eventually(
            lambda: instance.with_context(_left) == wanted,
            f"{wanted}\n{instance.logs()}",
            PICTURE_S,
            poll_s=0.5,
        )
        states = [client.shown(key)["state"] for key in client.answered]

    assert states == ["done", "cancelled"] * len(PAINTERS)


def _begin(siege: Siege, client: Client, key: str, instance: Instance) -> None:
    siege.round([client.ordering(key)], victim=None)
    eventually(partial(client.is_in, key, "running"), f"{key}\n{instance.logs()}", PICTURE_S, poll_s=0.1)


async def _left(ctx: Context) -> dict[str, int]:
    async with ctx.db.read() as tx:
        drawing = select(func.count()).select_from(Job).where(Job.kind == "generate")
        return {
            "generation": (await tx.execute(select(func.count()).select_from(Generation))).scalar_one(),
            "attachment": (await tx.execute(select(func.count()).select_from(Attachment))).scalar_one(),
            "drawing": (await tx.execute(drawing)).scalar_one(),
        }
