"""How a person wants to be written to, in their own words."""

from collections.abc import Collection
from datetime import datetime

from messervices.foundations.audit import actions as audit
from messervices.foundations.notifications.actions.notify import notify
from messervices.foundations.notifications.models import Contact
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.messages import STOPPABLE, Topic


@action
def change_contact(
    *, by: Actor, person_id: int, phone: str, sms: bool, mail_off: Collection[str], now: datetime
) -> bool:
    """Keep a person's choices: a number (E.164, or "" for none), SMS or not, topics they want no mail of.

    ``False`` when nothing changes. What may not be stopped is not, whatever is asked. A new number, or one that is
    gone, is told by mail: whoever changed it may not be its owner.
    """
    contact, _made = Contact.objects.select_for_update().get_or_create(person_id=person_id)
    wanted = sorted(topic for topic in set(mail_off) if topic in STOPPABLE)
    moved = phone != contact.phone
    if not moved and sms == contact.sms and wanted == contact.mail_off and not (phone and contact.phone_failed_at):
        return False
    contact.phone, contact.sms, contact.mail_off, contact.phone_failed_at = phone, sms, wanted, None
    contact.save(update_fields=["phone", "sms", "mail_off", "phone_failed_at"])
    details = {"phone": moved, "sms": sms, "mail_off": wanted}
    audit.record(
        by=by, verb="notifications.change_contact", subject=f"students.person:{person_id}", now=now,
        person_id=person_id, details=details,
    )  # fmt: skip
    if moved:
        notify(
            person_id=person_id, crous_id=0, kind="notifications.phone_changed", params={"kept": bool(phone)},
            link="/me/contact", now=now,
        )  # fmt: skip
    return True


@action
def stop_topic(*, person_id: int, topic: Topic, now: datetime) -> bool:
    """Stop a topic's mails, by the link that each of them carries; ``False`` when they were stopped."""
    contact, _made = Contact.objects.select_for_update().get_or_create(person_id=person_id)
    if topic in contact.mail_off or topic not in STOPPABLE:
        return False
    contact.mail_off = sorted({*contact.mail_off, str(topic)})
    contact.save(update_fields=["mail_off"])
    audit.record(
        by=Actor.system("notifications.stop"), verb="notifications.change_contact",
        subject=f"students.person:{person_id}", now=now, person_id=person_id, details={"mail_off": contact.mail_off},
    )  # fmt: skip
    return True
