"""Ending sessions: the row goes, and with it the session, at once."""

from messervices.foundations.accounts import selectors
from messervices.foundations.accounts.models import Session, User


def end_session(*, user: User, mark: str) -> bool:
    """End one session of the user, named by its ``mark`` (``selectors.SessionLine``); tell whether there was one."""
    found = next((line for line in selectors.sessions_of(user, current="") if line.mark == mark), None)
    return bool(found and Session.objects.filter(user=user, session_key=found.key).delete()[0])


def end_other_sessions(*, user: User, current: str = "") -> int:
    """End all sessions of the user but the one whose key is ``current``; all of them by default. Gives how many."""
    return Session.objects.filter(user=user).exclude(session_key=current).delete()[0]
