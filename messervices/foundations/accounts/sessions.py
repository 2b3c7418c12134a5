"""Sessions in the database, read together with their user."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SuspiciousOperation
from django.utils import timezone

from messervices.foundations.accounts.models import Session, User


class SessionStore(DatabaseStore):
    """Django's database store, with the user on the row: one query tells the session and who it is."""

    user: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        try:
            found = self.model.objects.select_related("user").get(
                session_key=self.session_key, expire_date__gt=timezone.now()
            )
        except (self.model.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None
        self.user = found.user
        return found

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Write whose session it is on the row."""
        row = super().create_model_instance(data)
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        return row
