"""A child that does what its arguments say, for the tests of `media.process`."""

import os
import subprocess
import sys
from typing import Any, BinaryIO

from media import wire


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
