"""The signed-in home: requests a second beside a bare Django view, CPU a request, queries a page.

The bare view is ``/healthz``: it answers two letters behind the same middleware, on the same granian, started as
``Procfile`` starts it. Both are asked in turn by the same client over kept connections.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

from bench.ground import ROOT, ground, manage, say, turns

CONNECTIONS = 16
SECONDS = 3.0
GOAL_RATIO, GOAL_MS, GOAL_QUERIES = 0.35, 1.3, 3


def main() -> None:
    """Measure, print."""
    with ground() as env:
        manage("collectstatic", "--no-input", "-v0")
        manage("make_population", "--students", "400")
        cookie = signed_in()
        queries = count_queries(cookie)
        with served("messervices.config.wsgi:application", env) as server:
            server.rate("/", cookie, seconds=1.5)
            cpu: list[float] = []

            def ask_home() -> float:
                before = server.cpu_seconds()
                rate, asked = server.rate("/", cookie)
                cpu.append((server.cpu_seconds() - before) / asked * 1000)
                return rate

            rates = turns({"home": ask_home, "bare": lambda: server.rate("/healthz", "")[0]})
    cpu_ms = sorted(cpu)[len(cpu) // 2]
    ratio = rates["home"] / rates["bare"]
    print(f"  home {rates['home']:,.0f}/s, bare view {rates['bare']:,.0f}/s, {CONNECTIONS} connections")
    say("portal.cpu", cpu_ms, ratio=cpu_ms / GOAL_MS, goal=f"<={GOAL_MS}", unit="ms/request")
    say("portal.queries", queries, ratio=queries / GOAL_QUERIES, goal=f"<={GOAL_QUERIES}", unit="queries")
    say("portal", rates["home"], ratio=ratio, goal=f"{GOAL_RATIO} (at least 0.25)", unit="requests/s")


def signed_in() -> str:
    """Open a session for a student who has a certificate; give its cookie."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415 - after setup

    from messervices.foundations.accounts.models import User  # noqa: PLC0415 - as above
    from messervices.foundations.accounts.sessions import SessionStore  # noqa: PLC0415 - as above
    from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - as above
    from messervices.services.cvec.models import Acquittement  # noqa: PLC0415 - as above

    with acting_as(Scope("bench", crous=EVERY)):
        settled = Acquittement.objects.filter(status="paid").order_by("pk").first()
    assert settled is not None  # noqa: S101 - the population has hundreds
    user = User.objects.get(person_id=settled.person_id)
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "messervices.foundations.accounts.backends.Backend"
    session.create()
    return f"sessionid={session.session_key}"


def count_queries(cookie: str) -> int:
    """Count the queries of the home once its reference data is warm, by Django's own count."""
    from django.db import connection  # noqa: PLC0415 - after setup
    from django.test import Client  # noqa: PLC0415 - as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    client = Client(HTTP_COOKIE=cookie, SERVER_NAME="127.0.0.1")
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/")
    assert answer.status_code == 200  # noqa: S101, PLR2004 - the page itself
    assert b"CVEC" in answer.content  # noqa: S101 - as above
    return len(captured)


class Server:
    """One granian, and a client that asks it over kept connections."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Keep both."""
        self.process, self.port = process, port

    def cpu_seconds(self) -> float:
        """CPU seconds that the server and its workers have used."""
        ticks = 0
        for pid in (self.process.pid, *children(self.process.pid)):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - a line of the kernel
                fields = stat.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rate(self, path: str, cookie: str, seconds: float = SECONDS) -> tuple[float, int]:
        """Ask for a page by every connection at once for a while; give requests a second, and how many."""
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {cookie}\r\nAccept-Language: fr\r\n\r\n"
        )
        end = time.perf_counter() + seconds
        counts = [0] * CONNECTIONS
        began = time.perf_counter()
        hands = [
            threading.Thread(target=self._ask, args=(request.encode(), end, counts, i)) for i in range(CONNECTIONS)
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        return sum(counts) / (time.perf_counter() - began), sum(counts)

    def _ask(self, request: bytes, end: float, counts: list[int], mine: int) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            while time.perf_counter() < end:
                line.sendall(request)
                head, rest = b"", b""
                while b"\r\n\r\n" not in head:
                    head += line.recv(65_536)
                head, _, rest = head.partition(b"\r\n\r\n")
                assert b" 200 " in head[:20], head[:200]  # noqa: S101 - anything else measures nothing
                while not rest.endswith(b"0\r\n\r\n"):  # the last chunk: granian sends what has no length in chunks
                    rest += line.recv(65_536)
                counts[mine] += 1


def children(pid: int) -> list[int]:
    """Give the processes that a process started."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123 - as above
        return [int(child) for child in file.read().split()]
    return []


@contextlib.contextmanager
def served(application: str, env: dict[str, str]) -> Iterator[Server]:
    """Serve an application by granian, as the platform is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "2", "--blocking-threads", "4", "--no-ws", application]
    process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).read()
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
