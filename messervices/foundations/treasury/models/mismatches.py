"""What does not fit: found by the machine, worked on by an agent, confirmed by a second one when it is large."""

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.payments.models import Capture, Refund
from messervices.foundations.treasury.models.settlements import Settlement, SettlementLine
from messervices.foundations.treasury.models.statements import Detail, Entry, Statement
from messervices.foundations.treasury.states import MismatchKind, MismatchStatus
from messervices.kernel.isolation import IsolatedByCrous


class Mismatch(models.Model):
    """One thing that does not fit. ``key`` names it, so that it is found once however often one looks.

    ``amount_cents`` is what is at stake (not negative); the four ``…_cents`` beside are where it waits
    (``rules.Stake``). ``rounds`` counts how often it was explained by hand, ``posted`` whether that moved money which
    no mirror has moved back.
    """

    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=MismatchKind.choices)
    key = models.CharField(max_length=120)
    rail = models.CharField(max_length=16, blank=True)
    since = models.DateField()
    amount_cents = models.BigIntegerField()
    expected_cents = models.BigIntegerField(null=True)
    found_cents = models.BigIntegerField(null=True)
    captured_cents = models.BigIntegerField(default=0)
    line_cents = models.BigIntegerField(default=0)
    entry_cents = models.BigIntegerField(default=0)
    credit_cents = models.BigIntegerField(default=0)
    capture = models.ForeignKey(Capture, null=True, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(SettlementLine, null=True, on_delete=models.PROTECT, related_name="+")
    settlement = models.ForeignKey(Settlement, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.ForeignKey(Detail, null=True, on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Statement, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=MismatchStatus.choices, default=MismatchStatus.OPEN)
    found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    by_id = models.BigIntegerField(null=True)
    by_label = models.CharField(max_length=200, blank=True)
    second_id = models.BigIntegerField(null=True)
    second_label = models.CharField(max_length=200, blank=True)
    posted = models.BooleanField(default=False)
    rounds = models.SmallIntegerField(default=0)

    class Meta:
        """One row a key; what is resolved says why, by whom; the second person is another one."""

        constraints = (
            IsolatedByCrous(name="mismatch_isolated"),
            models.UniqueConstraint(fields=["crous", "key"], name="mismatch_once"),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="mismatch_amount"),
            models.CheckConstraint(
                condition=~Q(status__in=[MismatchStatus.RESOLVED, MismatchStatus.PROPOSED])
                | ~Q(reason="") & Q(by_id__isnull=False),
                name="mismatch_resolved_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(second_id=None) | ~Q(second_id=F("by_id")), name="mismatch_second_is_another"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[MismatchStatus.OPEN, MismatchStatus.PROPOSED], ended_at=None)
                | Q(status__in=[MismatchStatus.RESOLVED, MismatchStatus.CLEARED], ended_at__isnull=False),
                name="mismatch_ended_dated",
            ),
        )
        indexes = (
            models.Index(
                fields=["crous", "since"],
                condition=Q(status__in=[MismatchStatus.OPEN, MismatchStatus.PROPOSED]),
                name="mismatch_waiting",
            ),
            models.Index(fields=["crous", "-ended_at"], name="mismatch_latest"),
        )

    def __str__(self) -> str:
        """Key and status."""
        return f"{self.key} {self.status}"


class Adjustment(models.Model):
    """What explaining a mismatch by hand moved; or, with the signs turned, what its mirror moved back. Never edited."""

    mismatch = models.ForeignKey(Mismatch, on_delete=models.PROTECT, related_name="adjustments")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    rail = models.CharField(max_length=16, blank=True)
    round = models.SmallIntegerField()
    undoes = models.BooleanField()
    captured_cents = models.BigIntegerField()
    line_cents = models.BigIntegerField()
    entry_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        """Once a round, and undone once."""

        constraints = (
            IsolatedByCrous(name="adjustment_isolated"),
            models.UniqueConstraint(fields=["mismatch", "round", "undoes"], name="adjustment_once"),
        )
        indexes = (models.Index(fields=["crous", "at"], name="adjustment_of_day"),)

    def __str__(self) -> str:
        """Mismatch and round."""
        return f"{self.mismatch_id}/{self.round}{' undone' if self.undoes else ''}"
