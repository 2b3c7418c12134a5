"""A whole platform in a folder of its own, made of the launcher's pieces: each program can be killed and restarted."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from launcher.cluster import SUPERUSER, Cluster, last_lines
from launcher.environment import DEMO_SETTINGS, embedded
from launcher.places import ROOT, Places, claim
from launcher.processes import MARK, Program, end_leftovers, read_procfile
from launcher.roles import prepare_embedded
from launcher.steps import prepare
from tests.browser.walk import control, free_port

NOW = "2026-08-28T12:00:00+00:00"
PATIENCE_SECONDS = 120.0


def free_ports() -> int:
    """Give a port N that is free, with N + 2."""
    while True:
        port = free_port()
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", port + 2))
            return port


class Platform:
    """Database, web, worker and bank; ``start`` and ``kill`` work on each by name."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self.places = Places(folder / "var", free_ports())
        claim(self.places)
        self.cluster: Cluster = embedded(self.places)
        self.marker = folder / "markers"
        self.marker.mkdir()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("MESSERVICES_", "LYRA_", "BANK"))
        }
        self.environment = kept | {
            "DATABASE_URL": self.cluster.url,
            "DJANGO_SETTINGS_MODULE": DEMO_SETTINGS,
            "MESSERVICES_VAR": str(self.places.var),
            "MESSERVICES_PORT": str(self.places.port),
            "MESSERVICES_NOW": NOW,
            "MESSERVICES_STARTED": str(time.time()),
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
            MARK: self.places.mark,
        }
        self.programs: dict[str, Program] = {}
        self.launcher: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where the web answers."""
        return self.places.address

    @property
    def bank(self) -> str:
        """Where the bank answers."""
        return f"http://127.0.0.1:{self.places.bank_port}"

    def prepare(self) -> None:
        """Make database, tables, reference data, demonstration and styles, as ``bin/run`` does the first time."""
        self.cluster.start()
        identity = prepare_embedded(self.cluster.url_as(SUPERUSER, "postgres"), "messervices")
        prepare(self.places, self.environment, identity)

    def start(self, name: str, *, die_at: str = "") -> None:
        """Start a program; with ``die_at`` it dies at that marked point, once. Web and bank are waited for."""
        own = self.environment
        if die_at:
            own = own | {"MESSERVICES_CRASH_AT": die_at, "MESSERVICES_CRASH_MARKER": str(self.marker / die_at)}
        words = {line[0]: line for line in read_procfile(ROOT / "Procfile", own)}
        _name, command, environment = words[name]
        self.programs[name] = Program(name, command, environment, self.places.logs / f"{name}.log")
        self.programs[name].start()
        if name != "worker":
            address = {"web": self.url, "bank": self.bank}[name]
            self.wait(lambda: answers(f"{address}/healthz"), f"{name} to answer", name)

    def kill(self, name: str) -> None:
        """``kill -9``: a program with all it started, or the database."""
        if name == "database":
            if server := self.cluster.pid():
                os.kill(server, signal.SIGKILL)
            self.wait(lambda: self.cluster.pid() is None, "the database to be dead")
            return
        program = self.programs[name]
        program.signal_all(signal.SIGKILL)
        if program.process:
            program.process.wait()

    def revive(self) -> None:
        """Start again what has died, as the launcher does; to be called from the thread that started it all."""
        if self.cluster.pid() is None:
            self.cluster.start()
        for name, program in list(self.programs.items()):
            if not program.is_alive:
                self.start(name)

    def died_at(self, point: str) -> bool:
        """Whether the point was reached, and killed."""
        return (self.marker / point).exists()

    def wait(self, question: Callable[[], Any], what: str, program: str = "worker") -> Any:
        """Ask until the answer is true; else fail with the last words of a program."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (answer := question()):
            if time.monotonic() > until:
                raise AssertionError(f"waited for {what}\n{last_lines(self.places.logs / f'{program}.log', 30)}")
            time.sleep(0.05)
        return answer

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database past every policy."""
        with psycopg.connect(self.cluster.url_as(SUPERUSER, "messervices")) as connection:
            return connection.execute(sql).fetchall()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of Django's commands."""
        command = [sys.executable, "-m", "messervices.config.manage", *words]
        return subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)

    def python(self, code: str) -> Any:
        """Run code with Django set up, over every Crous; give the JSON that it prints."""
        done = subprocess.run(
            [sys.executable, "-c", _PREAMBLE + code], env=self.environment, cwd=ROOT, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def control(self, deed: str, **asked: Any) -> Any:
        """Speak to the bank's control side."""
        return control(self.bank, deed, **asked)

    def launch(self) -> None:
        """Do what ``bin/run`` does, on this folder, until it says that it is ready."""
        own = {name: value for name, value in self.environment.items() if name not in {"DATABASE_URL", MARK}}
        with (self.places.logs / "launcher.log").open("a") as log:
            self.launcher = subprocess.Popen(
                [sys.executable, "-m", "launcher.run"], env=own, cwd=ROOT, stdout=log, stderr=log, text=True,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.wait(lambda: "Ready: " in (self.places.logs / "launcher.log").read_text(), "bin/run", "launcher")

    def close(self) -> None:
        """Stop everything, whatever still runs."""
        if self.launcher is not None:
            self.launcher.terminate()
            self.launcher.wait(60)
        for program in self.programs.values():
            program.signal_all(signal.SIGKILL)
        end_leftovers(self.places.mark)
        self.cluster.stop(mode="immediate")
        shutil.rmtree(self.cluster.sockets, ignore_errors=True)


_PREAMBLE = """
import json, django
django.setup()
from messervices.kernel.scope import EVERY, Scope, acting_as
scope = acting_as(Scope("test", crous=EVERY))
scope.__enter__()
"""


def answers(address: str) -> bool:
    """Whether an address answers at all."""
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own platform
            return True
    except OSError:
        return False
