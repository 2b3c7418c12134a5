"""Sessions in the database, read together with their user."""

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SuspiciousOperation
from django.db.models.functions import Now

from messervices.foundations.accounts.models import Session, User
from messervices.kernel import clock


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
        try:
            found = self.model.objects.select_related("user").get(session_key=self.session_key, expire_date__gt=Now())
        except (self.model.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None
        self.user, self.opened_at, self.seen_at = found.user, found.opened_at, found.seen_at
        return found

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
