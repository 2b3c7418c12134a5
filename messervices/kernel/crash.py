"""Named points at which a test may kill the process, to prove that nothing acknowledged is lost."""

import os
import signal
from pathlib import Path

_AT = os.environ.get("MESSERVICES_CRASH_AT", "")
_MARKER = os.environ.get("MESSERVICES_CRASH_MARKER", "")


def point(name: str) -> None:
    """Die here at once, as by ``kill -9``, when a test asked for this point; only the first time.

    Costs one comparison otherwise. Without ``MESSERVICES_CRASH_MARKER`` (a file to be made) it never fires.
    """
    if not _AT or name != _AT or not _MARKER:
        return
    try:
        Path(_MARKER).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
