"""PostgreSQL as Django knows it, with connections that follow the scope in force.

Settings the policies read: ``app.crous`` (array of Crous), ``app.person``, ``app.actor``. They travel with the first
statement that runs in another scope than the last one told on this connection: one exchange, not two. What an earlier
request left on the connection is wiped the same way, by the first statement of the next one (docs/decisions/0002).
"""

from collections.abc import Mapping
from typing import Any

from django.db.backends.postgresql import base

from messervices.kernel import scope

_WIPE = "reset all; "
_SETTINGS = ("app.crous", "app.person", "app.actor")
_FOLLOW = f"select {', '.join(f'set_config({one!r}, %s, false)' for one in _SETTINGS)}; "
_FOLLOW_BY_NAME = f"select {', '.join(f'set_config({one!r}, %({one})s, false)' for one in _SETTINGS)}; "

_IN_COMPANY = ("select", "insert", "update", "delete", "with")
"""Statements that may follow others in an exchange; ``create database`` or ``vacuum`` must stand alone."""


def _values(wanted: scope.Scope) -> tuple[str, str, str]:
    """Write a scope as the settings hold it: an empty text for nobody."""
    crous = "{" + ",".join(map(str, wanted.crous)) + "}" if wanted.crous else ""
    return crous, "" if wanted.person is None else str(wanted.person), wanted.name


class Cursor(base.Cursor):  # type: ignore[name-defined, misc]  # the stubs leave it out
    """A cursor whose statement is preceded, in the same exchange, by whose rows may be seen."""

    teller: "DatabaseWrapper | None" = None

    def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        """Run a statement after what its connection must know first. What fails takes that knowledge back with it."""
        teller, wanted = self.teller, scope.current()
        if teller is None or teller.knows(wanted):
            return super().execute(query, params, **how)
        if not isinstance(query, str) or not query.lstrip()[:6].lower().startswith(_IN_COMPANY):
            teller.tell()
            return super().execute(query, params, **how)
        before = "" if teller.wiped else _WIPE
        if wanted is not scope.NOBODY or teller.wiped:
            if isinstance(params, Mapping):
                before += _FOLLOW_BY_NAME
                params = {**params, **dict(zip(_SETTINGS, _values(wanted), strict=True))}
            else:
                before += _FOLLOW
                query = query.replace("%", "%%") if params is None else query
                params = (*_values(wanted), *(params or ()))
        teller.forget()
        super().execute(before + query, params, **how)
        for _answer in range(before.count(";")):
            self.nextset()
        teller.told, teller.wiped = wanted, True
        return self

    def executemany(self, query: Any, params_seq: Any, *, returning: bool = False) -> None:
        """Tell first, then run: one statement stands for many here."""
        if self.teller is not None:
            self.teller.tell()
        super().executemany(query, params_seq, returning=returning)

    def copy(self, statement: Any, params: Any = None, *, writer: Any = None) -> Any:
        """Tell first, then copy: nothing may precede a COPY in its exchange."""
        if self.teller is not None:
            self.teller.tell()
        return super().copy(statement, params, writer=writer)


class DatabaseWrapper(base.DatabaseWrapper):
    """A wrapper that knows what its connection was told, and tells it anew when a request or a job begins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with nothing told."""
        super().__init__(*args, **kwargs)
        self.told: scope.Scope | None = None
        self.wiped = False

    def knows(self, wanted: scope.Scope) -> bool:
        """Whether the connection follows this scope already."""
        return self.wiped and self.told is wanted

    def forget(self) -> None:
        """Take nothing for known: the next statement wipes the connection and tells it all."""
        self.told, self.wiped = None, False

    def tell(self) -> None:
        """Tell the connection the scope in force, in an exchange of its own."""
        if not self.knows(scope.current()):
            with self.create_cursor() as cursor:
                cursor.execute("select")  # nothing: what goes before it is what counts

    def get_connection_params(self) -> dict[str, Any]:
        """Open connections whose cursors tell."""
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Borrow or open a connection: whoever had it before may have left anything on it."""
        self.forget()
        return super().get_new_connection(conn_params)

    def close_if_unusable_or_obsolete(self) -> None:
        """Between two requests of a connection that is kept, forget what the first one told."""
        self.forget()
        super().close_if_unusable_or_obsolete()

    def create_cursor(self, name: str | None = None) -> Any:
        """Make a cursor that tells; one of the server's own (named) is told by another beforehand."""
        if name:
            self.tell()
        cursor = super().create_cursor(name)
        if isinstance(cursor, Cursor):
            cursor.teller = self
        return cursor

    def _rollback(self) -> None:
        """A rollback takes settings of the session back with it."""
        super()._rollback()  # type: ignore[misc]  # the stubs leave it out
        self.forget()

    def _savepoint_rollback(self, sid: str) -> None:
        """So does a rollback to a savepoint."""
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # the stubs leave it out
        self.forget()
