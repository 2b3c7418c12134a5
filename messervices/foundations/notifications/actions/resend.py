"""Sending again a mail that did not arrive: an agent's deed, written on the file."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.notifications import selectors
from messervices.foundations.notifications.actions.moves import enqueue_sending, move
from messervices.foundations.notifications.models import Message
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


@action
def resend_message(*, by: Actor, person_id: int, message_id: int, now: datetime) -> bool:
    """Queue once more a mail that was given up, or may never have left; ``False`` when it is neither, or not theirs.

    It leaves as a new mail. Raises ``Refusal("address_dead")`` while the person's address takes nothing.
    """
    message = Message.objects.filter(pk=message_id, person_id=person_id).first()
    if message is None:
        return False
    if selectors.is_unreachable(person_id):
        raise Refusal(
            "address_dead",
            _("L’adresse de cette personne ne reçoit plus rien : elle doit la corriger d’abord, dans son espace."),
        )
    changes = {"due_at": now, "mail_attempts": 0, "bounces": 0, "mail_id": "", "outcome": "", "sent_at": None}
    if not move(Message, [message_id], "try_again", **changes):
        return False
    audit.record(
        by=by, verb="notifications.resend_message", subject=f"notifications.message:{message_id}", now=now,
        person_id=person_id, crous_id=message.crous_id or None, details={"kind": message.kind},
    )  # fmt: skip
    enqueue_sending(Message, message_id)
    return True
