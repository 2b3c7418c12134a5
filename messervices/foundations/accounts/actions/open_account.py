"""Opening accounts that nobody signs up for: agents, referents, the people of the demonstration."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.db import transaction

from messervices.foundations.accounts.actions.note import note
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.states import Kind, Language
from messervices.kernel.action import action, inside_action


@action
def open_account(
    *,
    email: str,
    password: str | None,
    now: datetime,
    kind: str = Kind.STUDENT,
    language: str = Language.FRENCH,
    label: str = "",
) -> User:
    """Open an account with an address known to be right; give the one that exists if there is one.

    ``password`` ``None`` leaves it without: the person sets one by the link for a forgotten password.
    """
    return account_for(email=email, password=password, now=now, kind=kind, language=language, label=label)


@inside_action
def account_for(
    *,
    email: str,
    password: str | None,
    now: datetime,
    kind: str = Kind.STUDENT,
    language: str = Language.FRENCH,
    label: str = "",
) -> User:
    """Do what ``open_account`` does, inside the deed of another room."""
    found = User.objects.filter(email=email.strip().lower()).first()
    if found:
        return found
    user = User.objects.create_user(email, password, kind=kind, language=language, label=label)
    EmailAddress.objects.create(user_id=user.pk, email=user.email, verified=True, primary=True)
    note(user=user, verb="accounts.create_account", now=now, details={"kind": kind})
    return user


def add_code_factor(*, user: User, secret: str, now: datetime) -> None:
    """Give an account a code application whose secret (base 32) is known; changes nothing when it has one."""
    with transaction.atomic():
        _factor, made = Authenticator.objects.get_or_create(
            user_id=user.pk, type=Authenticator.Type.TOTP, defaults={"data": {"secret": encrypt(secret)}}
        )
        if made:
            note(user=user, verb="accounts.add_factor", now=now, details={"type": "totp"})


@action
def choose_language(*, user: User, language: str) -> None:
    """Keep the language a person reads in: mails follow it."""
    if language in Language.values and language != user.language:
        user.language = language
        user.save(update_fields=["language"])
