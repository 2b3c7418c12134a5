"""What every benchmark stands on: a database of its own, durable like the real one, deleted at the end.

A figure alone says little: both sides of a ratio are measured in one run, turn by turn, and the machine's load is
printed beside them.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from launcher.cluster import DURABLE, SUPERUSER, Cluster, own_folder  # noqa: E402 - after the path is set
from launcher.places import socket_folder  # noqa: E402 - as above
from launcher.roles import prepare_embedded  # noqa: E402 - as above

_MANAGE = (sys.executable, "-m", "messervices.config.manage")


@contextlib.contextmanager
def ground(**settings: str) -> Iterator[dict[str, str]]:
    """Make a scratch database with the platform's tables and reference data; give the environment to use it.

    Django is set up in this process too. ``settings`` are the server's, on top of the durable ones.
    """
    folder = Path(tempfile.mkdtemp(prefix="messervices-bench-", dir=socket_folder("").parent))
    own_folder(folder)
    cluster = Cluster(folder / "data", folder / "s", folder / "database.log", settings=DURABLE | settings)
    try:
        cluster.start()
        prepare_embedded(cluster.url_as(SUPERUSER, "postgres"), "messervices")
        env = {
            "DATABASE_URL": cluster.url,
            "MESSERVICES_VAR": str(folder / "var"),
            "DJANGO_SETTINGS_MODULE": "messervices.config.settings.demo",
            "PYTHONPATH": str(ROOT),
            "MESSERVICES_DB_POOL": "4",
            "BENCH_SUPERUSER_URL": cluster.url_as(SUPERUSER, "messervices"),
        }
        os.environ.update(env)
        for command in ("migrate", "load_reference"):
            subprocess.run([*_MANAGE, command, "-v0"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        import django  # noqa: PLC0415 - after the environment is set

        django.setup()
        yield dict(os.environ)
    finally:
        with contextlib.suppress(ImportError):
            from django.db import connection  # noqa: PLC0415 - as above

            connection.close()
            connection.close_pool()
        cluster.stop(mode="immediate")
        shutil.rmtree(folder, ignore_errors=True)


def manage(*words: str) -> None:
    """Run one of Django's commands on the scratch database."""
    subprocess.run([*_MANAGE, *words], check=True, cwd=ROOT)


def say(name: str, figure: float, *, ratio: float, goal: str, unit: str) -> None:
    """Print the one line that a benchmark ends with."""
    load = os.getloadavg()[0]
    print(f"{name}: figure={figure:,.4g} {unit} ratio={ratio:.2f} goal={goal} load={load:.2f}", flush=True)


def turns(sides: dict[str, Callable[[], float]], rounds: int = 5) -> dict[str, float]:
    """Measure the sides in turn, several rounds, and give the median of each: a slow minute slows them all."""
    seen: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            seen[name].append(measure())
    return {name: statistics.median(values) for name, values in seen.items()}
