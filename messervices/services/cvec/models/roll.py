"""The yearly list of an establishment: its files, their lines, and the students who are listed."""

from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Establishment
from messervices.foundations.students.models import Person
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import IsolatedByEstablishment
from messervices.services.cvec.models.acquittement import Acquittement
from messervices.services.cvec.states import AT_WORK, BadLine, Ending, RollStatus


class Roll(models.Model):
    """The list that an establishment files for a year, for itself and its daughters: what its files add up to.

    Locked while a file is taken or added, so that two files of one list are never at work together.
    """

    filer = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="rolls")
    crous_id = models.SmallIntegerField()
    year = AcademicYearField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        """One a year; seen by the establishment and its Crous."""

        constraints = [
            models.UniqueConstraint(fields=["filer", "year"], name="roll_one_a_year"),
            IsolatedByEstablishment(name="roll_isolated", establishments=("filer",)),
        ]

    def __str__(self) -> str:
        """Establishment and year."""
        return f"roll {self.filer_id} {self.year}"


class RollFile(models.Model):
    """A file as it came: stored first, then read, checked and taken by a job that any worker can go on with.

    ``whole`` says that it is the whole list: who is no more in it is removed. ``read_bytes`` and ``lines_checked`` are
    where the work stands. ``reason`` says why it could not be read. Counters are of the last taking; ``taken_at`` of
    the first, ``confirmed_at`` of the yes of the referent to the removals.
    """

    roll = models.ForeignKey(Roll, on_delete=models.PROTECT, related_name="files")
    filer = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+", db_index=False)
    crous_id = models.SmallIntegerField()
    whole = models.BooleanField()
    name = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    user_id = models.BigIntegerField()
    user_label = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=16, choices=RollStatus.choices, default=RollStatus.STORED)
    encoding = models.CharField(max_length=16, blank=True)
    separator = models.CharField(max_length=1, blank=True)
    columns = models.JSONField(default=list)
    read_bytes = models.IntegerField(default=0)
    physical_lines = models.IntegerField(default=0)
    lines = models.IntegerField(default=0)
    lines_checked = models.IntegerField(default=0)
    bad = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    corrected = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    reason = models.CharField(max_length=24, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        """One file of a list is at work at a time: of two uploads at once, one is."""

        constraints = [
            models.UniqueConstraint(fields=["roll"], condition=Q(status__in=AT_WORK), name="rollfile_one_at_work"),
            models.CheckConstraint(
                condition=Q(status=RollStatus.UNREADABLE) & ~Q(reason="") | ~Q(status=RollStatus.UNREADABLE, reason=""),
                name="rollfile_unreadable_why",
            ),
            models.CheckConstraint(
                condition=~Q(status=RollStatus.TAKEN) | Q(taken_at__isnull=False), name="rollfile_taken_when"
            ),
            IsolatedByEstablishment(name="rollfile_isolated", establishments=("filer",)),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"roll file {self.pk} {self.status}"

    @property
    def is_at_work(self) -> bool:
        """Whether a job is, or will be, busy with it, or somebody has to answer."""
        return self.status in AT_WORK

    @property
    def good(self) -> int:
        """How many lines were accepted."""
        return self.lines - self.bad


class RollLine(models.Model):
    """A line of a file: all of them while it is checked, then only those that were refused, each with its reason.

    ``line`` is its number in the file, as a person counts. ``raw`` is what was written, given back as it was.
    ``superseded_by`` is the later file that speaks of the same student.
    """

    file = models.ForeignKey(RollFile, on_delete=models.CASCADE, related_name="rows", db_index=False)
    filer = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+", db_index=False)
    crous_id = models.SmallIntegerField()
    line = models.IntegerField()
    raw = models.TextField()
    uai = models.CharField(max_length=8, blank=True)
    ine = models.CharField(max_length=11, blank=True)
    number = models.CharField(max_length=12, blank=True)
    birth_name = models.CharField(max_length=100, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    birth_on = models.DateField(null=True)
    letters = models.CharField(max_length=5, blank=True)
    key = models.CharField(max_length=200, blank=True, db_collation="C")
    reason = models.CharField(max_length=24, choices=BadLine.choices, blank=True)
    acquittement_id = models.BigIntegerField(null=True)
    superseded_by = models.ForeignKey(RollFile, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        """Seen with the file."""

        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="rollline_once"),
            IsolatedByEstablishment(name="rollline_isolated", establishments=("filer",)),
        ]
        indexes = [
            models.Index(
                fields=["filer", "key"], name="rollline_refused", condition=Q(superseded_by=None) & ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        """Where it stands: a name must not reach a log by accident."""
        return f"line {self.line} of roll file {self.file_id}"


class RollEntry(models.Model):
    """A student listed by an establishment for a year, by one certificate: from ``since``, until it is ended.

    Rows are ended, never changed: a correction ends one and adds another, since the same day. ``establishment`` is
    where the student is enrolled, ``filer`` who said so. The columns of the person are what the establishment wrote.
    """

    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+", db_index=False)
    filer = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+", db_index=False)
    crous_id = models.SmallIntegerField()
    year = AcademicYearField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    acquittement = models.ForeignKey(Acquittement, on_delete=models.PROTECT, related_name="listings", db_index=False)
    file = models.ForeignKey(RollFile, on_delete=models.PROTECT, related_name="entries", db_index=False)
    line = models.IntegerField()
    ine = models.CharField(max_length=11, blank=True)
    number = models.CharField(max_length=12, blank=True)
    birth_name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=100, blank=True)
    birth_on = models.DateField(null=True)
    key = models.CharField(max_length=200, db_collation="C")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ending = models.CharField(max_length=16, choices=Ending.choices, blank=True)
    ended_by = models.ForeignKey(RollFile, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        """A certificate is listed once by an establishment; an ended row says how."""

        constraints = [
            models.UniqueConstraint(
                fields=["acquittement", "establishment"], condition=Q(until=None), name="rollentry_listed_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None, ending="", ended_by=None)
                | Q(until__gte=F("since"), ended_by__isnull=False) & ~Q(ending=""),
                name="rollentry_ended_how",
            ),
            IsolatedByEstablishment(
                name="rollentry_isolated", establishments=("establishment", "filer"), person="person"
            ),
        ]
        indexes = [
            models.Index(
                fields=["establishment", "year", "key", "id"], name="rollentry_students", condition=Q(until=None)
            ),
            models.Index(fields=["filer", "year"], name="rollentry_filed", condition=Q(until=None)),
            models.Index(fields=["person", "-since"], name="rollentry_person"),
            models.Index(fields=["file"], name="rollentry_untold", condition=Q(told_at=None, until=None)),
        ]

    def __str__(self) -> str:
        """Its number."""
        return f"entry {self.pk}"
