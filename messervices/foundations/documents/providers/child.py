"""The program that opens what strangers hand in, in a process of its own that may do next to nothing.

It knows no Django, no database and no secret. It takes bytes from its input and an order from its argument (JSON), and
writes one line of JSON, then bytes. Before it reads the first byte it gives up memory, time, files and network.
"""

import contextlib
import ctypes
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from messervices.foundations.documents.providers.limits import Limits, Made, Refused

CANNOT_START = 75
"""The status that means: nothing is known of the file, something is wrong with this installation."""

OVERWHELMED = 76
"""The status that means: the file took all the memory there was, down to what an answer needs."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38
_OPEN_FILES = 32


def give_up_everything(limits: Limits) -> None:
    """Bound memory, time, size of what is written and open files; leave the network.

    A user namespace of its own also hides the other processes' environment. Where the kernel forbids that, all else
    holds.
    """
    for what, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, limits.result),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
    ):
        resource.setrlimit(what, (most, most + 1 if what == resource.RLIMIT_CPU else most))
    kernel = ctypes.CDLL(None)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    kernel.unshare(_NEW_USER | _NEW_NETWORK)


def work(order: dict[str, Any], content: bytes) -> Made:
    """Do what the order says. Raises ``Refused``."""
    from messervices.foundations.documents.providers import pdfs, pictures  # noqa: PLC0415 - opened once bounded

    limits = Limits(**order["limits"])
    room = pdfs if order["media"] == "application/pdf" else pictures
    try:
        if mark := order.get("mark"):
            return room.marked(content, mark, order["font"])
        return room.anew(content, limits)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # whatever a library makes of a stranger's bytes: the file cannot be opened
        raise Refused("damaged") from error


def main(argument: str) -> None:
    """Read the order, work, answer."""
    order = json.loads(argument)
    give_up_everything(Limits(**order["limits"]))
    try:
        import pikepdf  # noqa: F401, PLC0415 - an installation without it must not refuse everybody's files
        import PIL.Image  # noqa: F401, PLC0415 - the same
        import pillow_heif  # noqa: F401, PLC0415 - the same
    except (ImportError, MemoryError):
        os._exit(CANNOT_START)
    answer: dict[str, Any]
    body = b""
    try:
        made = work(order, sys.stdin.buffer.read())
        answer, body = {"media": made.media, "pages": made.pages}, made.content
        if len(body) > order["limits"]["result"] - 1024:
            answer, body = {"refused": "too_heavy"}, b""
    except Refused as refused:
        answer = {"refused": refused.code}
    except MemoryError:
        answer = {"refused": "too_heavy"}
    answer["peak"] = _peak()
    _say(json.dumps(answer).encode() + b"\n" + body)


def _peak() -> int:
    """Give the most memory that this process held, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _say(text: bytes) -> None:
    """Write all, then leave without tidying: what a library left behind must not spoil a good answer."""
    with contextlib.closing(io.FileIO(1, "w", closefd=False)) as out:
        left = memoryview(text)
        while left:
            left = left[out.write(left) :]
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except MemoryError:
        os._exit(OVERWHELMED)
