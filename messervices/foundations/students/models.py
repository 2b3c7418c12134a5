"""Persons, the numbers they are known by, and what is known of them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from messervices.foundations.students.rules import display_name
from messervices.foundations.students.states import (
    HOLDING,
    CaseStatus,
    Certainty,
    FactKind,
    IdentifierStatus,
    Scheme,
)
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.isolation import IsolatedByPerson, IsolatedPerson


class Person(models.Model):
    """One human being, whatever their numbers and accounts. Files refer to the person, never to the INE.

    The identity columns are what the facts say today, kept together because every paper and every search needs them;
    where each comes from, and since when, is in ``Fact``. ``crous_ids`` lists every Crous that follows the person,
    0 while none does.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    crous_ids = ArrayField(models.IntegerField(), default=list)
    birth_name = models.CharField(max_length=300)
    usual_name = models.CharField(max_length=300, blank=True)
    first_names = models.CharField(max_length=300)
    birth_on = models.DateField()
    birth_commune = models.CharField(max_length=5, blank=True)
    birth_place = models.CharField(max_length=300, blank=True)
    birth_country = models.CharField(max_length=4)
    civility = models.CharField(max_length=1, blank=True)
    nationality = models.CharField(max_length=4)
    ine = models.CharField(max_length=11, blank=True)
    ine_status = models.CharField(max_length=16, choices=IdentifierStatus.choices)
    search_key = models.CharField(max_length=900, db_collation="C")
    usual_key = models.CharField(max_length=900, db_collation="C", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        """Seen by the person and by the Crous that follow them; found by a prefix of the name."""

        constraints = [
            IsolatedPerson(name="person_isolated"),
            models.CheckConstraint(condition=~Q(crous_ids=[]), name="person_followed_or_zero"),
            models.CheckConstraint(condition=Q(birth_on__gte="1900-01-01"), name="person_born_since_1900"),
        ]
        indexes = [
            models.Index(fields=["search_key"], name="person_search", include=["crous_ids"]),
            models.Index(fields=["usual_key"], name="person_search_usual", condition=~Q(usual_key="")),
        ]

    def __str__(self) -> str:
        """The number: a name must not reach a log by accident."""
        return f"person {self.pk}"

    @property
    def display_name(self) -> str:
        """First name and name in use."""
        return display_name(self.birth_name, self.usual_name, self.first_names)


class Identifier(models.Model):
    """A number a person is or was known by. Old ones stay, so that they still find the person."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifiers")
    scheme = models.CharField(max_length=16, choices=Scheme.choices)
    value = models.CharField(max_length=11, db_collation="C")
    status = models.CharField(max_length=16, choices=IdentifierStatus.choices)
    source = models.CharField(max_length=64)
    known_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A number is held by one person; a person holds one number at a time."""

        constraints = [
            models.UniqueConstraint(fields=["value"], condition=Q(status__in=HOLDING), name="identifier_of_one"),
            models.UniqueConstraint(fields=["person"], condition=Q(status__in=HOLDING), name="identifier_one_current"),
            IsolatedByPerson(name="identifier_isolated"),
        ]
        indexes = [models.Index(fields=["value"], name="identifier_value")]

    def __str__(self) -> str:
        """Scheme and status, never the number."""
        return f"{self.scheme} {self.status}"


class IdentifierCase(models.Model):
    """Two persons claim one number: an agent decides. Neither learns who the other is.

    It carries the claimant only: whose number it was is looked up at the moment of the decision, and never shown.
    """

    identifier = models.OneToOneField(Identifier, on_delete=models.PROTECT, related_name="case")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifier_cases")
    status = models.CharField(max_length=16, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        """Closed cases say when and why."""

        constraints = [
            IsolatedByPerson(name="identifier_case_isolated"),
            models.CheckConstraint(
                condition=Q(status__in=[CaseStatus.OPEN, CaseStatus.ASKED], closed_at=None)
                | Q(status__in=[CaseStatus.GRANTED, CaseStatus.REFUSED], closed_at__isnull=False) & ~Q(reason=""),
                name="identifier_case_closed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"case {self.pk} {self.status}"


class Fact(models.Model):
    """One thing known of a person: a value, its source, its date. A new row supersedes; none is ever overwritten."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=32, choices=FactKind.choices)
    year = AcademicYearField(null=True)
    value = models.JSONField()
    source = models.CharField(max_length=64)
    certainty = models.CharField(max_length=16, choices=Certainty.choices)
    known_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    paper_id = models.BigIntegerField(null=True)

    class Meta:
        """One current value a kind and year."""

        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "year"],
                condition=Q(superseded_at=None),
                nulls_distinct=False,
                name="fact_one_current",
            ),
            IsolatedByPerson(name="fact_isolated"),
        ]

    def __str__(self) -> str:
        """Kind and year, never the value."""
        return f"{self.kind} {self.year or ''}".strip()
