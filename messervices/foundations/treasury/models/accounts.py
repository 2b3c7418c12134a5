"""Which bank account is a Crous's, and what each rail's contract pays into and costs: dated, with a source."""

from django.db import models
from django.db.models import Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.treasury.states import MatchedBy
from messervices.kernel.isolation import IsolatedByCrous


class BankAccount(models.Model):
    """A bank account of a Crous. A file of another account is refused."""

    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="bank_accounts")
    iban = models.CharField(max_length=34)
    label = models.CharField(max_length=80)
    source = models.CharField(max_length=300)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        """An account is one Crous's."""

        constraints = (
            IsolatedByCrous(name="bank_account_isolated"),
            models.UniqueConstraint(fields=["iban"], name="bank_account_once"),
            models.CheckConstraint(
                condition=Q(iban__regex="^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"), name="bank_account_iban"
            ),
        )

    def __str__(self) -> str:
        """Its label and last four signs."""
        return f"{self.label} …{self.iban[-4:]}"


class Contract(models.Model):
    """A contract by which a rail pays a Crous: into which account, at which cost, and how its credits are known.

    ``rate`` is in thousandths of a per cent, ``None`` when the cost is not agreed on (then no fee is unexpected).
    ``within_days``: bank days after the day announced, in which a credit is in time. A change adds a row and dates the
    old one by ``superseded_at``.
    """

    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="contracts")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="contracts")
    rail = models.CharField(max_length=16)
    number = models.CharField(max_length=64)
    rate = models.IntegerField(null=True)
    fixed_cents = models.IntegerField(default=0)
    within_days = models.SmallIntegerField(default=3)
    settled_within_days = models.SmallIntegerField(default=4)
    matched_by = models.CharField(max_length=12, choices=MatchedBy.choices, default=MatchedBy.REFERENCE)
    source = models.CharField(max_length=300)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """One contract in force under one number of a rail."""

        constraints = (
            IsolatedByCrous(name="contract_isolated"),
            models.UniqueConstraint(
                fields=["rail", "number"], condition=Q(superseded_at=None), name="contract_one_in_force"
            ),
            models.CheckConstraint(condition=Q(rate__isnull=True) | Q(rate__gte=0), name="contract_rate_not_negative"),
            models.CheckConstraint(
                condition=Q(fixed_cents__gte=0, within_days__gte=0, settled_within_days__gte=0),
                name="contract_not_negative",
            ),
        )

    def __str__(self) -> str:
        """Rail and number."""
        return f"{self.rail} {self.number}"
