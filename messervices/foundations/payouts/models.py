"""Where money may go, what is to be paid out, the runs that carry it, what the bank said. The database refuses more."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous, Establishment
from messervices.foundations.payouts.rules import masked_iban
from messervices.foundations.payouts.states import (
    AnswerStatus,
    Carrier,
    Ending,
    PayoutStatus,
    RunStatus,
)
from messervices.foundations.students.models import Person
from messervices.kernel.isolation import Isolated, IsolatedByCrous, IsolatedByEstablishment, IsolatedByOwner

_OF_ONE = Q(person__isnull=False, establishment=None) | Q(person=None, establishment__isnull=False)
_CURRENT = Q(superseded_at=None)


class BankDetails(models.Model):
    """An account to which a person's or an establishment's money goes. Never edited: a new row supersedes.

    The IBAN is sealed (``providers/safe.py``); ``fingerprint`` finds the same one elsewhere; ``last_four`` and ``bank``
    are what people see. ``usable_from`` ends the cooling-off; ``frozen_at`` blocks at once, ``lifted_at`` is when an
    agent lifted the last block. ``crous_id`` is the establishment's, 0 for a person: a person is followed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="bank_details")
    establishment = models.ForeignKey(Establishment, null=True, on_delete=models.PROTECT, related_name="bank_details")
    crous_id = models.SmallIntegerField(default=0)
    iban_sealed = models.BinaryField()
    fingerprint = models.BinaryField()
    country = models.CharField(max_length=2)
    last_four = models.CharField(max_length=4)
    bank = models.CharField(max_length=120, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    holder = models.CharField(max_length=70)
    resembles = models.BooleanField()
    told_at = models.DateTimeField()
    told_by_id = models.BigIntegerField(null=True)
    usable_from = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by_id = models.BigIntegerField(null=True)

    class Meta:
        """One owner, one account in force for each; what is lifted was blocked."""

        constraints = [
            IsolatedByOwner(name="bank_details_isolated"),
            models.CheckConstraint(condition=_OF_ONE, name="bank_details_of_one"),
            models.CheckConstraint(condition=Q(usable_from__gte=F("told_at")), name="bank_details_cool_later"),
            models.CheckConstraint(condition=~Q(holder=""), name="bank_details_have_a_holder"),
            models.CheckConstraint(
                condition=Q(last_four__regex="^[A-Z0-9]{4}$") & Q(country__regex="^[A-Z]{2}$"),
                name="bank_details_shown_short",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by_id=None) | Q(lifted_at__isnull=False, lifted_by_id__isnull=False),
                name="bank_details_lifted_by_somebody",
            ),
            models.UniqueConstraint(fields=["person"], condition=_CURRENT, name="bank_details_one_a_person"),
            models.UniqueConstraint(
                fields=["establishment"], condition=_CURRENT, name="bank_details_one_an_establishment"
            ),
        ]
        indexes = [models.Index(fields=["fingerprint"], name="bank_details_shared")]

    def __str__(self) -> str:
        """Whose, never which."""
        return f"bank details {self.pk}"

    @property
    def masked(self) -> str:
        """What people see of the account: country and last four."""
        return masked_iban(self.country, self.last_four)

    @property
    def is_frozen(self) -> bool:
        """Whether nothing may go there now."""
        return self.frozen_at is not None


class Payout(models.Model):
    """Money owed to somebody, to be paid by transfer: everything is handed over when it is ordered.

    ``debit_account`` is the ledger's path where the money comes from; ``why`` lists what speaks against paying on one
    person's word; ``tries`` counts the lines that carried it so far, the last of which is the one that counts.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=64)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="payouts")
    establishment = models.ForeignKey(Establishment, null=True, on_delete=models.PROTECT, related_name="payouts")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="payouts", db_index=False)
    details = models.ForeignKey(BankDetails, on_delete=models.PROTECT, related_name="payouts")
    amount_cents = models.BigIntegerField()
    debit_account = models.CharField(max_length=200)
    label = models.CharField(max_length=120)
    status = models.CharField(max_length=12, choices=PayoutStatus.choices, default=PayoutStatus.WAITING)
    why = ArrayField(models.CharField(max_length=12), default=list)
    tries = models.SmallIntegerField(default=0)
    ordered_at = models.DateTimeField()
    ordered_by_id = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    return_code = models.CharField(max_length=4, blank=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        """One live payout for one thing; who confirms is not who ordered; nothing doubtful leaves unconfirmed."""

        constraints = [
            IsolatedByEstablishment(
                name="payout_isolated", establishments=("establishment",), crous="crous", person="person"
            ),
            models.CheckConstraint(condition=_OF_ONE, name="payout_to_one"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payout_of_something"),
            models.UniqueConstraint(
                fields=["kind", "reference"],
                condition=~Q(status=PayoutStatus.CANCELLED),
                name="payout_one_for_one_thing",
            ),
            models.CheckConstraint(condition=~Q(approved_by_id=F("ordered_by_id")), name="payout_two_persons"),
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by_id=None)
                | Q(approved_at__isnull=False, approved_by_id__isnull=False),
                name="payout_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[PayoutStatus.WAITING, PayoutStatus.CANCELLED])
                | Q(why=[])
                | Q(approved_at__isnull=False),
                name="payout_doubtful_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(status=PayoutStatus.CANCELLED, cancelled_at__isnull=False) & ~Q(cancel_reason="")
                | ~Q(status=PayoutStatus.CANCELLED) & Q(cancelled_at=None),
                name="payout_cancelled_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=PayoutStatus.RETURNED) | Q(returned_at__isnull=False),
                name="payout_returned_dated",
            ),
        ]
        indexes = [
            models.Index(
                fields=["crous", "status", "ordered_at"],
                condition=Q(status__in=[PayoutStatus.WAITING, PayoutStatus.READY, PayoutStatus.RETURNED]),
                name="payout_to_do",
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"{self.number} {self.status}"


class Run(models.Model):
    """Payouts of one Crous gathered to leave together, from its account as it was then. Two persons sign its digest."""

    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="payout_runs")
    status = models.CharField(max_length=12, choices=RunStatus.choices, default=RunStatus.DRAFTED)
    debtor_name = models.CharField(max_length=140)
    debtor_iban = models.CharField(max_length=34)
    debtor_bic = models.CharField(max_length=11)
    debtor_ics = models.CharField(max_length=35, blank=True)
    day = models.DateField()
    count = models.IntegerField()
    sum_cents = models.BigIntegerField()
    most_a_file = models.IntegerField()
    gathered_at = models.DateTimeField()
    gathered_by_id = models.BigIntegerField(null=True)
    gathered_by_label = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField(null=True)
    digest = models.BinaryField(default=b"")
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        """A run carries something; signed is written."""

        constraints = [
            IsolatedByCrous(name="run_isolated"),
            models.CheckConstraint(condition=Q(count__gt=0, sum_cents__gt=0), name="run_of_something"),
            models.CheckConstraint(
                condition=Q(status__in=[RunStatus.DRAFTED, RunStatus.DROPPED]) | Q(written_at__isnull=False),
                name="run_signed_when_written",
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"run {self.pk} {self.status}"


class RunFile(models.Model):
    """One file of a run: its bytes, sealed, and what became of it. ``sending_at`` without an end: nobody knows yet."""

    message_id = models.CharField(max_length=35, primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="files")
    crous_id = models.SmallIntegerField()
    rank = models.SmallIntegerField()
    count = models.IntegerField()
    sum_cents = models.BigIntegerField()
    size = models.IntegerField()
    sha256 = models.BinaryField()
    content_sealed = models.BinaryField()
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    carrier = models.CharField(max_length=4, choices=Carrier.choices, blank=True)
    receipt = models.CharField(max_length=64, blank=True)
    refusal = models.CharField(max_length=40, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        """A file has its place in its run; what was sent says how."""

        constraints = [
            IsolatedByCrous(name="runfile_isolated", crous="crous_id"),
            models.UniqueConstraint(fields=["run", "rank"], name="runfile_rank"),
            models.CheckConstraint(
                condition=Q(sent_at=None, carrier="") | Q(sent_at__isnull=False) & ~Q(carrier=""),
                name="runfile_sent_somehow",
            ),
            models.CheckConstraint(condition=Q(refusal="") | Q(sent_at=None), name="runfile_refused_is_unsent"),
        ]

    def __str__(self) -> str:
        """Its MsgId."""
        return self.message_id


class Signature(models.Model):
    """An agent's signature over the digest of a run: for ever."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="signatures")
    crous_id = models.SmallIntegerField()
    rank = models.SmallIntegerField()
    agent_id = models.BigIntegerField()
    agent_label = models.CharField(max_length=200)
    digest = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        """Two at most, of two agents."""

        constraints = [
            IsolatedByCrous(name="signature_isolated", crous="crous_id"),
            models.CheckConstraint(condition=Q(rank__in=(1, 2)), name="signature_two"),
            models.UniqueConstraint(fields=["run", "rank"], name="signature_rank"),
            models.UniqueConstraint(fields=["run", "agent_id"], name="signature_two_agents"),
        ]

    def __str__(self) -> str:
        """Run and rank."""
        return f"signature {self.rank} of run {self.run_id}"


class Line(models.Model):
    """One try at paying a payout: a transfer in a run's file. ``number`` is the EndToEndId, and what the bank cites.

    What becomes known of it is dated once, in whatever order it comes. ``behind``: the payout has not followed yet.
    ``credited_at``: the money that came back was seen on the account.
    """

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="lines")
    file = models.ForeignKey(RunFile, null=True, on_delete=models.PROTECT, related_name="lines")
    details = models.ForeignKey(BankDetails, on_delete=models.PROTECT, related_name="lines", db_index=False)
    person_id = models.BigIntegerField(null=True)
    crous_id = models.SmallIntegerField()
    rank = models.SmallIntegerField()
    number = models.CharField(max_length=20, unique=True)
    amount_cents = models.BigIntegerField()
    withdrawn_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    debited_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failed_how = models.CharField(max_length=12, choices=Ending.choices, blank=True)
    credited_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=4, blank=True)
    behind = models.BooleanField(default=False)

    class Meta:
        """One line of a payout is alive at a time."""

        constraints = [
            Isolated(name="line_isolated", crous="crous_id", person="person_id"),
            models.UniqueConstraint(fields=["payout", "rank"], name="line_rank"),
            models.UniqueConstraint(
                fields=["payout"], condition=Q(withdrawn_at=None, failed_at=None), name="line_one_alive"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="line_of_something"),
            models.CheckConstraint(
                condition=Q(failed_at=None, failed_how="") | Q(failed_at__isnull=False) & ~Q(failed_how=""),
                name="line_failed_somehow",
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(behind=True), name="line_behind")]

    def __str__(self) -> str:
        """Its number."""
        return self.number


class BankAnswer(models.Model):
    """What a bank told us of a file, kept as it came before anything is done with it; sealed, for it may hold IBANs.

    Nobody knows whose it is before it is read; until then its Crous is 0 (the national desk). ``tally`` counts what it
    did: accepted, settled, rejected, repeated, unknown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    crous_id = models.SmallIntegerField(default=0)
    file = models.ForeignKey(RunFile, null=True, on_delete=models.PROTECT, related_name="answers")
    bank_number = models.BigIntegerField(null=True)
    sha256 = models.BinaryField(unique=True)
    content_sealed = models.BinaryField()
    status = models.CharField(max_length=12, choices=AnswerStatus.choices, default=AnswerStatus.NEW)
    said_of = models.CharField(max_length=35, blank=True)
    tally = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        """The same bytes are one answer, however often they come."""

        constraints = [
            IsolatedByCrous(name="answer_isolated", crous="crous_id"),
            models.CheckConstraint(
                condition=Q(status=AnswerStatus.NEW, read_at=None)
                | ~Q(status=AnswerStatus.NEW) & Q(read_at__isnull=False),
                name="answer_read_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status=AnswerStatus.CLOSED) | Q(closed_at__isnull=False) & ~Q(reason=""),
                name="answer_closed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        """Key and status."""
        return f"answer {self.pk} {self.status}"
