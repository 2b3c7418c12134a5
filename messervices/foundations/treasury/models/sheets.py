"""The day sheet: what a rail owed a Crous in the morning, what happened, what it owed at night. Written once."""

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.kernel.isolation import IsolatedByCrous

_CLOSING = (
    F("opening_cents")
    + F("collected_cents")
    - F("refunded_cents")
    - F("fees_cents")
    - F("settled_cents")
    - F("adjusted_cents")
)


class Sheet(models.Model):
    """One day of one rail at one Crous, by the Crous's own calendar. Only days that are over have a row."""

    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="sheets", db_index=False)
    rail = models.CharField(max_length=16)
    day = models.DateField()
    opening_cents = models.BigIntegerField()
    collected_cents = models.BigIntegerField()
    collected = models.IntegerField()
    refunded_cents = models.BigIntegerField()
    refunded = models.IntegerField()
    fees_cents = models.BigIntegerField()
    settled_cents = models.BigIntegerField()
    adjusted_cents = models.BigIntegerField()
    closing_cents = models.BigIntegerField()
    closed_at = models.DateTimeField()

    class Meta:
        """A day is closed once, and adds up."""

        constraints = (
            IsolatedByCrous(name="sheet_isolated"),
            models.UniqueConstraint(fields=["crous", "rail", "day"], name="sheet_once"),
            models.CheckConstraint(condition=Q(closing_cents=_CLOSING), name="sheet_adds_up"),
        )

    def __str__(self) -> str:
        """Crous, rail, day."""
        return f"{self.crous_id} {self.rail} {self.day}"
