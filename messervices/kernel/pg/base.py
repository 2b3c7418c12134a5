"""PostgreSQL as Django knows it, with connections that follow the scope in force.

Settings the policies read: ``app.crous`` (array of Crous), ``app.person``, ``app.actor``. They are sent before the
first statement that runs in another scope than the last one sent on this connection.
"""

from typing import Any

from django.db.backends.postgresql import base

from messervices.kernel import scope

_FOLLOW = (
    "select set_config('app.crous', %s, false), set_config('app.person', %s, false), set_config('app.actor', %s, false)"
)


def wipe(connection: Any) -> None:
    """Clear what a borrower left on a pooled connection (the pool's ``reset`` callback)."""
    connection.execute("reset all")


class DatabaseWrapper(base.DatabaseWrapper):
    """A wrapper that tells the connection the scope in force, and trusts it to be nobody's when it is borrowed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with nothing sent."""
        super().__init__(*args, **kwargs)
        self._sent: scope.Scope | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Borrow or open a connection. A new one was told nothing, and the pool wipes each that comes back.

        Nothing told is nobody: that one scope need not be sent. A connection whose wiping fails leaves the pool.
        """
        self._sent = scope.NOBODY
        return super().get_new_connection(conn_params)

    def _cursor(self, name: str | None = None) -> Any:
        """Open a cursor, after telling the connection whose rows may be seen."""
        cursor = super()._cursor(name)  # type: ignore[misc]  # the stubs leave it out
        wanted = scope.current()
        if wanted is not self._sent and not self.needs_rollback and self.connection is not None:
            crous = "{" + ",".join(map(str, wanted.crous)) + "}" if wanted.crous else ""
            person = "" if wanted.person is None else str(wanted.person)
            with self.connection.cursor() as teller:
                teller.execute(_FOLLOW, (crous, person, wanted.name))
            self._sent = wanted
        return cursor

    def _rollback(self) -> None:
        """A rollback takes a session-level ``set_config`` back with it."""
        super()._rollback()  # type: ignore[misc]  # the stubs leave it out
        self._sent = None

    def _savepoint_rollback(self, sid: str) -> None:
        """So does a rollback to a savepoint."""
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # the stubs leave it out
        self._sent = None
