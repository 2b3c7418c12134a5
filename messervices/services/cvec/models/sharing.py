"""Sharing out the proceeds: the terms of a year, who is a beneficiary, what was counted, what comes to whom."""

from fractions import Fraction

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous, Dated, Establishment
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import IsolatedByEstablishment
from messervices.services.cvec.rules import counted
from messervices.services.cvec.states import ShareClass, ShareStatus, SharingKind, SharingStatus


class ShareTerms(Dated):
    """The parameters of a year: reference for a student, what the Crous keep, the days of the calendar (included).

    In euro cents, and ten-thousandths. ``crous_cents`` is set when a decision fixed the sum itself. A change adds a row
    and dates the old one, as for windows.
    """

    year = AcademicYearField()
    public_cents = models.IntegerField()
    other_cents = models.IntegerField()
    crous_parts = models.IntegerField()
    crous_cents = models.BigIntegerField(null=True)
    heads_parts = models.IntegerField()
    list_by = models.DateField()
    first_by = models.DateField()
    final_on = models.DateField()
    shipped = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """One in force for a year; the Crous keep between 7.5 and 15 %."""

        constraints = [
            models.UniqueConstraint(fields=["year"], condition=Q(superseded_at=None), name="shareterms_one_in_force"),
            models.CheckConstraint(
                condition=Q(crous_parts__range=(750, 1_500), heads_parts__range=(0, 10_000), public_cents__gte=0)
                & Q(other_cents__gte=0),
                name="shareterms_within_the_law",
            ),
        ]

    def __str__(self) -> str:
        """The year."""
        return f"terms {self.year}"


class Beneficiary(Dated):
    """In which class an establishment is: it decides of the reference for its students, or that there is none."""

    establishment = models.OneToOneField(
        Establishment, primary_key=True, on_delete=models.PROTECT, related_name="beneficiary"
    )
    share_class = models.CharField(max_length=12, choices=ShareClass.choices)
    shipped = models.BooleanField(default=False)
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        """UAI and class."""
        return f"{self.establishment_id} {self.share_class}"


class Sharing(models.Model):
    """A sharing out of a year: the first instalment, or the balance. Drawn by one person, reviewed by another.

    ``terms`` and ``net`` (cents by Crous) are frozen when it is drawn, what was counted is in ``ShareGroup``: with both
    it can be computed again, for ever. ``counted_upto`` is where the counting stands, in numbers of acquittements.
    """

    year = AcademicYearField()
    kind = models.CharField(max_length=12, choices=SharingKind.choices)
    status = models.CharField(max_length=12, choices=SharingStatus.choices, default=SharingStatus.COUNTING)
    as_of = models.DateTimeField()
    terms = models.JSONField()
    net = models.JSONField(default=dict)
    drawn = models.JSONField(default=dict)
    net_cents = models.BigIntegerField()
    crous_cents = models.BigIntegerField(default=0)
    shared_cents = models.BigIntegerField(default=0)
    per_head = models.CharField(max_length=60, default="0")
    counted_upto = models.BigIntegerField(default=0)
    counted_to = models.BigIntegerField()
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField()
    made_by_label = models.CharField(max_length=200)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by_id = models.BigIntegerField(null=True)
    reviewed_by_label = models.CharField(max_length=200, blank=True)
    final_at = models.DateTimeField(null=True)
    final_by_label = models.CharField(max_length=200, blank=True)
    dropped_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        """One of a kind and year; who reviews is not who made; final was reviewed."""

        constraints = [
            models.UniqueConstraint(
                fields=["year", "kind"], condition=~Q(status=SharingStatus.DROPPED), name="sharing_one_of_a_kind"
            ),
            models.CheckConstraint(condition=~Q(reviewed_by_id=F("made_by_id")), name="sharing_two_persons"),
            models.CheckConstraint(
                condition=~Q(status__in=[SharingStatus.REVIEWED, SharingStatus.FINAL])
                | Q(reviewed_at__isnull=False, reviewed_by_id__isnull=False),
                name="sharing_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status=SharingStatus.FINAL, final_at__isnull=False)
                | ~Q(status=SharingStatus.FINAL) & Q(final_at=None),
                name="sharing_final_when",
            ),
        ]

    def __str__(self) -> str:
        """Year, kind, status."""
        return f"sharing {self.year} {self.kind} {self.status}"


class ShareGroup(models.Model):
    """What was counted for an establishment: ``heads`` students at ``rate_cents``, each divided by ``split``."""

    sharing = models.ForeignKey(Sharing, on_delete=models.CASCADE, related_name="groups", db_index=False)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+", db_index=False)
    crous_id = models.SmallIntegerField()
    rate_cents = models.IntegerField()
    split = models.SmallIntegerField()
    heads = models.IntegerField()

    class Meta:
        """One of a kind; an establishment sees its own."""

        constraints = [
            models.UniqueConstraint(fields=["sharing", "establishment", "rate_cents", "split"], name="sharegroup_once"),
            models.CheckConstraint(condition=Q(heads__gt=0, split__gt=0, rate_cents__gt=0), name="sharegroup_counts"),
            IsolatedByEstablishment(name="sharegroup_isolated", establishments=("establishment",)),
        ]

    def __str__(self) -> str:
        """Whose."""
        return f"group of {self.establishment_id}"


class Share(models.Model):
    """What comes to an establishment: what is due in all, what was paid before, what is to be paid now.

    ``heads`` is a fraction written out (``7/2``). ``letter`` is what its letter says, frozen when the sharing out is
    final. ``amount_cents`` may be negative: a list that shrank leaves something to be taken from the next payment.
    """

    sharing = models.ForeignKey(Sharing, on_delete=models.CASCADE, related_name="shares", db_index=False)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+")
    crous_id = models.SmallIntegerField()
    heads = models.CharField(max_length=40)
    reference_cents = models.BigIntegerField()
    variable_cents = models.BigIntegerField()
    total_cents = models.BigIntegerField()
    before_cents = models.BigIntegerField(default=0)
    amount_cents = models.BigIntegerField()
    letter = models.JSONField(null=True)
    letter_sha256 = models.BinaryField(null=True, max_length=32)
    status = models.CharField(max_length=12, choices=ShareStatus.choices, default=ShareStatus.PLANNED)
    payout_number = models.CharField(max_length=12, blank=True)
    paid_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        """One for each; the parts are the whole."""

        constraints = [
            models.UniqueConstraint(fields=["sharing", "establishment"], name="share_once"),
            models.CheckConstraint(
                condition=Q(total_cents=F("reference_cents") + F("variable_cents"))
                & Q(amount_cents=F("total_cents") - F("before_cents")),
                name="share_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(letter=None) | Q(letter_sha256__isnull=False), name="share_letter_hashed"
            ),
            IsolatedByEstablishment(name="share_isolated", establishments=("establishment",)),
        ]

    def __str__(self) -> str:
        """Whose."""
        return f"share {self.pk} of {self.establishment_id}"

    @property
    def counted(self) -> str:
        """How many students count, as people read it."""
        return counted(Fraction(self.heads))


class CrousShare(models.Model):
    """What a Crous keeps of the net take of a year, and why: students and establishments of its territory."""

    sharing = models.ForeignKey(Sharing, on_delete=models.CASCADE, related_name="kept", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    heads = models.CharField(max_length=40)
    establishments = models.IntegerField()
    amount_cents = models.BigIntegerField()

    class Meta:
        """One for each."""

        constraints = [
            models.UniqueConstraint(fields=["sharing", "crous"], name="crousshare_once"),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="crousshare_not_negative"),
        ]

    def __str__(self) -> str:
        """Whose."""
        return f"kept by {self.crous_id}"

    @property
    def counted(self) -> str:
        """How many students count, as people read it."""
        return counted(Fraction(self.heads))
