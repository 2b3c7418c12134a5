"""The keys with which an establishment's own program reads who is in order."""

import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from messervices.foundations.accounts import rules as accounts
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import selectors
from messervices.services.cvec.models import ApiKey

KEYS = 5
"""How many keys an establishment may hold at a time: a program or two, and their successors. Ours."""


@action
def make_key(*, by: Actor, establishment: Establishment, name: str, now: datetime) -> tuple[ApiKey, str]:
    """Make a key; the second value is shown once, and only its hash is kept. Raises ``Refusal("keys_too_many")``."""
    if len(selectors.keys_of(establishment.pk)) >= KEYS:
        raise Refusal("keys_too_many", _("Votre établissement a déjà cinq clés : retirez-en une d’abord."))
    secret = f"msv_{secrets.token_urlsafe(32)}"
    made = ApiKey.objects.create(
        establishment=establishment, name=name, token_hash=accounts.token_hash(secret), made_at=now,
        made_by_id=by.user_id or 0, made_by_label=by.label,
    )  # fmt: skip
    _record(made, "cvec.make_key", by=by, now=now)
    return made, secret


@action
def end_key(*, by: Actor, establishment: Establishment, key_id: int, now: datetime) -> None:
    """End a key: it opens nothing from now on. Twice ends it once."""
    row = ApiKey.objects.select_for_update().filter(pk=key_id, establishment=establishment, ended_at=None).first()
    if row is not None:
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        _record(row, "cvec.end_key", by=by, now=now)


@action
def note_use(*, key_id: int, now: datetime) -> None:
    """Note when a key was last used, to the minute."""
    stale = Q(used_at=None) | Q(used_at__lt=now - timedelta(minutes=1))
    ApiKey.objects.filter(stale, pk=key_id).update(used_at=now)


def _record(row: ApiKey, verb: str, *, by: Actor, now: datetime) -> None:
    audit.record(
        by=by, verb=verb, subject=f"crous.establishment:{row.establishment_id}", now=now, details={"key": row.pk}
    )
