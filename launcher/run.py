"""bin/run: from a clone to a running platform, and back to nothing on Ctrl-C."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from types import FrameType
from typing import IO

import psutil

from launcher import say
from launcher.cluster import SUPERUSER, Cluster, kept_running
from launcher.environment import DEMO_SETTINGS, embedded, for_programs, running_platform
from launcher.errors import LaunchError
from launcher.places import OWN_MARK, ROOT, Places, check_clock, claim, read_places
from launcher.processes import MARK, Program, Supervisor, end_leftovers, last_words, read_procfile
from launcher.roles import prepare_embedded, prepare_own
from launcher.steps import prepare, sign_ins

WEB_SECONDS = 60
TICK_SECONDS = 0.25
KEPT = (OWN_MARK, "run.lock", "database.users", "database.starting")

HELP = """\
environment:
  MESSERVICES_VAR    the state folder (database, logs, mailbox); by default var/ in the clone
  MESSERVICES_PORT   the port of the web, by default 8000; the demonstration bank answers two above it
  MESSERVICES_NOW    what time it is for the platform, such as 2026-09-01T10:00:00+02:00 (demonstration only)
  DATABASE_URL       a PostgreSQL of your own (15 or later) in place of the one that comes along
"""


class StopAsked(BaseException):
    """Somebody asked the launcher to end (SIGTERM, or the terminal was closed)."""


def main(words: list[str]) -> int:
    """Run the platform until it is asked to stop; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Starts MesServices and prints its address. Ctrl-C stops it.",
        epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="delete the state folder's contents first: start over")
    asked = parser.parse_args(words)
    places = read_places(dict(os.environ))
    check_clock(dict(os.environ))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)
    with only_one(places) as lock:
        end_leftovers(places.mark)
        need_ports(places)
        if asked.fresh:
            wipe(places)
        write_about(lock, places)
        with database(places) as (url, identity, cluster):
            environment = for_programs(places, url) | {MARK: places.mark}
            prepare(places, environment, identity)
            serve(places, environment, cluster)
    return 0


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopAsked


@contextlib.contextmanager
def only_one(places: Places) -> Iterator[IO[str]]:
    """Hold the state folder for this launcher; a second one is told where the first answers."""
    claim(places)
    with (places.var / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            about = running_platform(places)
            msg = (
                f"MesServices already runs from {places.var}: {about.get('address', places.address)}"
                f" (process {about.get('pid', 'unknown')}).\n"
                "Stop it with Ctrl-C where it was started. A second needs its own MESSERVICES_VAR and MESSERVICES_PORT."
            )
            raise LaunchError(msg) from None
        try:
            yield lock
        finally:
            lock.truncate(0)


def write_about(lock: IO[str], places: Places) -> None:
    """Write in the lock file who holds it; the clock, too, for commands that run beside."""
    os.environ.setdefault("MESSERVICES_STARTED", str(time.time()))
    about = {"pid": str(os.getpid()), "address": places.address}
    if now := os.environ.get("MESSERVICES_NOW"):
        about |= {"MESSERVICES_NOW": now, "MESSERVICES_STARTED": os.environ["MESSERVICES_STARTED"]}
    lock.truncate(0)
    lock.write(json.dumps(about))
    lock.flush()


def need_ports(places: Places) -> None:
    """Raise LaunchError if a port we need is taken, saying by whom when that can be known."""
    for port in (places.port, places.bank_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                msg = (
                    f"Port {port} is taken{_by_whom(port)}. MesServices needs {places.port} (web) and"
                    f" {places.bank_port} (demonstration bank).\nChoose another: MESSERVICES_PORT=8100 bin/run"
                )
                raise LaunchError(msg) from error


def _by_whom(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid:
                return f" by process {found.pid} ({psutil.Process(found.pid).name()})"
    return ""


def wipe(places: Places) -> None:
    """Empty the state folder, except of the locks that we hold."""
    embedded(places).stop(mode="immediate")
    for path in places.var.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in KEPT:
            path.unlink()
    if os.environ.get("DATABASE_URL"):
        say.line("  --fresh emptied the state folder; the database of DATABASE_URL is yours and was left alone")


@contextlib.contextmanager
def database(places: Places) -> Iterator[tuple[str, str, Cluster | None]]:
    """Keep a database ready: its address, its identity, and the embedded server if it is ours."""
    if url := os.environ.get("DATABASE_URL"):
        prepare_own(url)
        # We do not see when somebody empties it: its steps are done again at each start.
        yield url, f"{url} {time.time()}", None
        return
    cluster = embedded(places)
    title = "Starting the database" if places.data.exists() else "Making the database"
    with contextlib.ExitStack() as stack:
        with say.step(title):
            stack.enter_context(kept_running(cluster, places.var / "database.users"))
            identity = prepare_embedded(cluster.url_as(SUPERUSER, "postgres"), "messervices")
        yield cluster.url, identity, cluster


def serve(places: Places, environment: dict[str, str], cluster: Cluster | None) -> None:
    """Start the processes, say when they answer, keep them alive until asked to stop."""
    listed = read_procfile(ROOT / "Procfile", environment)
    if environment["DJANGO_SETTINGS_MODULE"] != DEMO_SETTINGS:
        listed = [program for program in listed if program[0] != "bank"]
    programs = [Program(name, words, own, places.logs / f"{name}.log") for name, words, own in listed]
    supervisor = Supervisor(programs)
    try:
        with say.step("Starting web, worker and bank"):
            supervisor.start()
            wait_for_web(places, next(program for program in programs if program.name == "web"))
        say.ready(places.address)
        if table := sign_ins(places):
            say.line(f"\n{table.rstrip()}")
        say.line("\nCtrl-C stops everything.")
        watch(supervisor, cluster)
    finally:
        say.line("\nStopping…")
        supervisor.stop()


def wait_for_web(places: Places, web: Program) -> None:
    """Wait until the web answers; raise LaunchError with its last words if it ends first or stays silent."""
    until = time.monotonic() + WEB_SECONDS
    while web.is_alive and time.monotonic() < until:
        address = f"{places.address}/healthz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.1)
    msg = f"The web does not answer at {places.address}.\n{last_words(web)}"
    raise LaunchError(msg)


def watch(supervisor: Supervisor, cluster: Cluster | None) -> None:
    """Look at the processes four times a second; end on Ctrl-C or when asked to."""
    while True:
        time.sleep(TICK_SECONDS)
        if cluster and cluster.pid() is None:
            say.line("  the database ended; starting it again")
            cluster.start()
        supervisor.look(time.monotonic())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchError as error:
        say.trouble(str(error))
        sys.exit(1)
    except PermissionError as error:
        say.trouble(
            f"{error.strerror}: {error.filename}\n"
            "Was the state folder made by another user? MESSERVICES_VAR chooses another."
        )
        sys.exit(1)
    except (KeyboardInterrupt, StopAsked):
        say.line("Stopped.")
        sys.exit(0)
