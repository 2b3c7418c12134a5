"""An establishment that asks for access, the two persons it names, and the establishments it files for."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from messervices.foundations.crous.models import Establishment
from messervices.services.cvec.states import RegistrationStatus

_DECIDED = [RegistrationStatus.ACCEPTED, RegistrationStatus.REFUSED]


class Registration(models.Model):
    """An establishment asks for access, through the two referents it names; its Crous decides.

    ``crous_id`` is the Crous of its city, 0 for a school abroad, which the national desk follows. Nobody's file: the
    persons are named as professionals. Until both have confirmed their address, nobody at the desk sees it.
    ``daughters`` are the UAI of the establishments it wants to file for.
    """

    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="registrations")
    crous_id = models.SmallIntegerField()
    status = models.CharField(max_length=16, choices=RegistrationStatus.choices, default=RegistrationStatus.CONFIRMING)
    asked_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by_label = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    daughters = ArrayField(models.CharField(max_length=8), default=list)

    class Meta:
        """One at a time waits for the Crous; a refusal says why."""

        constraints = [
            models.UniqueConstraint(
                fields=["establishment"],
                condition=Q(status=RegistrationStatus.WAITING),
                name="registration_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(status=RegistrationStatus.CONFIRMING, submitted_at=None, decided_at=None)
                | Q(status=RegistrationStatus.WAITING, submitted_at__isnull=False, decided_at=None)
                | Q(status=RegistrationStatus.ACCEPTED, submitted_at__isnull=False, decided_at__isnull=False)
                | Q(status=RegistrationStatus.REFUSED, submitted_at__isnull=False, decided_at__isnull=False)
                & ~Q(reason=""),
                name="registration_whole",
            ),
        ]

    def __str__(self) -> str:
        """Number and status."""
        return f"registration {self.pk} {self.status}"

    @property
    def is_decided(self) -> bool:
        """Whether the Crous has answered."""
        return self.status in _DECIDED


class Nominee(models.Model):
    """One of the two persons whom an establishment names. ``user_id`` is their account, once the Crous has accepted.

    The link of confirmation holds a 256-bit token; only its hash is kept.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="nominees")
    slot = models.SmallIntegerField()
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=2)
    token_hash = models.CharField(max_length=64, unique=True)
    confirmed_at = models.DateTimeField(null=True)
    user_id = models.BigIntegerField(null=True)

    class Meta:
        """Two, with two addresses."""

        ordering = ("slot",)
        constraints = [
            models.CheckConstraint(condition=Q(slot__in=(1, 2)), name="nominee_slot"),
            models.UniqueConstraint(fields=["registration", "slot"], name="nominee_two"),
            models.UniqueConstraint(fields=["registration", "email"], name="nominee_two_addresses"),
        ]

    def __str__(self) -> str:
        """The place: an address must not reach a log by accident."""
        return f"nominee {self.slot} of registration {self.registration_id}"


class Affiliation(models.Model):
    """A mother establishment files for a daughter: declared by the mother, in force once its Crous has validated it."""

    mother = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="daughters")
    daughter = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="mothers")
    crous_id = models.SmallIntegerField()
    declared_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        """A daughter has one mother at a time, and is declared once."""

        constraints = [
            models.CheckConstraint(condition=~Q(mother=F("daughter")), name="affiliation_of_two"),
            models.UniqueConstraint(
                fields=["daughter"], condition=Q(since__isnull=False, until=None), name="affiliation_one_mother"
            ),
            models.UniqueConstraint(
                fields=["mother", "daughter"], condition=Q(until=None), name="affiliation_declared_once"
            ),
        ]

    def __str__(self) -> str:
        """Both, by their UAI."""
        return f"{self.mother_id} for {self.daughter_id}"


class ApiKey(models.Model):
    """What an establishment's own program signs with. The key is shown once; its hash alone is kept."""

    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField()
    made_by_label = models.CharField(max_length=200, blank=True)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Whose."""
        return f"key {self.pk} of {self.establishment_id}"
