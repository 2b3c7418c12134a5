"""What is forgotten in time: dead sessions, whole limits, changes nobody confirmed, accounts nobody confirmed."""

from datetime import datetime

from django.db.models.functions import Now

from messervices.foundations.accounts import rules
from messervices.foundations.accounts.actions.limit import forget_whole_limits
from messervices.foundations.accounts.models import EmailChange, Session, User


def tidy(now: datetime) -> dict[str, int]:
    """Delete what has had its time; give how many of each.

    An account is deleted when its address was never confirmed, nobody ever signed in with it and no person stands
    behind it: it would only keep the address from its owner. Django dates sessions and accounts by the machine's
    clock, not the platform's: they are compared with the database's.
    """
    never = User.objects.filter(
        last_login=None, person_id=None, kind="student", created_at__lt=Now() - rules.UNCONFIRMED_KEPT
    )
    return {
        "limits": forget_whole_limits(now),
        "sessions": Session.objects.filter(expire_date__lt=Now()).delete()[0],
        "changes": EmailChange.objects.filter(expires_at__lt=now).delete()[0],
        "accounts": never.exclude(emailaddress__verified=True).delete()[0],
    }
