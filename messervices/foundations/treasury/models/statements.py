"""What the bank says: statements whose balances follow each other, their entries, the transactions inside entries."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.treasury.models.accounts import BankAccount
from messervices.foundations.treasury.models.files import File
from messervices.foundations.treasury.states import Match
from messervices.kernel.isolation import IsolatedByCrous


class Statement(models.Model):
    """A statement of an account; or a notice (``notice``), which details entries and moves nothing. Signed cents.

    ``loaded_at`` is empty while its lines are being written: nothing is matched, or counted, before.
    """

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="statements")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    notice = models.BooleanField(default=False)
    number = models.CharField(max_length=35)
    sequence = models.BigIntegerField(default=0)
    day = models.DateField()
    opening_cents = models.BigIntegerField(default=0)
    closing_cents = models.BigIntegerField(default=0)
    entries = models.IntegerField()
    credits_cents = models.BigIntegerField()
    debits_cents = models.BigIntegerField()
    loaded_at = models.DateTimeField(null=True)

    class Meta:
        """A statement is known once; its own sums give its closing balance."""

        constraints = (
            IsolatedByCrous(name="statement_isolated"),
            models.UniqueConstraint(fields=["account", "notice", "number", "day"], name="statement_once"),
            models.CheckConstraint(
                condition=Q(notice=True) | Q(closing_cents=F("opening_cents") + F("credits_cents") - F("debits_cents")),
                name="statement_balances",
            ),
            models.CheckConstraint(condition=Q(credits_cents__gte=0, debits_cents__gte=0), name="statement_sums"),
        )
        indexes = (models.Index(fields=["crous", "day"], name="statement_of_day"),)

    def __str__(self) -> str:
        """Number and day."""
        return f"{self.number} {self.day}"


class Entry(models.Model):
    """One entry of a statement. Signed cents: money that came is positive. One of a notice moves nothing (``notice``).

    ``refs`` are all the references it carries, in capitals. ``match`` says what it was found to be, ``match_id`` which
    one; ``posted_at`` is when that was written in the ledger; ``adjusted_at`` when an agent explained it by hand.
    """

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="rows", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    notice = models.BooleanField(default=False)
    amount_cents = models.BigIntegerField()
    booked_on = models.DateField()
    value_on = models.DateField()
    bank_ref = models.CharField(max_length=35, blank=True)
    refs = ArrayField(models.CharField(max_length=35), default=list)
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=140, blank=True)
    return_reason = models.CharField(max_length=35, blank=True)
    details = models.IntegerField(default=0)
    match = models.CharField(max_length=12, choices=Match.choices, blank=True)
    match_id = models.BigIntegerField(null=True)
    matched_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    adjusted_at = models.DateTimeField(null=True)

    class Meta:
        """In its place in its statement; what it is matched to is said whole."""

        constraints = (
            IsolatedByCrous(name="entry_isolated"),
            models.UniqueConstraint(fields=["statement", "number"], name="entry_place"),
            models.UniqueConstraint(
                fields=["match", "match_id"],
                condition=Q(match__in=[Match.SETTLEMENT, Match.CASH]),
                name="entry_explains_one",
            ),
            models.CheckConstraint(
                condition=Q(match="", match_id=None, matched_at=None, posted_at=None)
                | ~Q(match="") & Q(match_id__isnull=False, matched_at__isnull=False),
                name="entry_matched_whole",
            ),
        )
        indexes = (
            models.Index(
                fields=["crous", "booked_on"],
                condition=Q(match="", notice=False),
                name="entry_unmatched",
            ),
            models.Index(fields=["crous"], condition=Q(posted_at=None) & ~Q(match=""), name="entry_to_post"),
            models.Index(fields=["crous", "posted_at"], condition=Q(match=Match.SETTLEMENT), name="entry_credit_day"),
            models.Index(fields=["account", "bank_ref"], condition=~Q(bank_ref=""), name="entry_bank_ref"),
            GinIndex(fields=["refs"], name="entry_refs"),
        )

    def __str__(self) -> str:
        """Statement, place, amount."""
        return f"{self.statement_id}/{self.number} {self.amount_cents}"


class Detail(models.Model):
    """One transaction inside an entry that gathers several: of a statement, or of the notice that details it."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="detail_rows", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    entry_number = models.IntegerField()
    number = models.IntegerField()
    amount_cents = models.BigIntegerField()
    bank_ref = models.CharField(max_length=35, blank=True)
    refs = ArrayField(models.CharField(max_length=35), default=list)
    text = models.CharField(max_length=140, blank=True)
    return_reason = models.CharField(max_length=35, blank=True)

    class Meta:
        """In its place in its entry."""

        constraints = (
            IsolatedByCrous(name="detail_isolated"),
            models.UniqueConstraint(fields=["statement", "entry_number", "number"], name="detail_place"),
        )
        indexes = (GinIndex(fields=["refs"], name="detail_refs"),)

    def __str__(self) -> str:
        """Statement, entry, place."""
        return f"{self.statement_id}/{self.entry_number}/{self.number}"
