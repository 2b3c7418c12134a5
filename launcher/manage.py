"""bin/manage: one of Django's commands, with the database running for it."""

import contextlib
import os
import signal
import subprocess
import sys

from launcher import say
from launcher.cluster import SUPERUSER, kept_running
from launcher.environment import embedded, for_programs
from launcher.errors import LaunchError
from launcher.places import ROOT, check_clock, claim, read_places
from launcher.roles import prepare_embedded
from launcher.translations import compile_all, stale


def main(words: list[str]) -> int:
    """Run the command and return its exit status."""
    places = read_places(dict(os.environ))
    check_clock(dict(os.environ))
    compile_all(stale(ROOT))
    command = [sys.executable, "-m", "messervices.config.manage", *words]
    if url := os.environ.get("DATABASE_URL"):
        os.execve(command[0], command, for_programs(places, url))  # noqa: S606 - no shell is wanted
    claim(places)
    cluster = embedded(places)
    with kept_running(cluster, places.var / "database.users"):
        prepare_embedded(cluster.url_as(SUPERUSER, "postgres"), "messervices")
        with subprocess.Popen(command, env=for_programs(places, cluster.url)) as process:
            # Ctrl-C reaches the command too, which decides; the database is stopped after it in any case.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: _pass_on(process, signal.SIGTERM))
            return process.wait()


def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchError as error:
        say.trouble(str(error))
        sys.exit(1)
