"""Where an announcement is seen, how loud it is, the rights of this room and the sentences of its deeds."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Section(models.TextChoices):
    """The five doors of the portal, in the order in which it shows them."""

    ENROL = "enrol", _("S’inscrire dans le supérieur")
    AID = "aid", _("Demander une bourse ou une aide")
    STAY = "stay", _("Trouver un logement")
    RESIDENCE = "residence", _("Gérer mon logement")
    LIFE = "life", _("Autres services")


class AnnouncementKind(models.TextChoices):
    """How an announcement looks: never more than one thing to worry about at a time."""

    WARN = "warn", _("Vigilance")
    INFO = "info", _("Information")
    OK = "ok", _("Bonne nouvelle")


class Perimeter(models.TextChoices):
    """Who sees an announcement."""

    NATIONAL = "national", _("Tout le monde")
    CROUS = "crous", _("Un Crous")
    CAMPAIGN = "campaign", _("Une campagne")


class Right(StrEnum):
    """What an agent may be allowed to do here."""

    EDIT_ENTRY = "catalogue:entry:edit"
    EDIT_ANNOUNCEMENT = "catalogue:announcement:edit"


RIGHTS = {
    Right.EDIT_ENTRY: _("Tenir le catalogue des services"),
    Right.EDIT_ANNOUNCEMENT: _("Publier les annonces"),
}

VERBS = {
    "catalogue.publish_entry": _("Service publié au catalogue"),
    "catalogue.edit_entry": _("Service du catalogue modifié"),
    "catalogue.withdraw_entry": _("Service retiré du catalogue"),
    "catalogue.publish_announcement": _("Annonce publiée"),
    "catalogue.edit_announcement": _("Annonce modifiée"),
    "catalogue.withdraw_announcement": _("Annonce retirée"),
}
