"""Notices to pay, days at the post office, and the files that tell of them."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from messervices.foundations.cash import actions
from messervices.foundations.cash.invariants import LATE, invariants
from messervices.foundations.cash.models import Line, Notice, ReturnFile
from messervices.foundations.cash.states import Origin
from messervices.foundations.payments import tasks as payments
from messervices.foundations.payments.models import Order, OutsideEvent
from messervices.foundations.payments.tests.factories import NATIONAL as BANK_DESK
from messervices.foundations.payments.tests.factories import NOW, VERSAILLES, OrderFactory
from messervices.foundations.payments.tests.factories import breaches as payment_breaches
from messervices.foundations.students.models import Person
from messervices.kernel.actor import Actor

CREDITOR = "075019"
FEE = 5_00
TODAY = date(2026, 8, 28)
LYON = 12
AGENT = Actor(
    kind="agent", user_id=7, label="M. Duval, Crous de Versailles", crous_ids=(VERSAILLES,),
    rights=frozenset({"cash:file:import", "cash:line:decide"}),
)  # fmt: skip
NATIONAL = Actor(kind="agent", user_id=8, label="Cnous", national=True, rights=AGENT.rights | BANK_DESK.rights)
POST = Actor.system("bank:eficash")
_operations = itertools.count(1)


def student(order: Order) -> Actor:
    """Whoever has the order."""
    return Actor(kind="student", user_id=1, person_id=order.person_id)


def issue(order: Order | None = None, now: datetime = NOW, closes_at: datetime | None = None) -> Notice:
    """Give the notice of an order, a new one when none is given."""
    order = order or OrderFactory()
    made = actions.issue_notice(order_id=order.pk, fee_cents=FEE, closes_at=closes_at, by=student(order), now=now)
    assert made is not None
    return made


@dataclass(frozen=True)
class Counter:
    """What a counter took: a line of a return file to be."""

    reference: str
    amount_cents: int = 105_00
    fee_cents: int = FEE
    paid_on: date = TODAY
    office: str = "750010"
    operation: str = ""


def took(notice: Notice, **changes: Any) -> Counter:
    """The counter took a notice's money."""
    given = {"reference": notice.reference, "amount_cents": notice.amount_cents, "operation": operation()}
    return Counter(**given | changes)


def operation() -> str:
    """A number of the bank that was never used before."""
    return f"OPERATION{next(_operations):08d}"


def body(taken: Sequence[Counter], *, number: int = 1, day: date = TODAY, creditor: str = CREDITOR) -> bytes:
    """Write the head and the lines of a file, without its last line."""
    rows = [f"H;EFICASH;1;{creditor};{number};{day}"]
    rows += [
        f"D;{rank};{one.paid_on};{one.office};{one.reference};{one.amount_cents};{one.fee_cents};"
        f"{one.operation or operation()}"
        for rank, one in enumerate(taken, 1)
    ]
    return "".join(f"{row}\r\n" for row in rows).encode()


def sealed(said: bytes, taken: Sequence[Counter], **changes: Any) -> bytes:
    """Add the last line; keywords replace what it says (``count``, ``amount``, ``fees``, ``mark``)."""
    told = {
        "count": len(taken),
        "amount": sum(one.amount_cents for one in taken),
        "fees": sum(one.fee_cents for one in taken),
        "mark": hashlib.sha256(said).hexdigest(),
    } | changes
    return said + f"T;{told['count']};{told['amount']};{told['fees']};{told['mark']}\r\n".encode()


def return_file(*taken: Counter, **head: Any) -> bytes:
    """Write a file that is right."""
    return sealed(body(taken, **head), taken)


def receive(raw: bytes, now: datetime = NOW) -> ReturnFile:
    """Let a file come in."""
    return actions.receive_file(raw=raw, name="eficash.csv", origin=Origin.DELIVERY, by=POST, now=now).file


def read(raw: bytes, now: datetime = NOW) -> ReturnFile:
    """Let a file come in and be read."""
    kept = receive(raw, now)
    actions.read_file(file_id=kept.pk, now=now)
    kept.refresh_from_db()
    return kept


def short_of_a_euro(person: Person, crous_id: int, mark: str) -> Line:
    """Let somebody pay one euro too little at a post office: a sum that waits for an agent of their Crous."""
    order = OrderFactory(person=person, crous_id=crous_id, label=f"Autre chose ({mark})")
    kept = read(return_file(took(issue(order), amount_cents=order.amount_cents - 100), number=crous_id))
    ReturnFile.objects.filter(pk=kept.pk).update(name=f"laposte-{mark}.csv")
    return Line.objects.get(file=kept)


def settle_all(now: datetime = NOW + timedelta(hours=1)) -> None:
    """Settle whatever waits, as the jobs would."""
    for event in OutsideEvent.objects.filter(rail="eficash", status="new").order_by("pk"):
        payments.read_inbox(event_id=event.pk, now=now)


def statuses() -> list[str]:
    """What each line is, in the order of files and lines."""
    return list(Line.objects.order_by("file_id", "number").values_list("status", flat=True))


def breaches() -> list[str]:
    """Name the invariants of this room and of payments that do not hold. Tests live in August: nothing is late."""
    found = []
    for invariant in (one for one in invariants() if one.name != LATE):
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                found.append(invariant.name)
    return found + payment_breaches()
