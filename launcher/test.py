"""bin/test: every check and every test, against a database made for this run and thrown away."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from launcher import browser, say
from launcher.checks import (
    Check,
    Verdict,
    calm_environment,
    perform,
    quick,
    read_verdicts,
    slow,
    summary,
    write_verdicts,
)
from launcher.cluster import SUPERUSER, THROW_AWAY, Cluster, own_folder
from launcher.errors import LaunchError
from launcher.places import ROOT, socket_folder
from launcher.pytest_checks import VERDICTS
from launcher.roles import prepare_embedded
from launcher.translations import compile_all, stale

WORKERS = "2"
PREFIX = "messervices-test-"
USAGE = """\
bin/test              every check and every test
bin/test --checks     the checks alone
bin/test PATH, -k …   these tests alone, without the checks: all words go to pytest
"""


def main(words: list[str]) -> int:
    """Run what is asked and return 0 only if all of it passed."""
    if words in (["--help"], ["-h"]):
        say.line(USAGE)
        return 0
    compile_all(stale(ROOT))
    chromium = browser.ensure()
    with throw_away_cluster() as (cluster, folder):
        environment = calm_environment(cluster.url, folder / "var") | {"MESSERVICES_CHROMIUM": chromium}
        if words == ["--checks"]:
            verdicts = [_told(check, environment) for check in (*quick(), *slow())]
            say.line("\n" + "\n".join(summary(verdicts)))
            return int(not all(verdict.passed for verdict in verdicts))
        if words:
            return _pytest(words, environment)
        return _everything(environment, folder)


def _everything(environment: dict[str, str], folder: Path) -> int:
    path = folder / "verdicts.json"
    verdicts = [_told(check, environment) for check in quick()]

    def go_on() -> None:
        write_verdicts(verdicts + [perform(check, environment) for check in slow()], path)

    beside = threading.Thread(target=go_on, daemon=True)
    beside.start()
    words = ["-n", WORKERS, "--dist", "worksteal", "-p", "launcher.pytest_checks"]
    status = _pytest(words, environment | {VERDICTS: str(path)})
    if not path.with_suffix(".told").exists():
        beside.join()  # pytest ended before it could tell
        say.line("\n".join(summary(read_verdicts(path) or [])))
    found = read_verdicts(path)
    return status or int(not found or not all(verdict.passed for verdict in found))


def _told(check: Check, environment: dict[str, str]) -> Verdict:
    verdict = perform(check, environment)
    say.line(f"  {'ok    ' if verdict.passed else 'FAILED'}  {check.name}")
    return verdict


def _pytest(words: list[str], environment: dict[str, str]) -> int:
    """Run pytest; Ctrl-C is its own to answer. Its databases go with the server: it need not drop them."""
    command = [sys.executable, "-m", "pytest", "--reuse-db", *words]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return process.wait()


@contextlib.contextmanager
def throw_away_cluster() -> Iterator[tuple[Cluster, Path]]:
    """Make a database server for this run in a folder of its own, and delete both at the end."""
    base = socket_folder("").parent
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    own_folder(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster = _cluster_in(folder)
        (folder / "var" / "static").mkdir(parents=True)  # whitenoise warns when it is not there
        try:
            cluster.start()
            prepare_embedded(cluster.url_as(SUPERUSER, "postgres"), "messervices")
            yield cluster, folder
        finally:
            cluster.stop(mode="immediate")
            shutil.rmtree(folder, ignore_errors=True)


def _cluster_in(folder: Path) -> Cluster:
    return Cluster(folder / "data", folder / "s", folder / "database.log", settings=dict(THROW_AWAY))


def _sweep(base: Path) -> None:
    """End and delete what killed runs left: a folder of ours whose lock nobody holds."""
    for folder in base.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _cluster_in(folder).stop(mode="immediate")
            shutil.rmtree(folder, ignore_errors=True)


def _stopped(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stopped)
    os.umask(0o022)
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchError as error:
        say.trouble(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
