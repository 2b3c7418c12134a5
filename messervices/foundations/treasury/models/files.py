"""Files of the bank: kept as they came, before a line of them is read."""

import uuid

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Crous
from messervices.foundations.treasury.states import Fault, FileKind, FileStatus
from messervices.kernel.isolation import IsolatedByCrous


class File(models.Model):
    """A file that somebody imported for a Crous. The same bytes are one file, however often they come.

    ``lines`` and ``lines_done`` are counted in what the file holds (entries and details, or lines of settlements).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="bank_files")
    kind = models.CharField(max_length=12, choices=FileKind.choices)
    version = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=200)
    sha256 = models.BinaryField()
    size = models.BigIntegerField()
    status = models.CharField(max_length=12, choices=FileStatus.choices, default=FileStatus.KEPT)
    fault = models.CharField(max_length=12, choices=Fault.choices, blank=True)
    fault_line = models.IntegerField(default=0)
    lines = models.IntegerField(null=True)
    lines_done = models.IntegerField(default=0)
    received_at = models.DateTimeField()
    progress_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by_id = models.BigIntegerField(null=True)
    by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        """Refused files say why; finished ones are whole."""

        constraints = (
            IsolatedByCrous(name="bank_file_isolated"),
            models.UniqueConstraint(fields=["crous", "sha256"], name="bank_file_once"),
            models.CheckConstraint(
                condition=Q(status=FileStatus.REFUSED) & ~Q(fault="") | ~Q(status=FileStatus.REFUSED) & Q(fault=""),
                name="bank_file_refused_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=FileStatus.DONE) | Q(lines=F("lines_done"), lines__isnull=False),
                name="bank_file_done_whole",
            ),
        )
        indexes = (
            models.Index(fields=["crous", "-received_at"], name="bank_file_latest"),
            models.Index(
                fields=["progress_at"],
                condition=Q(status__in=[FileStatus.KEPT, FileStatus.LOADING]),
                name="bank_file_unread",
            ),
        )

    def __str__(self) -> str:
        """Number, kind and status."""
        return f"file {self.pk} {self.kind} {self.status}"


class Chunk(models.Model):
    """A piece of a file's own bytes, packed: evidence, and what a reading begun again reads."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="chunks", db_index=False)
    crous = models.ForeignKey(Crous, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.IntegerField()
    packed = models.BinaryField()

    class Meta:
        """In their order."""

        constraints = (
            IsolatedByCrous(name="bank_chunk_isolated"),
            models.UniqueConstraint(fields=["file", "place"], name="bank_chunk_place"),
        )

    def __str__(self) -> str:
        """File and place."""
        return f"{self.file_id}/{self.place}"
