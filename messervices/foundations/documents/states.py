"""What people hand in and what becomes of it: kinds, states, the reasons of a refusal, the sentences of our deeds."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messervices.kernel.workflow import Workflow


class MediaType(models.TextChoices):
    """What a proof is once it was written anew."""

    PDF = "application/pdf", "PDF"
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"


class Status(models.TextChoices):
    """Where a file handed in stands. Only ``clean`` can be read."""

    RECEIVED = "received", _("Reçu, en attente de vérification")
    CHECKING = "checking", _("En cours de vérification")
    CLEAN = "clean", _("Vérifié")
    REFUSED = "refused", _("Refusé")
    REPLACED = "replaced", _("Remplacé")
    WITHDRAWN = "withdrawn", _("Retiré")
    SHREDDED = "shredded", _("Détruit")


WAITING = (Status.RECEIVED, Status.CHECKING)
HELD = (*WAITING, Status.CLEAN)
"""What counts in a slot and in a person's share."""

SHOWN = (*HELD, Status.REFUSED)
"""What a student sees in a slot: the rest is over."""

STEPS = Workflow(
    {
        "check": (WAITING, Status.CHECKING),
        "accept": (WAITING, Status.CLEAN),
        "refuse": (WAITING, Status.REFUSED),
        "withdraw": (SHOWN, Status.WITHDRAWN),
        "replace": (SHOWN, Status.REPLACED),
        "shred": ((*SHOWN, Status.REPLACED, Status.WITHDRAWN), Status.SHREDDED),
    }
)


class Reason(models.TextChoices):
    """Why a file is refused, and what to do next."""

    EMPTY = "empty", _("Ce fichier est vide. Choisissez-en un autre.")
    TOO_BIG = "too_big", _("Ce fichier est trop lourd. Prenez plutôt le papier en photo, ou enregistrez-le en PDF.")
    UNKNOWN_TYPE = (
        "unknown_type",
        _("Ce fichier n’est ni un PDF ni une photo, ou il est incomplet. Prenez le papier en photo."),
    )
    DAMAGED = (
        "damaged",
        _("Ce fichier est abîmé : il ne s’ouvre pas. Enregistrez-le à nouveau, ou prenez le papier en photo."),
    )
    TOO_HEAVY = (
        "too_heavy",
        _("Ce fichier devient trop lourd une fois ouvert. Prenez plutôt le papier en photo, page par page."),
    )
    TOO_MANY_PIXELS = (
        "too_many_pixels",
        _("Cette image est trop grande. Refaites la photo avec la qualité ordinaire de votre téléphone."),
    )
    TOO_MANY_PAGES = (
        "too_many_pages",
        _("Ce document a trop de pages. N’envoyez que celles qui sont demandées."),
    )
    LOCKED = (
        "locked",
        _("Ce PDF est protégé par un mot de passe. Ouvrez-le, imprimez-le en PDF sans mot de passe, puis déposez-le."),
    )
    INFECTED = (
        "infected",
        _("Un antivirus a reconnu un programme dangereux dans ce fichier : il est détruit. Vérifiez votre appareil."),
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """One paper that a service asks for: ``titre_sejour``. Kept by the service, in its own words.

    ``identity`` asks for a mark on every copy that an agent takes, with ``purpose`` on it (in
    French: « exonération de CVEC »). ``max_files`` bounds what stands there at once.
    """

    code: str
    label: str | Promise
    identity: bool = False
    required: bool = True
    max_files: int = 5
    hint: str | Promise = ""
    purpose: str = ""


VERBS = {
    "documents.cancel_document": _("Un document a été annulé"),
    "documents.receive_upload": _("Un justificatif a été déposé"),
    "documents.accept_upload": _("Un justificatif a été vérifié"),
    "documents.refuse_upload": _("Un justificatif n’a pas pu être accepté"),
    "documents.withdraw_upload": _("Un justificatif a été retiré"),
    "documents.replace_upload": _("Un justificatif a été remplacé"),
    "documents.shred_upload": _("Un justificatif a été détruit"),
}
