"""Kinds of files people may hand in, and the sentences of this room's deeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MediaType(models.TextChoices):
    """What a proof may be: recognised by its first bytes, never by its name."""

    PDF = "application/pdf", "PDF"
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"


VERBS = {
    "documents.cancel_document": _("Un document a été annulé"),
    "documents.keep_paper": _("Un justificatif a été déposé"),
}
