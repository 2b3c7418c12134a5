"""Where things are: the clone, the state folder, the ports. Read once from the environment."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from launcher.errors import LaunchError

ROOT = Path(__file__).resolve().parents[1]
# sun_path holds 107 bytes; PostgreSQL adds "/.s.PGSQL.5432" and, while starting, ".lock".
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
OWN_MARK = ".messervices"
HIGHEST_PORT = 65_535
LOWEST_PORT = 1024


@dataclass(frozen=True)
class Places:
    """The state folder and the ports of one platform."""

    var: Path
    port: int

    @property
    def bank_port(self) -> int:
        """Give the port of the demonstration bank (N+1 is the till's)."""
        return self.port + 2

    @property
    def address(self) -> str:
        """Give the address a person opens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """Give the data folder of the embedded PostgreSQL."""
        return self.var / "postgres"

    @property
    def logs(self) -> Path:
        """Give the folder of the processes' logs."""
        return self.var / "log"

    @property
    def mark(self) -> str:
        """Give a short name of this state folder, the same at each start."""
        return hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]


def read_places(environment: dict[str, str]) -> Places:
    """Read MESSERVICES_VAR and MESSERVICES_PORT; raise LaunchError with a sentence if they have no sense."""
    var = Path(environment.get("MESSERVICES_VAR") or ROOT / "var").expanduser()
    port_text = environment.get("MESSERVICES_PORT") or "8000"
    if not port_text.isdecimal() or not LOWEST_PORT <= int(port_text) <= HIGHEST_PORT - 2:
        msg = (
            f"MESSERVICES_PORT is “{port_text}”: it must be a number from {LOWEST_PORT} to {HIGHEST_PORT - 2}.\n"
            "The web answers on that port and the demonstration bank two above it."
        )
        raise LaunchError(msg)
    if var.exists() and not var.is_dir():
        msg = f"MESSERVICES_VAR is “{var}”, which is not a folder."
        raise LaunchError(msg)
    return Places(var=Path(os.path.abspath(var)), port=int(port_text))  # noqa: PTH100 - resolve() would follow links


def claim(places: Places) -> None:
    """Make the state folder and mark it as ours; refuse a folder where somebody keeps other things.

    ``bin/run --fresh`` empties this folder: it must never be a home or a share.
    """
    mark = places.var / OWN_MARK
    if places.var != ROOT / "var" and not mark.exists() and places.var.is_dir() and any(places.var.iterdir()):
        msg = f"MESSERVICES_VAR is “{places.var}”, where other things lie: choose a folder that is new or empty."
        raise LaunchError(msg)
    places.var.mkdir(parents=True, exist_ok=True)
    mark.touch()


def check_clock(environment: dict[str, str]) -> None:
    """Raise LaunchError if MESSERVICES_NOW is not an ISO 8601 instant."""
    wanted = environment.get("MESSERVICES_NOW", "")
    try:
        if wanted:
            datetime.fromisoformat(wanted)
    except ValueError as error:
        msg = f"MESSERVICES_NOW is “{wanted}”: write an instant such as 2026-09-01T10:00:00+02:00."
        raise LaunchError(msg) from error


def socket_folder(mark: str) -> Path:
    """Give the folder of the database's socket: short, private, the same for one state folder."""
    name = f"messervices-{mark}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = Path("/tmp") / name  # noqa: S108 - the folder is made 0700 and its owner checked
    return folder
