"""Notices to pay at a post office, the files that say what was paid, and their lines. The database knows the key."""

import uuid

from django.db import models
from django.db.models import F, Func, Q

from messervices.foundations.cash.states import (
    BELIEVED,
    SUSPENSE,
    WAITING,
    Ending,
    FileStatus,
    LineStatus,
    NoticeStatus,
    Origin,
)
from messervices.foundations.crous.models import Crous
from messervices.foundations.payments.models import Order, OutsideEvent
from messervices.foundations.students.models import Person
from messervices.kernel.isolation import Isolated

_KEY = "case when %(expressions)s ~ '^[0-9]{20}$' then mod((%(expressions)s)::numeric, 97) = 1 else false end"
_OPEN = Q(status=NoticeStatus.OPEN)


class Notice(models.Model):
    """A sheet to pay an order with at a counter: a reference, an amount, a last day.

    ``amount_cents`` is the order's; ``fee_cents`` is what La Poste keeps on top, as known when the notice was made: it
    is never booked here. ``uuid`` names the notice in addresses, never its reference.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="notices", db_index=False)
    reference = models.CharField(max_length=20, unique=True)
    amount_cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=NoticeStatus.choices, default=NoticeStatus.OPEN)
    ending = models.CharField(max_length=16, choices=Ending.choices, blank=True)
    issued_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One live notice an order; a reference whose key is right; what has ended says when."""

        constraints = [
            Isolated(name="notice_isolated"),
            models.UniqueConstraint(fields=["order"], condition=_OPEN, name="notice_one_live"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0, fee_cents__gte=0), name="notice_of_something"),
            models.CheckConstraint(
                condition=Func(F("reference"), template=_KEY, output_field=models.BooleanField()), name="notice_key"
            ),
            models.CheckConstraint(
                condition=_OPEN & Q(ended_at=None) | ~_OPEN & Q(ended_at__isnull=False), name="notice_ended_dated"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[NoticeStatus.OPEN, NoticeStatus.PAID]) | ~Q(ending=""),
                name="notice_ended_why",
            ),
        ]
        indexes = [models.Index(fields=["valid_until"], condition=_OPEN, name="notice_to_expire")]

    def __str__(self) -> str:
        """Number and status."""
        return f"notice {self.pk} {self.status}"


class ReturnFile(models.Model):
    """What the post offices took in a day, as La Banque Postale says it: kept as it came, then checked, then read.

    ``lines_read`` is how far its lines are written: after a kill, reading goes on from there. Nobody is named in it.
    """

    name = models.CharField(max_length=120)
    origin = models.CharField(max_length=12, choices=Origin.choices)
    raw = models.BinaryField()
    sha256 = models.BinaryField(unique=True)
    size = models.IntegerField()
    status = models.CharField(max_length=12, choices=FileStatus.choices, default=FileStatus.RECEIVED)
    faults = models.JSONField(default=list)
    creditor = models.CharField(max_length=6, blank=True)
    number = models.IntegerField(null=True)
    day = models.DateField(null=True)
    lines_count = models.IntegerField(default=0)
    amount_cents = models.BigIntegerField(default=0)
    fee_cents = models.BigIntegerField(default=0)
    lines_read = models.IntegerField(default=0)
    received_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by_id = models.BigIntegerField(null=True)
    by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        """The same bytes are one file; a number is used once by files that are believed."""

        constraints = [
            models.UniqueConstraint(
                fields=["creditor", "number"], condition=Q(status__in=BELIEVED), name="returnfile_number_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=BELIEVED, number__isnull=False, day__isnull=False)
                | ~Q(status__in=BELIEVED) & Q(lines_read=0),
                name="returnfile_read_when_believed",
            ),
            models.CheckConstraint(
                condition=Q(lines_read__gte=0, lines_read__lte=F("lines_count")), name="returnfile_progress"
            ),
            models.CheckConstraint(
                condition=~Q(status=FileStatus.READ) | Q(lines_read=F("lines_count"), ended_at__isnull=False),
                name="returnfile_read_whole",
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"return file {self.pk} {self.status}"


class Line(models.Model):
    """Money that a counter took, one for each line of a file. ``amount_cents`` is ours, ``fee_cents`` is La Poste's.

    ``first`` is false when the same operation had come before. ``crous_id`` and ``person_id`` are the order's; 0 and
    nothing while no order is known: the national desk sees it. ``due_on`` is the last day for its certificate.
    """

    file = models.ForeignKey(ReturnFile, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.IntegerField()
    paid_on = models.DateField()
    due_on = models.DateField()
    office = models.CharField(max_length=6)
    reference = models.CharField(max_length=20)
    amount_cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField()
    operation = models.CharField(max_length=24)
    first = models.BooleanField()
    status = models.CharField(max_length=12, choices=LineStatus.choices)
    notice = models.ForeignKey(Notice, null=True, on_delete=models.PROTECT, related_name="lines")
    event = models.OneToOneField(OutsideEvent, null=True, on_delete=models.PROTECT, related_name="cash_line")
    person_id = models.BigIntegerField(null=True)
    crous_id = models.SmallIntegerField(default=0)
    read_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        """An operation counts once; what fits has its event; what an agent closed says why."""

        constraints = [
            Isolated(name="cash_line_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["file", "number"], name="line_once_in_its_file"),
            models.UniqueConstraint(fields=["operation"], condition=Q(first=True), name="line_operation_once"),
            models.CheckConstraint(
                condition=Q(status=LineStatus.FITS, first=True, notice__isnull=False, event__isnull=False)
                | ~Q(status=LineStatus.FITS) & Q(event=None),
                name="line_fits_with_its_event",
            ),
            models.CheckConstraint(condition=~Q(status__in=SUSPENSE) | Q(first=True), name="line_in_suspense_is_first"),
            models.CheckConstraint(
                condition=~Q(status__in=[LineStatus.REPEATED, LineStatus.CLASH]) | Q(first=False),
                name="line_repeated_is_not_first",
            ),
            models.CheckConstraint(
                condition=~Q(status=LineStatus.CLOSED) | Q(decided_at__isnull=False) & ~Q(reason=""),
                name="line_closed_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["crous_id", "due_on"], condition=Q(status__in=WAITING), name="line_for_agent"),
        ]

    def __str__(self) -> str:
        """File, rank and status."""
        return f"line {self.file_id}/{self.number} {self.status}"
