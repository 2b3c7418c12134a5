"""Who checked a certificate."""

from django.db import models

from messervices.foundations.crous.models import Establishment
from messervices.kernel.fields import AcademicYearField


class Check(models.Model):
    """An establishment checked a certificate: who, when, and what was answered.

    The number is kept masked, enough to be recognised beside one's own list and not to be used again. No person
    stands here: the student reads it in their own timeline, through the audit.
    """

    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="+")
    user_id = models.BigIntegerField()
    at = models.DateTimeField()
    masked_number = models.CharField(max_length=20)
    year = AcademicYearField(null=True)
    code = models.SmallIntegerField(null=True)
    valid = models.BooleanField()

    class Meta:
        """Read by establishment, newest first."""

        indexes = [models.Index(fields=["establishment", "-at"], name="check_establishment")]

    def __str__(self) -> str:
        """When, and valid or not."""
        return f"{self.at:%Y-%m-%d %H:%M} {'valid' if self.valid else 'not valid'}"
