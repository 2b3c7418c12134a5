"""Addresses that take no mail any more: marked by a mail server's word, unmarked by their owner's."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit import actions as audit
from messervices.foundations.notifications import selectors
from messervices.foundations.notifications.actions.notify import notify
from messervices.foundations.notifications.models import DeadAddress, Message
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

TRUSTED_A_DAY = Rate(3, 24 * 3600)
"""How often an address may be declared good again: each mail that comes back costs all of us the servers' trust."""

_SERVER = Actor.system("notifications.reports")


@inside_action
def mark_dead(*, digest: str, code: str, keys: list[int], now: datetime) -> bool:
    """Note that an address is dead, and tell the person whose messages (``keys``) went there, if it is still theirs.

    ``False`` when it was known. They are told in their inbox, and by SMS if they gave a number: never by mail.
    """
    _row, made = DeadAddress.objects.get_or_create(digest=digest, defaults={"since": now, "code": code[:16]})
    message = Message.objects.filter(pk__in=keys).order_by("pk").first()
    if not made or message is None:
        return made
    reader = selectors.reader_of(message.person_id)
    if reader is not None and selectors.address_digest(reader.email) == digest:
        notify(
            person_id=message.person_id, crous_id=0, kind="notifications.address_dead", params={},
            link="/me/contact", now=now, mail=False,
        )  # fmt: skip
        audit.record(
            by=_SERVER, verb="notifications.lose_address", subject=f"accounts.user:{reader.pk}", now=now,
            person_id=message.person_id,
        )  # fmt: skip
    return made


def trust_address(*, by: Actor, user: User, now: datetime) -> bool:
    """Take the word of an address's owner that it works again; ``False`` when it was not marked.

    Raises ``Refusal("too_many")`` after the third time in a day.
    """
    if not selectors.is_dead(user.email):
        return False
    if not accounts.take_rate(TRUSTED_A_DAY, now, "trust_address", user.pk):
        raise Refusal(
            "too_many",
            _("Cette adresse nous est revenue plusieurs fois aujourd’hui. Changez-la, ou réessayez demain."),
        )
    return _trust(by=by, user=user, now=now)


@action
def _trust(*, by: Actor, user: User, now: datetime) -> bool:
    deleted, _tables = DeadAddress.objects.filter(pk=selectors.address_digest(user.email)).delete()
    if deleted:
        audit.record(
            by=by,
            verb="notifications.trust_address",
            subject=f"accounts.user:{user.pk}",
            now=now,
            person_id=by.person_id,
        )
    return bool(deleted)
