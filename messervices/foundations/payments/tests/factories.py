"""Orders in the situations that tests speak of, and a bank's notices about them."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import factory
from django.conf import settings
from django.db import connection, transaction

from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.invariants import invariants
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.lyra import sign
from messervices.foundations.payments.providers.rail import Answer, Facts, GivenBack
from messervices.foundations.payments.providers.stripe import sign as sign_webhook
from messervices.foundations.payments.rules import LYRA_TERMS, Outcome
from messervices.foundations.payments.states import Paid
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
ACCOUNT = "test:collected"
VERSAILLES = 26
LATER = NOW + timedelta(hours=1)
AGENT = Actor(
    kind="agent", user_id=7, label="Agent", crous_ids=(VERSAILLES,),
    rights=frozenset({"payments:event:close", "payments:refund:retry"}),
)  # fmt: skip
NATIONAL = Actor(kind="agent", user_id=8, label="Cnous", national=True, rights=AGENT.rights)


class OrderFactory(factory.django.DjangoModelFactory):
    """Something to pay: 105 euros, of the kind that ``sold`` sells."""

    class Meta:
        model = Order

    person = factory.SubFactory(PersonFactory)
    crous_id = VERSAILLES
    number = factory.Sequence(lambda n: f"T{n:09d}")
    kind = "test"
    reference = factory.Sequence(lambda n: f"thing:{n}")
    amount_cents = 105_00
    credit_account = ACCOUNT
    label = "CVEC 2026-2027"
    return_path = "/cvec/"
    created_at = NOW


def start(person_id: int, **changes: Any) -> Order:
    """Hand over something to pay, as a service does."""
    given = {
        "kind": "test", "reference": "thing:1", "person_id": person_id, "crous_id": VERSAILLES, "amount_cents": 105_00,
        "credit_account": ACCOUNT, "label": "CVEC 2026-2027", "return_path": "/cvec/", "now": NOW,
    }  # fmt: skip
    with transaction.atomic():
        return actions.start(**given | changes)


def go(order: Order, now: Any = NOW, **changes: Any) -> Any:
    """Press the button that leads to the bank."""
    given = {
        "uuid": order.uuid, "person_id": order.person_id, "language": "fr", "back_url": "https://a/b",
    }  # fmt: skip
    return actions.go_to_bank(now=now, **given | changes)


def begin(order: Order, now: datetime = NOW) -> Attempt:
    """Take the order to the bank; give the live attempt."""
    go(order, now)
    attempt = selectors.live_attempt(order.pk)
    assert attempt is not None
    return attempt


def notice(number: str, status: str = "AUTHORISED", *, key: str = "1122334455667788", **changes: str) -> bytes:
    """Write a notice of the bank about an attempt; keywords replace fields (without ``vads_``)."""
    fields = {
        "vads_site_id": "12345678",
        "vads_ctx_mode": "TEST",
        "vads_order_id": number,
        "vads_amount": "10500",
        "vads_effective_amount": "10500",
        "vads_currency": "978",
        "vads_effective_currency": "978",
        "vads_effective_creation_date": "20260828120500",
        "vads_operation_type": "DEBIT",
        "vads_trans_status": status,
        "vads_trans_uuid": uuid.uuid5(uuid.NAMESPACE_URL, number).hex,
        "vads_auth_result": "00",
        "vads_url_check_src": "PAY",
        "vads_hash": "0" * 64,
    } | {f"vads_{name}": value for name, value in changes.items()}
    return urlencode(fields | {"signature": sign(fields, key)}).encode()


def webhook(
    number: str, kind: str = "checkout.session.completed", *, secret: str = "", at: datetime = NOW, **changes: Any
) -> tuple[bytes, str]:
    """Write a webhook of Stripe's about an attempt, and the header that signs it; keywords change what it is about."""
    thing = {
        "object": "checkout.session", "id": f"cs_{number}", "client_reference_id": number, "payment_status": "paid",
        "status": "complete", "amount_total": 105_00, "currency": "eur", "payment_intent": f"pi_{number}",
        "metadata": {"attempt": number},
    } | changes  # fmt: skip
    event = {"id": f"evt_{number}", "type": kind, "livemode": False, "data": {"object": thing}}
    raw = json.dumps(event | {"created": int((NOW + timedelta(minutes=5)).timestamp())}).encode()
    dated = str(int(at.timestamp()))
    return raw, f"t={dated},v1={sign_webhook(raw, dated, secret or settings.STRIPE_WEBHOOK_SECRET)}"


def receive(raw: bytes, now: datetime = NOW) -> int | None:
    """Receive a notice; give the number of the event that waits to be read."""
    actions.receive(rail="lyra", raw=raw, now=now)
    event = OutsideEvent.objects.filter(raw=raw, status="new").first()
    return event.pk if event else None


def tell(raw: bytes, now: datetime = NOW) -> str:
    """Receive a notice and read it; give its effect."""
    event_id = receive(raw, now)
    return actions.settle(event_id=event_id, now=now) if event_id else ""


class FakeService:
    """A service that sells the kind ``test``: it remembers what it was told, and can fail on demand."""

    def __init__(self) -> None:
        """Nothing sold yet."""
        self.told: list[Paid] = []
        self.fails = False

    def on_paid(self, *, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
        """What payments call, inside their transaction."""
        assert transaction.get_connection().in_atomic_block
        assert (facts.order_id, facts.reference) == (order_id, reference)
        assert by.kind == "system"
        assert now.tzinfo is not None
        if self.fails:
            raise RuntimeError("the service is broken")
        self.told.append(facts)


@contextmanager
def sold() -> Iterator[FakeService]:
    """Put a service that sells ``test`` in the place of the manifests."""
    service = FakeService()
    with mock.patch.object(manifest, "paid_callback", {"test": service.on_paid}.__getitem__):
        yield service


class FakeRail:
    """A bank that answers what a test tells it, held to the interface by ``test_providers``."""

    name = "lyra"
    receivable = "psp:lyra:receivable"
    terms = LYRA_TERMS

    def __init__(self) -> None:
        """Silent until told."""
        self.real = rail_named("lyra")
        self.says: Callable[[str], Facts] | None = None
        self.asked = 0
        self.returned: list[str] = []

    def begin(self, attempt: Any) -> Any:
        """As the real one."""
        return self.real.begin(attempt)

    def read(self, raw: bytes, signature: str, now: datetime) -> Any:
        """As the real one."""
        return self.real.read(raw, signature, now)

    def close(self, attempt: Any) -> bool:
        """As the real one."""
        return self.real.close(attempt)

    def ask(self, attempt: Any) -> Answer:
        """Answer what the test said."""
        self.asked += 1
        if self.says is None:
            raise ProviderUnavailable(self.name)
        facts = self.says(attempt.number)
        return Answer(f"{self.asked} {facts}".encode(), facts)

    def given_back(self, attempt: Any, tx_id: str) -> Any:
        """Whether ``give_back`` was called."""
        return GivenBack(f"back-{tx_id}", 105_00) if tx_id in self.returned else None

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> Any:
        """Give back."""
        self.returned.append(tx_id)
        return GivenBack(f"back-{tx_id}", amount_cents)


def said(outcome: Outcome, cents: int = 105_00, tx_id: str = "") -> Callable[[str], Facts]:
    """Make a bank's word about whichever attempt it is asked of."""

    def word(number: str) -> Facts:
        tx = tx_id or uuid.uuid5(uuid.NAMESPACE_URL, number).hex
        return Facts(number, outcome, cents, "EUR", tx, (NOW + timedelta(minutes=5)).isoformat())

    return word


def pay_twice(order: Order) -> Refund:
    """Pay, by a try given up, an order that another try paid."""
    first = begin(order)
    tell(notice(first.number, "ABANDONED"))
    second = begin(order)
    assert tell(notice(second.number)) == "captured"
    assert tell(notice(first.number)) == "surplus"
    return Refund.objects.get(capture__attempt=first)


def jobs_waiting(name: str) -> int:
    """Count the jobs of a name that no worker has taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like %s and status = 'todo'", (f"%{name}",)
        )
        return int(cursor.fetchone()[0])


def breaches() -> list[str]:
    """Name the invariants that do not hold."""
    found = []
    for invariant in invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                found.append(invariant.name)
    return found
