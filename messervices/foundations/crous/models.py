"""Places, dates, amounts and offices: reference rows that say where they come from and since when."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language

from messervices.foundations.crous.rules import UAI_LETTERS
from messervices.foundations.crous.states import Certainty, CommuneKind, EstablishmentKind, Sector
from messervices.kernel.fields import AcademicYearField

_NOW_CURRENT = Q(superseded_at=None)
_NOW_HELD = Q(until=None)
_UAI_KEY = (
    "case when %(expressions)s ~ '^[0-9]{7}[A-Z]$' then right(%(expressions)s, 1) = "
    f"substr('{UAI_LETTERS}', mod(left(%(expressions)s, 7)::int, 23) + 1, 1) else false end"
)
_SAME = "int8range(%(expressions)s, %(expressions)s, '[]')"
_SAME_OR_ALL = "int8range(coalesce(%(expressions)s, 0), coalesce(%(expressions)s, 0), '[]')"
_SAME_WORD = "int8range(hashtext(%(expressions)s), hashtext(%(expressions)s), '[]')"
"""Equality for a GiST index without the extension btree_gist: ranges of one value meet when the values are equal."""


def _spoken(row: models.Model, field: str) -> str:
    """Give ``field`` in the language of the page, French when there is no other."""
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    return str(getattr(row, f"{field}_{language}"))


class Dated(models.Model):
    """What every reference row says of itself: its source, how sure we are, and the day it was known."""

    source = models.CharField(max_length=300)
    certainty = models.CharField(max_length=20, choices=Certainty.choices)
    known_on = models.DateField()

    class Meta:
        """No table of its own."""

        abstract = True


class Crous(Dated):
    """One of the 26 Crous. ``id`` is fixed for ever: 1 to 26, in the order of the slugs.

    ``prefix`` begins the numbers of the certificates of this Crous. ``timezone`` is that of its seat; a département
    may have another (Guyane, Mayotte).
    """

    id = models.SmallIntegerField(primary_key=True)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    prefix = models.CharField(max_length=3, unique=True)
    timezone = models.CharField(max_length=40)
    website = models.URLField(blank=True)
    email_domain = models.CharField(max_length=80, blank=True)

    class Meta:
        """The prefix is three capitals: it is read aloud and typed by hand."""

        ordering = ("id",)
        verbose_name_plural = "crous"
        constraints = (models.CheckConstraint(condition=Q(prefix__regex="^[A-Z]{3}$"), name="crous_prefix_shape"),)

    def __str__(self) -> str:
        """Its name: "Crous de Lyon"."""
        return self.name


class Departement(Dated):
    """A département, or an overseas collectivity; its academy decides its Crous. Some collectivities have neither."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=60)
    academie_code = models.CharField(max_length=2, blank=True)
    academie_name = models.CharField(max_length=40, blank=True)
    crous = models.ForeignKey(Crous, null=True, on_delete=models.PROTECT, related_name="departements")
    timezone = models.CharField(max_length=40)

    class Meta:
        """By code, as on number plates."""

        ordering = ("code",)

    def __str__(self) -> str:
        """Name and code: "Isère (38)"."""
        return f"{self.name} ({self.code})"


class Commune(Dated):
    """A commune of the official code, or an arrondissement of Paris, Lyon or Marseille (``parent`` is the city).

    ``latitude`` and ``longitude`` (WGS84 degrees) are those of its geographic centre, not of the town hall.
    ``former_codes`` are those of communes that were merged into it.
    """

    code = models.CharField(max_length=5, primary_key=True)
    name = models.CharField(max_length=80)
    search_key = models.CharField(max_length=80, db_collation="C")
    kind = models.CharField(max_length=16, choices=CommuneKind.choices, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="arrondissements")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="communes")
    postcodes = ArrayField(models.CharField(max_length=5), default=list)
    population = models.IntegerField(default=0)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    former_codes = ArrayField(models.CharField(max_length=5), default=list)

    class Meta:
        """An arrondissement, and nothing else, has a parent."""

        constraints = (
            models.CheckConstraint(
                condition=Q(kind=CommuneKind.COMMUNE, parent=None)
                | Q(kind=CommuneKind.ARRONDISSEMENT, parent__isnull=False),
                name="commune_parent",
            ),
        )

    def __str__(self) -> str:
        """Its name."""
        return self.name

    @property
    def label(self) -> str:
        """Name and postcode, as in a list of suggestions: "Saint-Malo (35400)", "Lyon (69001 à 69009)"."""
        if not self.postcodes:
            return self.name
        if len(self.postcodes) == 1:
            return f"{self.name} ({self.postcodes[0]})"
        return f"{self.name} ({self.postcodes[0]}…)"


class CommuneKey(models.Model):
    """By what a commune is found: its name, its name without the first words, its postcodes. See ``rules.sought``.

    ``whole`` marks the complete name, ``divided`` the postcodes of a city that has arrondissements. ``population`` is
    copied so that the biggest eight are found without reading thousands of communes.
    """

    key = models.CharField(max_length=80, db_collation="C")
    commune = models.ForeignKey(Commune, on_delete=models.CASCADE, related_name="keys", db_index=False)
    population = models.IntegerField()
    whole = models.BooleanField()
    arrondissement = models.BooleanField()
    divided = models.BooleanField()

    class Meta:
        """Read by ranges of keys; made again commune by commune."""

        indexes = (
            models.Index(fields=["key"], name="communekey_key"),
            models.Index(fields=["commune"], name="communekey_commune"),
        )

    def __str__(self) -> str:
        """The key."""
        return self.key


class Establishment(Dated):
    """A higher-education establishment of the ministry's file, by its UAI (7 digits and a letter that is their key)."""

    uai = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=40, blank=True)
    acronym = models.CharField(max_length=40, blank=True)
    search_key = models.CharField(max_length=300, db_collation="C")
    kind = models.CharField(max_length=24, choices=EstablishmentKind.choices)
    sector = models.CharField(max_length=8, choices=Sector.choices)
    commune = models.ForeignKey(Commune, null=True, on_delete=models.PROTECT, related_name="establishments")
    address = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=5, blank=True)
    city = models.CharField(max_length=60, blank=True)
    website = models.URLField(blank=True)
    domain = models.CharField(max_length=80, blank=True)
    former_uais = ArrayField(models.CharField(max_length=8), default=list)
    siret = models.CharField(max_length=14, blank=True)
    pic = models.CharField(max_length=20, blank=True)
    enrolled = models.IntegerField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        """The database knows the key of a UAI: a slip of a digit cannot become an establishment."""

        constraints = (
            models.CheckConstraint(
                condition=Func(F("uai"), template=_UAI_KEY, output_field=models.BooleanField()),
                name="establishment_uai_key",
            ),
        )

    def __str__(self) -> str:
        """Its name."""
        return self.name

    @property
    def label(self) -> str:
        """Name and city, as in a list of suggestions."""
        return f"{self.name} ({self.commune.name})" if self.commune else self.name


class Window(Dated):
    """From when to when a service is open for a year, nationally or for one Crous (which then replaces the national).

    Half-open: ``closes_at`` is the first instant outside. A change adds a row and dates the old one by
    ``superseded_at``; nothing is overwritten. ``shipped`` marks the rows of the files, which a later file may replace;
    ``set_by_label`` is who set the others, as the audit names them.
    """

    service = models.CharField(max_length=40)
    year = AcademicYearField()
    crous = models.ForeignKey(Crous, null=True, blank=True, on_delete=models.PROTECT, related_name="windows")
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    shipped = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """Two periods in force never overlap for one service, year and Crous."""

        constraints = (
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(opens_at__lt=F("closes_at")), name="window_order"
            ),
            ExclusionConstraint(
                name="window_no_overlap",
                expressions=[
                    (Func(F("service"), template=_SAME_WORD), "&&"),
                    (Func(F("year"), template=_SAME), "&&"),
                    (Func(F("crous"), template=_SAME_OR_ALL), "&&"),
                    (Func(F("opens_at"), F("closes_at"), function="tstzrange"), "&&"),
                ],
                condition=_NOW_CURRENT,
            ),
        )

    def __str__(self) -> str:
        """Service and year."""
        return f"{self.service} {self.year}"


class Amount(Dated):
    """What something costs or gives in a year, in euro cents (``cvec``, ``cvec.cash_fee``). Dated like a window."""

    kind = models.CharField(max_length=40)
    year = AcademicYearField()
    amount_cents = models.BigIntegerField()
    shipped = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        """One amount in force for a kind and a year."""

        constraints = (
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="amount_not_negative"),
            models.UniqueConstraint(fields=["kind", "year"], condition=_NOW_CURRENT, name="amount_one_in_force"),
        )

    def __str__(self) -> str:
        """Kind, year and cents."""
        return f"{self.kind} {self.year}: {self.amount_cents}"


class CertificateState(Dated):
    """A state that the verification of a CVEC certificate answers; codes and meanings are the network's."""

    code = models.SmallIntegerField(primary_key=True)
    label_fr = models.CharField(max_length=80)
    label_en = models.CharField(max_length=80)
    valid = models.BooleanField()

    def __str__(self) -> str:
        """Code and French label."""
        return f"{self.code} {self.label_fr}"

    @property
    def label(self) -> str:
        """The label in the language of the page."""
        return _spoken(self, "label")


class Role(Dated):
    """A bundle of rights under a name. A ``national`` role is held nationally only, any other at a Crous only."""

    code = models.SlugField(max_length=40, unique=True)
    label_fr = models.CharField(max_length=80)
    label_en = models.CharField(max_length=80)
    national = models.BooleanField(default=False)
    rights = ArrayField(models.CharField(max_length=64), default=list)
    shipped = models.BooleanField(default=False)
    set_by_id = models.BigIntegerField(null=True)
    set_by_label = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        """Its code."""
        return self.code

    @property
    def label(self) -> str:
        """The label in the language of the page."""
        return _spoken(self, "label")


class Agent(models.Model):
    """A role that a user holds, from ``since`` until it is ended. ``crous`` is empty for a national role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="roles")
    crous = models.ForeignKey(Crous, null=True, on_delete=models.PROTECT, related_name="agents")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="agents")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """A role is held once at a place."""

        constraints = (
            models.UniqueConstraint(
                fields=["user", "role", "crous"], condition=_NOW_HELD, nulls_distinct=False, name="agent_role_once"
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="agent_order"),
        )

    def __str__(self) -> str:
        """User, role and Crous by their numbers."""
        return f"user {self.user_id}: role {self.role_id} at {self.crous_id or 'all'}"


class Referent(models.Model):
    """A person who answers for an establishment. It names two, never more: ``slot`` is 1 or 2."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="establishments")
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="referents")
    slot = models.SmallIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        """Two places an establishment, each taken once."""

        constraints = (
            models.CheckConstraint(condition=Q(slot__in=(1, 2)), name="referent_slot"),
            models.UniqueConstraint(fields=["establishment", "slot"], condition=_NOW_HELD, name="referent_two"),
            models.UniqueConstraint(fields=["establishment", "user"], condition=_NOW_HELD, name="referent_once"),
        )

    def __str__(self) -> str:
        """User and establishment."""
        return f"user {self.user_id}: {self.establishment_id}"
