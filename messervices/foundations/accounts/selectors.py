"""Reads of accounts, their sessions and their limits."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import HttpRequest

from messervices.foundations.accounts import rules
from messervices.foundations.accounts.models import EmailChange, Session, User
from messervices.kernel.actor import Actor

_WAIT = "select whole_at + make_interval(secs => %s) - make_interval(secs => %s) from accounts_limit where key = %s"


def network(request: HttpRequest) -> str:
    """The network a request comes from, for limits; only ``ALLAUTH_TRUSTED_PROXY_COUNT`` proxies are believed."""
    return rules.network_of(get_client_ip(request) or "")


def seconds_to_wait(rate: rules.Rate, now: datetime, *parts: object) -> int:
    """How many whole seconds until one more of a rate is allowed for what ``parts`` say; 0 when it is now."""
    with connection.cursor() as cursor:
        cursor.execute(_WAIT, (rate.per / rate.limit, rate.per, rules.limit_key(*parts)))
        row = cursor.fetchone()
    left = (row[0] - now) if row else timedelta()
    return max(0, math.ceil(left.total_seconds()))


def actor_of(user: User) -> Actor:
    """Make the actor that an account stands for."""
    return Actor(
        kind=user.kind,
        user_id=user.pk,
        label=user.label,
        person_id=user.person_id,
        crous_ids=tuple(user.crous_ids),
        rights=frozenset(user.rights),
        national=user.national,
    )


def user_by_email(email: str) -> User | None:
    """The account of an address, whatever the capitals."""
    return User.objects.filter(email=email.strip().lower()).first()


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as its owner sees it. ``key`` opens the account: it never leaves the server; ``mark`` stands for it."""

    key: str
    mark: str
    browser: str
    system: str
    opened_at: datetime | None
    seen_at: datetime | None
    is_current: bool


def sessions_of(user: User, current: str) -> list[SessionLine]:
    """The live sessions of a user, the current one (by its key) first, then the last seen first."""
    rows = Session.objects.filter(user=user).defer("session_data")
    lines = [
        SessionLine(
            row.session_key, rules.limit_key("session", row.session_key), *rules.device_words(row.device),
            row.opened_at, row.seen_at, row.session_key == current,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.is_current, -(line.seen_at.timestamp() if line.seen_at else 0)))


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways a user has to sign in and to prove who they are."""

    has_password: bool
    has_code: bool
    passkeys: int
    has_recovery: bool

    @property
    def is_bare(self) -> bool:
        """No way in at all: an account that asked for a passkey and has not made it yet."""
        return not self.has_password and not self.passkeys

    @property
    def has_factor(self) -> bool:
        """A second factor is set up: the code application or a passkey."""
        return self.has_code or self.passkeys > 0


def ways_of(user: User) -> Ways:
    """How a user signs in (one query)."""
    types = list(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    return Ways(
        has_password=user.has_usable_password(),
        has_code=Authenticator.Type.TOTP in types,
        passkeys=types.count(Authenticator.Type.WEBAUTHN),
        has_recovery=Authenticator.Type.RECOVERY_CODES in types,
    )


def may_remove(user: User, authenticator: Authenticator) -> bool:
    """Tell whether the user may remove this factor (``rules.may_remove_factor``)."""
    ways = ways_of(user)
    return rules.may_remove_factor(
        is_agent=user.kind == "agent",
        has_password=ways.has_password,
        passkeys_left=ways.passkeys - (authenticator.type == Authenticator.Type.WEBAUTHN),
        codes_left=int(ways.has_code) - (authenticator.type == Authenticator.Type.TOTP),
    )


def email_change_of(user: User, now: datetime) -> EmailChange | None:
    """The change of address under way, if there is one."""
    return EmailChange.objects.filter(user=user, expires_at__gt=now).first()


def email_change_by_token(token: str, now: datetime) -> tuple[EmailChange, str] | None:
    """The change that a link belongs to, and which address it was sent to: ``old`` or ``new``."""
    digest = rules.token_hash(token)
    alive = EmailChange.objects.select_related("user").filter(expires_at__gt=now)
    for side in ("old", "new"):
        found = alive.filter(**{f"{side}_token_hash": digest}).first()
        if found:
            return found, side
    return None
