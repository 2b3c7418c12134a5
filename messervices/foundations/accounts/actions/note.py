"""Deeds on an account, for the audit: what was done, never with which secret or address."""

from datetime import datetime
from typing import Any

from django.db import transaction

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.audit import actions as audit


def note(*, user: User, verb: str, now: datetime, details: dict[str, Any] | None = None) -> None:
    """Write a deed that somebody did on their own account."""
    with transaction.atomic():
        audit.record(
            by=actor_of(user), verb=verb, subject=f"accounts.user:{user.pk}", now=now, person_id=user.person_id,
            details=details,
        )  # fmt: skip
