"""What a person owes, or no longer owes, for an academic year."""

from django.db import models
from django.db.models import Q

from messervices.foundations.crous.models import Commune, Crous
from messervices.foundations.documents.models import Document
from messervices.foundations.payments.models import Order
from messervices.foundations.students.models import Person
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import Isolated
from messervices.services.cvec.states import VALID, Motive, Status

_PAID = Q(order__isnull=False, document__isnull=False, settled_at__isnull=False, amount_cents__gt=0, motive="")
_EXEMPT = Q(document__isnull=False, settled_at__isnull=False, amount_cents=0) & ~Q(motive="")
_AWAITING = Q(document=None, settled_at=None, amount_cents__gt=0, motive="")


class Acquittement(models.Model):
    """What a person owes, or no longer owes, for an academic year: one a year, unless cancelled.

    ``crous`` is the Crous of the city of study (``commune``): it collects and answers for the certificate
    (``document``). ``amount_cents`` is what is due, 0 when exempt. ``order`` is the order to pay it, the last one when
    there were several: payments keeps one open at a time, and gives back what comes for one that is closed.
    ``by_third_party`` is whether somebody else paid it, by a link: the verification says so.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acquittements")
    year = AcademicYearField()
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="acquittements", db_index=False)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=16, choices=Status.choices)
    amount_cents = models.BigIntegerField()
    motive = models.CharField(max_length=9, choices=Motive.choices, blank=True)
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="acquittement")
    document = models.OneToOneField(Document, null=True, on_delete=models.PROTECT, related_name="acquittement")
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    by_third_party = models.BooleanField(default=False, db_default=False)

    class Meta:
        """The database refuses two in a year, and any half-state."""

        constraints = [
            Isolated(name="acquittement_isolated"),
            models.UniqueConstraint(
                fields=["person", "year"], condition=~Q(status=Status.CANCELLED), name="acquittement_one_a_year"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.PAID, Status.REFUNDED]) & _PAID
                | Q(status=Status.EXEMPT) & _EXEMPT
                | Q(status=Status.AWAITING_PAYMENT) & _AWAITING
                | Q(status=Status.CANCELLED),
                name="acquittement_whole",
            ),
            models.CheckConstraint(
                condition=Q(by_third_party=False) | Q(status__in=[Status.PAID, Status.REFUNDED, Status.CANCELLED]),
                name="acquittement_third_party_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["crous", "year", "-id"], name="acquittement_desk", include=["person"]),
            # Certificates that are worth nothing any more are few: the lists of establishments ask for them.
            models.Index(
                fields=["year"],
                name="acquittement_withdrawn",
                condition=Q(status=Status.CANCELLED, document__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """Number, year and status."""
        return f"acquittement {self.pk} {self.year} {self.status}"

    @property
    def is_live(self) -> bool:
        """Whether it counts: a cancelled one leaves room for another."""
        return self.status != Status.CANCELLED

    @property
    def is_valid(self) -> bool:
        """Whether it has a certificate that is worth something."""
        return self.status in VALID
