"""What is to be paid, each try at it, what banks told us, and the money itself. The database refuses the impossible."""

import uuid

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.payments.states import (
    LINK_LIVE,
    LIVE,
    PAID_BY,
    AttemptStatus,
    Effect,
    EventKind,
    EventStatus,
    LinkStatus,
    OrderStatus,
    RailName,
    RefundReason,
    RefundStatus,
    Verdict,
)
from messervices.foundations.students.models import Person
from messervices.kernel.isolation import Isolated


class Order(models.Model):
    """Something to be paid, with all that settling it needs: nobody is asked anything afterwards.

    ``number`` is what people and the bank read; ``reference`` is the service's own; ``credit_account`` is a path of
    the ledger; ``return_path`` is where the student goes on, paid or not. ``captured_cents`` never counts a surplus.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="orders")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="orders", db_index=False)
    amount_cents = models.BigIntegerField()
    captured_cents = models.BigIntegerField(default=0)
    credit_account = models.CharField(max_length=200)
    label = models.CharField(max_length=120)
    return_path = models.CharField(max_length=200)
    status = models.CharField(max_length=12, choices=OrderStatus.choices, default=OrderStatus.OPEN)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        """Paid is paid in full and dated; one order lives for one thing sold."""

        constraints = [
            Isolated(name="order_isolated"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="order_of_something"),
            models.CheckConstraint(condition=Q(return_path__regex="^/([^/]|$)"), name="order_returns_to_us"),
            models.CheckConstraint(
                condition=Q(status=OrderStatus.PAID, captured_cents=F("amount_cents"), paid_at__isnull=False)
                | ~Q(status=OrderStatus.PAID) & Q(captured_cents=0, paid_at=None),
                name="order_paid_in_full",
            ),
            models.CheckConstraint(
                condition=Q(status=OrderStatus.CANCELLED, cancelled_at__isnull=False)
                | ~Q(status=OrderStatus.CANCELLED) & Q(cancelled_at=None),
                name="order_cancelled_dated",
            ),
            models.UniqueConstraint(
                fields=["kind", "reference"], condition=~Q(status=OrderStatus.CANCELLED), name="order_one_for_one_thing"
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"{self.number} {self.status}"


class PayerLink(models.Model):
    """A link by which somebody else may pay an order, or refuse to, until ``expires_at``; it leads to nothing else.

    Of its secret only the hash is kept. ``payer_key_hash`` is that of what the browser of who pays now holds: a second
    payer waits. ``language`` is theirs, ``word`` what they said when they refused.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="links")
    person_id = models.BigIntegerField()
    crous_id = models.SmallIntegerField()
    token_hash = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=12, choices=LinkStatus.choices, default=LinkStatus.OPEN)
    payer_key_hash = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=2, blank=True)
    word = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One live link an order; none is accepted after its end, or paid without having been accepted."""

        constraints = [
            Isolated(name="payer_link_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=LINK_LIVE), name="payer_link_one_live"),
            models.CheckConstraint(condition=Q(opened_at__lt=F("expires_at")), name="payer_link_lasts"),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(accepted_at__lt=F("expires_at")), name="payer_link_accepted_in_time"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[LinkStatus.ACCEPTED, LinkStatus.PAID]) | Q(accepted_at__isnull=False),
                name="payer_link_accepted_dated",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LINK_LIVE, ended_at=None) | ~Q(status__in=LINK_LIVE) & Q(ended_at__isnull=False),
                name="payer_link_ended_dated",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status__in=LINK_LIVE), name="payer_link_to_end"),
        ]

    def __str__(self) -> str:
        """Number and status, never the secret."""
        return f"link {self.pk} {self.status}"


class Attempt(models.Model):
    """One try at paying an order by one rail. A live one has an outcome that nobody knows for certain yet.

    ``number`` is the order's with the rank of the try; ``bank_ref`` is the six signs that the bank wants unique in a
    day. ``ask_at`` is when the bank will be asked, if it has said nothing by then: also about a try that we gave up,
    for as long as its form could still be paid. ``link`` is the one by which somebody else came to pay. Where beginning
    asks the bank, ``rail_ref`` is the bank's own name for the try and ``door_url`` where the browser is sent, once it
    gave them (``door_at``): nobody was led there before.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    link = models.ForeignKey(PayerLink, null=True, on_delete=models.PROTECT, related_name="attempts")
    person_id = models.BigIntegerField()
    crous_id = models.SmallIntegerField()
    rail = models.CharField(max_length=16, choices=RailName.choices)
    rank = models.SmallIntegerField()
    number = models.CharField(max_length=20, unique=True)
    bank_ref = models.CharField(max_length=6)
    begun_on = models.DateField()
    amount_cents = models.BigIntegerField()
    language = models.CharField(max_length=2)
    status = models.CharField(max_length=12, choices=AttemptStatus.choices, default=AttemptStatus.BEGUN)
    detail = models.CharField(max_length=40, blank=True)
    begun_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked = models.SmallIntegerField(default=0)
    rail_ref = models.CharField(max_length=100, blank=True, db_default="")
    door_url = models.TextField(blank=True, db_default="")
    door_at = models.DateTimeField(null=True)

    class Meta:
        """One live try an order; what has ended says when. One that has no money may still be asked about."""

        constraints = [
            Isolated(name="attempt_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=LIVE), name="attempt_one_live"),
            models.UniqueConstraint(fields=["order", "rank"], name="attempt_rank"),
            models.UniqueConstraint(fields=["rail", "begun_on", "bank_ref"], name="attempt_bank_ref"),
            models.UniqueConstraint(fields=["rail", "rail_ref"], condition=~Q(rail_ref=""), name="attempt_rail_ref"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="attempt_of_something"),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, ended_at=None)
                | ~Q(status__in=LIVE)
                & Q(ended_at__isnull=False)
                & (Q(ask_at=None) | ~Q(status=AttemptStatus.CAPTURED)),
                name="attempt_ended_dated",
            ),
        ]
        indexes = [models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="attempt_to_ask")]

    def __str__(self) -> str:
        """Number and status."""
        return f"{self.number} {self.status}"


class OutsideEvent(models.Model):
    """What a bank told us: kept as it came, before anything is done with it. Everything may come twice, late or never.

    ``raw`` is evidence, with the header that signs it (``signature``) where the bytes do not; ``facts`` is what it
    says in our words, for authentic ones. Nobody knows whose an event is before it is read: until then, and for ever
    when no order is found, its Crous is 0 (the national desk).
    """

    rail = models.CharField(max_length=16, choices=RailName.choices)
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    raw = models.BinaryField()
    signature = models.CharField(max_length=600, blank=True, db_default="")
    sha256 = models.BinaryField()
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    facts = models.JSONField(null=True)
    status = models.CharField(max_length=12, choices=EventStatus.choices)
    effect = models.CharField(max_length=16, choices=Effect.choices, blank=True)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    attempt = models.ForeignKey(Attempt, null=True, on_delete=models.PROTECT, related_name="events")
    person_id = models.BigIntegerField(null=True)
    crous_id = models.SmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        """The same bytes are one event, however often they come. Only authentic ones can be read."""

        constraints = [
            Isolated(name="event_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["rail", "sha256"], name="event_once"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.GOOD, facts__isnull=False) & ~Q(status=EventStatus.REFUSED)
                | ~Q(verdict=Verdict.GOOD) & Q(status=EventStatus.REFUSED),
                name="event_believed_when_authentic",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[EventStatus.NEW, EventStatus.REFUSED], read_at=None)
                | ~Q(status__in=[EventStatus.NEW, EventStatus.REFUSED]) & Q(read_at__isnull=False),
                name="event_read_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status=EventStatus.CLOSED) | Q(closed_at__isnull=False) & ~Q(reason=""),
                name="event_closed_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(status=EventStatus.NEW), name="event_unread"),
            models.Index(
                fields=["crous_id", "received_at"],
                condition=Q(status__in=[EventStatus.UNKNOWN, EventStatus.INCIDENT]),
                name="event_for_agent",
            ),
            models.Index(fields=["received_at"], condition=Q(status=EventStatus.REFUSED), name="event_refused"),
        ]

    def __str__(self) -> str:
        """Number, verdict, effect."""
        return f"event {self.pk} {self.verdict} {self.effect or self.status}"


class Capture(models.Model):
    """Money that a bank took for us: one row for each of its transactions, for ever.

    ``surplus`` money is not the order's: it came for one already paid or cancelled, and is given back.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="captures")
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="captures")
    event = models.ForeignKey(OutsideEvent, on_delete=models.PROTECT, related_name="captures", db_index=False)
    person_id = models.BigIntegerField()
    crous_id = models.SmallIntegerField()
    rail = models.CharField(max_length=16, choices=RailName.choices)
    rail_tx_id = models.CharField(max_length=64)
    amount_cents = models.BigIntegerField()
    surplus = models.BooleanField()
    taken_at = models.DateTimeField()
    booked_at = models.DateTimeField()

    class Meta:
        """A transaction of the bank is booked once; an order is paid once."""

        constraints = [
            Isolated(name="capture_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["rail", "rail_tx_id"], name="capture_once"),
            models.UniqueConstraint(fields=["order"], condition=Q(surplus=False), name="capture_one_an_order"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="capture_of_something"),
            models.CheckConstraint(condition=~Q(rail_tx_id=""), name="capture_named_by_bank"),
        ]
        # A Crous's days, and what of its money no settlement has: read by whoever follows it.
        indexes = [models.Index(fields=["crous_id", "booked_at"], name="capture_of_crous")]

    def __str__(self) -> str:
        """Rail and transaction."""
        return f"{self.rail}:{self.rail_tx_id}"

    @property
    def means(self) -> str:
        """How it came, in words for its payer."""
        return str(PAID_BY[RailName(self.rail)])


class Refund(models.Model):
    """Money to give back by the rail that took it. While ``sending``, the bank may or may not have done it."""

    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="refunds")
    person_id = models.BigIntegerField()
    crous_id = models.SmallIntegerField()
    amount_cents = models.BigIntegerField()
    reason = models.CharField(max_length=16, choices=RefundReason.choices)
    status = models.CharField(max_length=12, choices=RefundStatus.choices, default=RefundStatus.QUEUED)
    rail_tx_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=40, blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A capture is given back once; what was given names the bank's transaction."""

        constraints = [
            Isolated(name="refund_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["capture"], name="refund_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_of_something"),
            models.CheckConstraint(
                condition=Q(status=RefundStatus.GIVEN, ended_at__isnull=False) & ~Q(rail_tx_id="")
                | ~Q(status=RefundStatus.GIVEN) & Q(rail_tx_id=""),
                name="refund_given_named",
            ),
        ]
        indexes = [
            models.Index(fields=["queued_at"], condition=~Q(status=RefundStatus.GIVEN), name="refund_under_way"),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"refund {self.pk} {self.status}"


class RailHealth(models.Model):
    """How a bank answers: ``failures`` in a row since ``since``; out of the choice until ``out_until``.

    All of it is moved by single statements (``actions/watch.py``): the web, the workers and their threads share it.
    """

    rail = models.CharField(max_length=16, choices=RailName.choices, primary_key=True)
    failures = models.SmallIntegerField(default=0)
    since = models.DateTimeField(null=True)
    out_since = models.DateTimeField(null=True)
    out_until = models.DateTimeField(null=True)

    class Meta:
        """Out since some instant, until another."""

        constraints = [
            models.CheckConstraint(
                condition=Q(out_since=None, out_until=None) | Q(out_since__isnull=False, out_until__isnull=False),
                name="rail_health_out_dated",
            ),
        ]

    def __str__(self) -> str:
        """Rail and state."""
        return f"{self.rail} {'out' if self.out_until else 'in'}"
