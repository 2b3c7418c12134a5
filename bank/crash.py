"""Named points at which a test may kill the bank, as the platform's own ``kernel.crash`` does."""

import os
import signal
from pathlib import Path


def point(name: str) -> None:
    """Die here at once, as by ``kill -9``, when a test asked for this point; only the first time.

    ``MESSERVICES_CRASH_AT`` names the point, ``MESSERVICES_CRASH_MARKER`` a file made when it has fired.
    """
    marker = os.environ.get("MESSERVICES_CRASH_MARKER", "")
    if not marker or os.environ.get("MESSERVICES_CRASH_AT", "") != name:
        return
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
