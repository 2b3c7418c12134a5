"""What a rail pays out at once, and each transaction in it."""

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.payments.models import Capture, Refund
from messervices.foundations.treasury.models.accounts import Contract
from messervices.foundations.treasury.models.files import File
from messervices.foundations.treasury.states import LineKind
from messervices.kernel.isolation import IsolatedByCrous


class Settlement(models.Model):
    """A settlement of a rail for one contract. Signed cents; ``fees_cents`` is what it costs.

    ``fees_expected_cents`` is what the contract says, ``None`` when it says nothing. ``postings`` counts the transfers
    of matched lines written so far; ``adjusted_at`` is when an agent explained by hand that the bank did not credit it.
    """

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="settlements")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="settlements")
    rail = models.CharField(max_length=16)
    contract_number = models.CharField(max_length=64)
    reference = models.CharField(max_length=35)
    day = models.DateField()
    credit_on = models.DateField()
    lines = models.IntegerField()
    gross_cents = models.BigIntegerField()
    fees_cents = models.BigIntegerField()
    net_cents = models.BigIntegerField()
    fees_expected_cents = models.BigIntegerField(null=True)
    postings = models.SmallIntegerField(default=0)
    loaded_at = models.DateTimeField(null=True)
    adjusted_at = models.DateTimeField(null=True)

    class Meta:
        """A settlement is known once; its net is what is left."""

        constraints = (
            IsolatedByCrous(name="settlement_isolated"),
            models.UniqueConstraint(fields=["rail", "contract_number", "reference"], name="settlement_once"),
            models.CheckConstraint(condition=Q(net_cents=F("gross_cents") - F("fees_cents")), name="settlement_net"),
        )
        indexes = (
            models.Index(fields=["crous", "rail", "day"], name="settlement_of_day"),
            models.Index(fields=["reference"], name="settlement_reference"),
        )

    def __str__(self) -> str:
        """Rail, contract, reference."""
        return f"{self.rail} {self.contract_number} {self.reference}"


class SettlementLine(models.Model):
    """One transaction of a settlement. Signed cents. Matched to a capture, or to a refund given by the rail.

    ``off_day``: its day is not that of what it is matched to. ``posting`` is the number of the settlement's transfer in
    which it was written in the ledger.
    """

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="rows", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    rail = models.CharField(max_length=16)
    number = models.IntegerField()
    kind = models.CharField(max_length=12, choices=LineKind.choices)
    tx_id = models.CharField(max_length=64, blank=True)
    attempt = models.CharField(max_length=64, blank=True)
    day = models.DateField()
    amount_cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    capture = models.ForeignKey(Capture, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    matched_at = models.DateTimeField(null=True)
    off_day = models.BooleanField(default=False)
    posting = models.SmallIntegerField(null=True)
    adjusted_at = models.DateTimeField(null=True)

    class Meta:
        """A capture is settled once, a refund too; a matched line says with what."""

        constraints = (
            IsolatedByCrous(name="settlement_line_isolated"),
            models.UniqueConstraint(fields=["settlement", "number"], name="settlement_line_place"),
            models.UniqueConstraint(
                fields=["capture"], condition=Q(kind=LineKind.PAYMENT), name="settlement_line_capture_once"
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(refund__isnull=False), name="settlement_line_refund_once"
            ),
            models.CheckConstraint(
                condition=Q(matched_at=None, posting=None) | Q(capture__isnull=False) | Q(refund__isnull=False),
                name="settlement_line_matched_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind=LineKind.PAYMENT, amount_cents__gt=0)
                | ~Q(kind=LineKind.PAYMENT) & Q(amount_cents__lt=0),
                name="settlement_line_sign",
            ),
        )
        indexes = (
            models.Index(fields=["rail", "tx_id"], name="settlement_line_tx"),
            models.Index(fields=["attempt"], condition=~Q(attempt=""), name="settlement_line_attempt"),
            models.Index(fields=["crous"], condition=Q(matched_at=None), name="settlement_line_unmatched"),
            models.Index(
                fields=["crous"], condition=Q(posting=None, matched_at__isnull=False), name="settlement_line_to_post"
            ),
            models.Index(fields=["crous"], condition=Q(off_day=True), name="settlement_line_off_day"),
        )

    def __str__(self) -> str:
        """Settlement and place."""
        return f"{self.settlement_id}/{self.number} {self.amount_cents}"
