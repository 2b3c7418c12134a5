"""``python -m bank``: run the demonstration bank until Ctrl-C or SIGTERM."""

import logging
import os
import signal
import sys
import threading
from types import FrameType

from bank.settings import Settings
from bank.web import Bank


def main() -> int:
    """Run. The book stays on disk: after a kill the next start goes on from there."""
    logging.basicConfig(level=logging.WARNING, format="bank: %(message)s")
    bank = Bank(Settings.from_environment(os.environ))

    def leave(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=bank.server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    print(f"Demonstration bank: {bank.url}", flush=True)  # noqa: T201 - what a program says when it is ready
    bank.serve()
    bank.server.server_close()
    bank.postman.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
