"""The environment of the platform's programs."""

import fcntl
import json
import os
import sys
from pathlib import Path

from launcher.cluster import Cluster, programs
from launcher.places import ROOT, Places, socket_folder

DEMO_SETTINGS = "messervices.config.settings.demo"


def embedded(places: Places) -> Cluster:
    """Describe the database that the launcher keeps in the state folder."""
    return Cluster(data=places.data, sockets=socket_folder(places.mark), log=places.logs / "database.log")


def for_programs(places: Places, database_url: str) -> dict[str, str]:
    """Give the environment of Django's commands and of the processes: the caller's, completed."""
    running = running_platform(places)
    clock = {name: running[name] for name in ("MESSERVICES_NOW", "MESSERVICES_STARTED") if name in running}
    environment: dict[str, str] = (
        clock
        | dict(os.environ)
        | {
            "DATABASE_URL": database_url,
            "MESSERVICES_VAR": str(places.var),
            "MESSERVICES_PORT": str(places.port),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}:{programs()}",
        }
    )
    environment.setdefault("DJANGO_SETTINGS_MODULE", DEMO_SETTINGS)
    return environment


def running_platform(places: Places) -> dict[str, str]:
    """Give what the platform running on this state folder wrote about itself, or nothing if none runs."""
    try:
        with (places.var / "run.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return dict(json.loads(lock.read()))
    except (OSError, ValueError):
        pass
    return {}
