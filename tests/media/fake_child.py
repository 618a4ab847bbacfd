"""A child that does what its arguments say, for the tests of `media.process`."""

import os
import subprocess
import sys
from typing import Any, BinaryIO

from media import wire

# answers that are not in the protocol, to a job whose id is 1
STRANGE: dict[str, dict[str, Any]] = {
    "other_id": {"event": "done", "id": 2},
    "no_id": {"event": "done"},
    "other_event": {"event": "ready", "id": 1},
    "no_event": {"id": 1},
}


def send(header: dict[str, Any]) -> None:
    sys.stdout.buffer.write(wire.pack(header))
    sys.stdout.buffer.flush()


def main(behaviour: str, incoming: BinaryIO) -> None:
    if behaviour == "echo":
        while frame := wire.read_blocking(incoming):
            send(frame.header)
    elif behaviour == "flood":
        for number in range(500):
            send({"number": number})
        incoming.read()
    elif behaviour in STRANGE:
        info = {"model": "m", "model_digest": "", "revision": "", "licence": "", "native_size_px": 1}
        send(
            {
                "event": "ready",
                "info": {**info, "default_steps": 1, "default_guidance": 1.0, "words_known": 0},
            }
        )
        wire.read_blocking(incoming)
        send(STRANGE[behaviour])
        incoming.read()
    elif behaviour == "not_ready":
        send({"event": "done", "id": 0})
        incoming.read()
    elif behaviour == "garbage":
        sys.stdout.buffer.write(b"\xff" * 64)
        sys.stdout.buffer.flush()
        incoming.read()
    elif behaviour == "talk":
        sys.stderr.write("x" * 100_000 + "the end")
        sys.stderr.flush()
        os._exit(3)
    elif behaviour == "grandchild":
        # holds all pipes open after its parent is gone
        grandchild = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        send({"grandchild": grandchild.pid})
        os._exit(4)


if __name__ == "__main__":
    main(sys.argv[3], sys.stdin.buffer)
