"""Sessions in the database, read together with their user."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection

from messervices.foundations.accounts.models import Session, User
from messervices.kernel import clock

_USER = tuple(
    field.attname
    for field in User._meta.concrete_fields  # noqa: SLF001 - the documented door to a model's fields
    if field.attname not in {"last_login", "created_at"}  # no page asks them: they are read when somebody does
)
_READ = f"""
    select s.session_data, extract(epoch from s.opened_at)::float8, extract(epoch from s.seen_at)::float8,
           {", ".join(f"u.{name}" for name in _USER)}
      from accounts_session s left join accounts_user u on u.id = s.user_id
     where s.session_key = %s and s.expire_date > statement_timestamp()
"""  # noqa: S608 - columns of our own model
"""Instants come as seconds: reading four of them as dates took as long as the rest of the query."""


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class SessionStore(DatabaseStore):
    """Django's database store, with the user on the row: one query tells the session and who it is."""

    user: User | None = None
    opened_at: datetime | None = None
    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        """Read the session and its user. In SQL: every request begins with it, and the ORM took a third of it."""
        with connection.cursor() as cursor:
            cursor.execute(_READ, (self.session_key,))
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        data, opened, seen, *user = row
        self.opened_at, self.seen_at = _instant(opened), _instant(seen)
        self.user = None if user[0] is None else User.from_db(connection.alias, _USER, user)
        return Session(session_key=self.session_key, session_data=data)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Write on the row whose session it is, on which device, since when, and that it was seen now."""
        row = super().create_model_instance(data)
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        row.device = data.get("device", "")
        row.seen_at = clock.now()
        opened = data.get("opened_at")
        row.opened_at = datetime.fromisoformat(opened) if opened else self.opened_at or row.seen_at
        return row

    def touch(self, now: datetime) -> None:
        """Note that the session was seen, without writing the rest of it (one query)."""
        self.model.objects.filter(session_key=self.session_key).update(seen_at=now)
        self.seen_at = now
