"""Messages in the situations that tests speak of."""

import json
from typing import Any

from django.db import connection

from messervices.foundations.notifications import actions
from messervices.foundations.notifications.models import Message
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
