"""Messages in the situations that tests speak of."""

import json
from typing import Any

from django.db import connection

from messervices.foundations.notifications import actions
from messervices.foundations.notifications.invariants import invariants
from messervices.foundations.notifications.models import Contact, Message, OutgoingMail
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, PersonFactory


def tell(person: Person | None = None, **changes: Any) -> Message:
    """Write a message inside the transaction of the test."""
    person = person or PersonFactory()
    said = {
        "person_id": person.pk,
        "crous_id": 26,
        "kind": "room.ready",
        "params": {"year": "2026-2027", "who": "Lina"},
        "link": "/cvec/2026-2027/",
        "now": NOW,
    }
    return actions.notify(**(said | changes))


def take_jobs() -> list[tuple[str, dict[str, Any]]]:
    """Take the jobs that wait, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs returning id, task_name, args")
        return [(name.rpartition(".")[2], json.loads(args)) for _id, name, args in sorted(cursor.fetchall())]


def give_phone(person: Person, phone: str = "+393471234567", **changes: Any) -> Contact:
    """Let a person have a number."""
    contact, _made = Contact.objects.update_or_create(person=person, defaults={"phone": phone} | changes)
    return contact


def breaches() -> list[str]:
    """Give the invariants of this room that do not hold."""
    broken = []
    with connection.cursor() as cursor:
        for invariant in invariants():
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                broken.append(invariant.name)
    return broken


def forget_mailed(person: Person) -> None:
    """Let the minute after the last mail be over."""
    Contact.objects.filter(person=person).update(mailed_at=None)


def pay_for_me() -> OutgoingMail:
    """Write a mail to an address, with a link that opens something."""
    return actions.queue_mail(
        to="payer@example.org",
        language="en",
        template="room/mail/pay",
        params={"url": "https://x.example/s3cret"},
        now=NOW,
    )


def status(row: Message | OutgoingMail) -> str:
    """Where the mail of a row is now."""
    row.refresh_from_db()
    return row.mail_status
