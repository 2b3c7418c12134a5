"""Starts the programs of the Procfile, restarts one that dies, stops all in order."""

import contextlib
import ctypes
import os
import shlex
import signal
import string
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launcher import say
from launcher.cluster import last_lines
from launcher.errors import LaunchError

DEATHS_IN_A_MINUTE = 5
LONGEST_PAUSE = 8.0
STOP_SECONDS = 12.0
LOG_BYTES = 5_000_000
MARK = "MESSERVICES_RUN"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None)


def read_procfile(path: Path, environment: dict[str, str]) -> list[tuple[str, list[str], dict[str, str]]]:
    """Read ``name: VARIABLE=value command words`` lines; ``$VARIABLE`` is replaced from the environment."""
    programs = []
    for text in path.read_text().splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        name, _, command = text.partition(":")
        words = [string.Template(word).substitute(environment) for word in shlex.split(command)]
        own = dict(environment)
        while "=" in words[0]:
            variable, _, value = words.pop(0).partition("=")
            own[variable] = value
        programs.append((name.strip(), words, own))
    return programs


def die_with_parent(parent: int) -> Callable[[], None]:
    """Give what a child does before it becomes its program: ask to be stopped when the launcher is no more."""

    def ask_the_kernel() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


def adopt_orphans() -> None:
    """Ask that grandchildren whose parent dies become our children, so that none is lost and none stays a zombie."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_leftovers(mark: str) -> int:
    """End the processes that a killed launcher of this state folder left; return how many there were.

    They carry the mark of the folder in their environment. Most are gone already, by ``die_with_parent``.
    """
    wanted = f"{MARK}={mark}".encode()
    left = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    left.append(int(folder.name))
    count = len(left)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        until = time.monotonic() + 3
        while (left := [pid for pid in left if _runs(pid)]) and time.monotonic() < until:
            time.sleep(0.05)
    return count


def _runs(pid: int) -> bool:
    """Say whether a process runs; one that ended and waits for its parent's question does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Program:
    """One line of the Procfile and the process that plays it."""

    name: str
    words: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)
    again_at: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own (Ctrl-C must reach the launcher alone), writing to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - one thread here
            )  # fmt: skip

    def signal_all(self, number: int) -> None:
        """Send a signal to the process and to what it started."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    @property
    def is_alive(self) -> bool:
        """Say whether the process runs."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps the programs alive until told to stop."""

    def __init__(self, programs: list[Program]) -> None:
        """Take the programs in the order in which they start; they stop in the reverse order."""
        self.programs = programs

    def start(self) -> None:
        """Start all."""
        adopt_orphans()
        for program in self.programs:
            program.start()

    def look(self, now: float) -> None:
        """Notice the dead, restart them after a pause that grows; give up after five deaths within a minute."""
        for program in self.programs:
            if program.is_alive:
                continue
            if program.process is not None:
                self._bury(program, now)
            elif now >= program.again_at:
                program.start()
        self._reap_strangers()

    def _bury(self, program: Program, now: float) -> None:
        process = program.process
        program.signal_all(signal.SIGKILL)  # what it had started must not hold its port
        program.process = None
        program.deaths.append(now)
        while program.deaths[0] < now - 60:
            program.deaths.popleft()
        how = _how_it_ended(process.returncode if process else None)
        if len(program.deaths) >= DEATHS_IN_A_MINUTE:
            msg = (
                f"{program.name} {how} for the {DEATHS_IN_A_MINUTE}th time within a minute. Giving up.\n"
                + last_words(program)
            )
            raise LaunchError(msg)
        pause = min(0.5 * 2 ** (len(program.deaths) - 1), LONGEST_PAUSE)
        program.again_at = now + pause
        say.line(f"  {program.name} {how}; starting it again ({program.log})")

    def _reap_strangers(self) -> None:
        """Wait for adopted grandchildren that ended, without touching our own children."""
        ours = {program.process.pid for program in self.programs if program.process}
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and found.si_pid not in ours:
                os.waitpid(found.si_pid, 0)

    def stop(self) -> None:
        """Stop all, the last started first; one that lingers is killed. A second Ctrl-C kills at once."""
        hurry = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: hurry.append(True))
        for program in reversed(self.programs):
            if program.is_alive and program.process:
                # The program alone: it ends what it started in its own order.
                program.process.terminate()
                until = time.monotonic() + STOP_SECONDS
                while program.is_alive and time.monotonic() < until and not hurry:
                    time.sleep(0.05)
            program.signal_all(signal.SIGKILL)
            if program.process:
                program.process.wait()


def last_words(program: Program) -> str:
    """Give the end of a program's log, with its address."""
    return f"Last lines of {program.log}:\n{last_lines(program.log)}"


def _how_it_ended(status: int | None) -> str:
    if status is not None and status < 0:
        return f"was killed ({signal.Signals(-status).name})"
    return f"ended (status {status})"
