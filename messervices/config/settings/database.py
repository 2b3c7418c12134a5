"""Where the database is: ``DATABASE_URL``, else the one that ``bin/run`` starts."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def connection(url: str, role: str, *, pool: int) -> dict[str, Any]:
    """Read ``postgresql://user:password@host:port/name?host=/socket``; act as ``role`` unless it is empty.

    ``pool`` is the number of connections a process keeps (0: none kept, for commands). What a borrower leaves on one is
    wiped by the first statement of the next (``kernel/pg``): the pool has nothing to do for it.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {
        "options": f"{f'-c role={role} ' if role else ''}-c TimeZone=UTC -c statement_timeout=15s -c lock_timeout=4s"
        " -c idle_in_transaction_session_timeout=30s",
    }
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "messervices.kernel.pg",
        "NAME": parts.path.lstrip("/") or "messervices",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
