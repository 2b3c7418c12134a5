"""A deed killed in the middle, as ``kill -9`` of its process would: for the tests of every room that marks points."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from messervices.kernel import crash


def killed_at(room: str, point: str, deed: Callable[[], object], marker: Path) -> bool:
    """Do the deed in a child process that dies at a point of the room; tell whether it did."""
    connection.close()
    child = os.fork()
    if child == 0:
        crash._AT, crash._MARKER = f"{room}.{point}", str(marker)
        try:
            deed()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
