"""Tiles that lead to other sites, and announcements. Dated rows: a change adds a row, nothing is overwritten."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from messervices.foundations.catalogue.states import AnnouncementKind, Perimeter, Section
from messervices.foundations.crous.models import Crous, Dated
from messervices.kernel.fields import AcademicYearField
from messervices.kernel.manifest import SECTIONS

_IN_FORCE = Q(superseded_at=None)
_IN_ORDER = Q(opens_at=None) | Q(closes_at=None) | Q(opens_at__lt=F("closes_at"))


def _spoken(row: models.Model, field: str) -> str:
    """Give ``field`` in the language of the page, French when there is no other."""
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    return str(getattr(row, f"{field}_{language}"))


class CatalogueEntry(Dated):
    """A service of somebody else, or of ours on another site for now: the sentence says so, the address leads there.

    ``slug`` stays from one version to the next. Withdrawn: superseded, with no version after.
    """

    slug = models.SlugField(max_length=40)
    section = models.CharField(max_length=12, choices=Section.choices)
    title_fr = models.CharField(max_length=80)
    title_en = models.CharField(max_length=80)
    sentence_fr = models.CharField(max_length=200)
    sentence_en = models.CharField(max_length=200)
    address = models.URLField(validators=[URLValidator(schemes=["https"])])
    icon = models.CharField(max_length=24)
    keywords = models.CharField(max_length=300, blank=True)
    position = models.SmallIntegerField(default=0)
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    shipped = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """One version in force; a known door; a safe address."""

        constraints = (
            models.UniqueConstraint(fields=["slug"], condition=_IN_FORCE, name="entry_one_in_force"),
            models.CheckConstraint(condition=Q(section__in=SECTIONS), name="entry_section"),
            models.CheckConstraint(condition=Q(address__startswith="https://"), name="entry_https"),
            models.CheckConstraint(condition=_IN_ORDER, name="entry_order"),
        )
        verbose_name_plural = "catalogue entries"

    def __str__(self) -> str:
        """Its slug."""
        return self.slug

    @property
    def title(self) -> str:
        """The title in the language of the page."""
        return _spoken(self, "title")

    @property
    def sentence(self) -> str:
        """What it is for, in the language of the page."""
        return _spoken(self, "sentence")


class Announcement(Dated):
    """Something to say for a time, to everybody, to one Crous, or to those of one campaign. Plain text."""

    slug = models.SlugField(max_length=60)
    kind = models.CharField(max_length=8, choices=AnnouncementKind.choices)
    title_fr = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    body_fr = models.TextField(max_length=1000)
    body_en = models.TextField(max_length=1000)
    perimeter = models.CharField(max_length=10, choices=Perimeter.choices)
    crous = models.ForeignKey(Crous, null=True, blank=True, on_delete=models.PROTECT, related_name="announcements")
    service = models.CharField(max_length=40, blank=True)
    year = AcademicYearField(null=True, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    shipped = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """One version in force; the perimeter and what it names agree."""

        constraints = (
            models.UniqueConstraint(fields=["slug"], condition=_IN_FORCE, name="announcement_one_in_force"),
            models.CheckConstraint(condition=_IN_ORDER, name="announcement_order"),
            models.CheckConstraint(
                condition=Q(perimeter=Perimeter.NATIONAL, crous=None, service="", year=None)
                | Q(perimeter=Perimeter.CROUS, crous__isnull=False, service="", year=None)
                | (Q(perimeter=Perimeter.CAMPAIGN, crous=None, year__isnull=False) & ~Q(service="")),
                name="announcement_perimeter",
            ),
        )

    def __str__(self) -> str:
        """Its slug."""
        return self.slug

    @property
    def title(self) -> str:
        """The title in the language of the page."""
        return _spoken(self, "title")

    @property
    def body(self) -> str:
        """The text in the language of the page."""
        return _spoken(self, "body")
