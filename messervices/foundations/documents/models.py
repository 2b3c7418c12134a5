"""Papers that the platform issues, their sealed files, and proofs that people hand in."""

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.documents.states import MediaType
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


class Paper(models.Model):
    """A proof that somebody handed in: its bytes as they came, what they are, and under which name to give them back.

    It follows the person from Crous to Crous.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="papers")
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=20, choices=MediaType.choices)
    content = models.BinaryField()
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()

    class Meta:
        """The same bytes twice are one paper."""

        constraints = [
            models.UniqueConstraint(fields=["person", "sha256"], name="paper_once"),
            IsolatedByPerson(name="paper_isolated"),
        ]

    def __str__(self) -> str:
        """Its key and type: a name may say too much."""
        return f"paper {self.pk} {self.media_type}"
