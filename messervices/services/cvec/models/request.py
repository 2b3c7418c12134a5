"""What a student asks of the Crous about the CVEC of a year: to be exempted, or to have it back."""

from django.db import models
from django.db.models import Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.documents.models import Document
from messervices.foundations.students.models import Person
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import Isolated
from messervices.services.cvec.models.acquittement import Acquittement
from messervices.services.cvec.states import CLOSED, GRANTED, Ground, RequestKind, RequestStatus

_EXEMPTION = Q(kind=RequestKind.EXEMPTION, amount_cents=0)
_REFUND = Q(kind=RequestKind.REFUND, amount_cents__gt=0, acquittement__isnull=False)


class Request(models.Model):
    """A request: what is asked and on which ground, where it stands, who decided it and what was answered.

    ``acquittement`` is what a refund is asked for; an exemption has one once it is granted. ``amount_cents`` is what
    goes back, all that was paid: never a part (D841-4), and 0 for an exemption. ``wanted`` is the paper that an agent
    asks for, until the end of ``wanted_by``. ``letter`` is the decision. ``settled_at`` is when a refund took effect on
    the certificate: not before nothing speaks against its transfer any more.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cvec_requests")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = AcademicYearField()
    kind = models.CharField(max_length=10, choices=RequestKind.choices)
    ground = models.CharField(max_length=10, choices=Ground.choices)
    words = models.CharField(max_length=1000, blank=True)
    acquittement = models.ForeignKey(Acquittement, null=True, on_delete=models.PROTECT, related_name="requests")
    amount_cents = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=RequestStatus.choices)
    opened_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    wanted = models.CharField(max_length=500, blank=True)
    wanted_by = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by_label = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=2000, blank=True)
    letter = models.OneToOneField(Document, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        """One at a time of a kind and a year; an acquittement is refunded by one request; what is decided says why."""

        constraints = [
            Isolated(name="cvec_request_isolated"),
            models.UniqueConstraint(
                fields=["person", "year", "kind"], condition=~Q(status__in=CLOSED), name="cvec_request_one_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["acquittement"], condition=Q(status__in=GRANTED), name="cvec_request_granted_once"
            ),
            models.CheckConstraint(condition=_EXEMPTION | _REFUND, name="cvec_request_whole"),
            models.CheckConstraint(
                condition=~Q(status__in=GRANTED) | Q(acquittement__isnull=False, decided_at__isnull=False),
                name="cvec_request_granted_of_something",
            ),
            models.CheckConstraint(
                condition=~Q(status=RequestStatus.REFUSED) | Q(decided_at__isnull=False) & ~Q(reason=""),
                name="cvec_request_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=RequestStatus.MORE_PAPERS) | Q(wanted_by__isnull=False) & ~Q(wanted=""),
                name="cvec_request_wants_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["crous", "submitted_at"],
                condition=Q(status__in=[RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS]),
                name="cvec_request_desk",
            ),
        ]

    def __str__(self) -> str:
        """What is asked, and where it stands."""
        return f"request {self.pk} {self.kind} {self.status}"

    @property
    def subject(self) -> str:
        """The folder of its papers."""
        return f"cvec.request:{self.pk}"

    @property
    def is_closed(self) -> bool:
        """Whether another one may be made."""
        return self.status in CLOSED

    @property
    def may_change(self) -> bool:
        """Whether the student may still add papers and send it."""
        return self.status in {RequestStatus.DRAFT, RequestStatus.PROPOSED, RequestStatus.MORE_PAPERS}
