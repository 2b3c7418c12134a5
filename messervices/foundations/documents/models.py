"""Papers that the platform issues, their sealed files, and proofs that people hand in."""

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.documents.states import HELD, WAITING, MediaType, Reason, Status
from messervices.foundations.students.models import Person
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import Isolated, IsolatedByPerson


class Document(models.Model):
    """A paper issued: its number and its contents, frozen. Only its end is ever added (``documents.sql``).

    ``contents`` is all that the paper shows; ``contents_sha256`` is of their canonical writing (``rules.canonical``);
    ``template`` is the typst file that draws them. The drawing itself may come later, and is in ``DocumentFile``.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=40, unique=True, db_collation="C")
    # No index of its own on ``crous``: nobody lists papers by Crous, and a settlement pays for every index.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="documents")
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = AcademicYearField(null=True)
    contents = models.JSONField()
    contents_sha256 = models.BinaryField(max_length=32)
    template = models.CharField(max_length=100)
    issued_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.TextField(blank=True)

    class Meta:
        """One valid paper of a kind for a person and a year; a cancelled one says why."""

        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "year"],
                condition=Q(cancelled_at=None, year__isnull=False),
                name="document_one_valid",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancel_reason="") | Q(cancelled_at__isnull=False) & ~Q(cancel_reason=""),
                name="document_cancelled_with_reason",
            ),
            Isolated(name="document_isolated"),
        ]
        indexes = [BrinIndex(fields=["issued_at"], name="document_issued", autosummarize=True, pages_per_range=32)]

    def __str__(self) -> str:
        """Its number."""
        return self.number


class DocumentFile(models.Model):
    """The drawn and sealed PDF of a paper, made once. ``recipe`` says by what it was drawn.

    It carries its paper's person and Crous (held equal by the database), so that whoever may not see the paper may not
    see the file either.
    """

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.PROTECT, related_name="file")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    pdf = models.BinaryField()
    recipe = models.CharField(max_length=80)
    sealed_at = models.DateTimeField()

    class Meta:
        """Seen with the paper."""

        constraints = [Isolated(name="document_file_isolated")]

    def __str__(self) -> str:
        """The paper's key."""
        return f"file of document {self.pk}"


class Folder(models.Model):
    """What is handed in for one request of a service. ``subject`` names it: ``cvec.exemption:12``.

    While it is closed nothing is added, replaced or withdrawn: somebody decides on what is there.
    """

    subject = models.CharField(max_length=80, unique=True, db_collation="C")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="folders")
    crous_id = models.SmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Seen by the person and by the Crous that asks."""

        constraints = [Isolated(name="folder_isolated", crous="crous_id")]

    def __str__(self) -> str:
        """Its subject."""
        return self.subject


class Upload(models.Model):
    """One file handed in: in quarantine until the verdict, then a ``Paper`` or a reason.

    ``raw`` is what came, kept until the verdict and no longer; ``sha256`` and ``size`` are of that. ``slot`` says which
    paper was asked for; ``identity`` that copies for agents carry a mark, with ``purpose`` on it. Nothing of it
    outlives ``shred_on`` but this row, without a name.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="uploads")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="uploads")
    crous_id = models.SmallIntegerField(default=0)
    slot = models.CharField(max_length=40)
    identity = models.BooleanField(default=False)
    purpose = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECEIVED)
    reason = models.CharField(max_length=16, blank=True)
    raw = models.BinaryField(null=True)
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    shred_on = models.DateField()

    class Meta:
        """Bytes wait in quarantine and nowhere else; a refusal has its reason; the same bytes twice are one file."""

        constraints = [
            Isolated(name="upload_isolated", crous="crous_id"),
            models.CheckConstraint(
                condition=Q(status__in=WAITING, raw__isnull=False, settled_at=None)
                | ~Q(status__in=WAITING) & Q(raw=None, settled_at__isnull=False),
                name="upload_raw_until_verdict",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.REFUSED) & ~Q(reason="")
                | Q(status__in=[*HELD], reason="")
                | Q(status__in=[Status.REPLACED, Status.WITHDRAWN, Status.SHREDDED]),
                name="upload_refused_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="upload_of_something"),
            models.UniqueConstraint(
                fields=["folder", "slot", "sha256"], condition=Q(status__in=HELD), name="upload_once_a_slot"
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="upload_waiting", condition=Q(status__in=WAITING)),
            models.Index(fields=["shred_on"], name="upload_to_shred", condition=~Q(status=Status.SHREDDED)),
        ]

    def __str__(self) -> str:
        """Its key and where it stands: a name may say too much."""
        return f"upload {self.pk} {self.status}"

    @property
    def is_waiting(self) -> bool:
        """Whether the verdict is still to come."""
        return self.status in WAITING

    @property
    def sentence(self) -> str:
        """Why it was refused and what to do next; an empty text when it was not."""
        return str(Reason(self.reason).label) if self.reason else ""


class Paper(models.Model):
    """A proof as we wrote it anew: all that anybody ever reads of what was handed in.

    It follows the person from Crous to Crous. Once shredded, its bytes and its name are gone for ever.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="paper")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="papers")
    name = models.CharField(max_length=100, blank=True)
    media_type = models.CharField(max_length=20, choices=MediaType.choices)
    content = models.BinaryField(null=True)
    pages = models.SmallIntegerField(default=1)
    identity = models.BooleanField(default=False)
    purpose = models.CharField(max_length=80, blank=True)
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        """What is shredded has neither bytes nor name."""

        constraints = [
            models.CheckConstraint(
                condition=Q(shredded_at=None) | Q(content=None, name=""), name="paper_shredded_is_empty"
            ),
            IsolatedByPerson(name="paper_isolated"),
        ]

    def __str__(self) -> str:
        """Its key and type: a name may say too much."""
        return f"paper {self.pk} {self.media_type}"

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown beside a text."""
        return self.media_type != MediaType.PDF
