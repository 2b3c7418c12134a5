"""How sure we are of a row, the kinds of places, the rights of this room and the sentences of its deeds."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Certainty(models.TextChoices):
    """How much a reference row can be trusted; shown to agents beside its source."""

    SOURCED = "sourced", _("Source officielle")
    SOURCED_SECONDARY = "sourced_secondary", _("Source secondaire")
    ASSUMED = "assumed", _("Supposé")


class CommuneKind(models.TextChoices):
    """A commune, or an arrondissement of Paris, Lyon or Marseille (which has a code, not a mayor of its own)."""

    COMMUNE = "", _("Commune")
    ARRONDISSEMENT = "arrondissement", _("Arrondissement")


class EstablishmentKind(models.TextChoices):
    """Kinds of the ministry's file."""

    UNIVERSITY = "university", _("Université")
    GRAND_ETABLISSEMENT = "grand_etablissement", _("Grand établissement")
    SCHOOL = "school", _("École")
    OTHER = "other", _("Autre établissement")


class Sector(models.TextChoices):
    """Who runs an establishment."""

    PUBLIC = "public", _("Public")
    PRIVATE = "private", _("Privé")


class Right(StrEnum):
    """What an agent may be allowed to do here."""

    SET_WINDOW = "crous:window:set"
    SET_AMOUNT = "crous:amount:set"
    DEFINE_ROLE = "crous:role:define"
    GRANT_ROLE = "crous:role:grant"
    REGISTER_REFERENT = "crous:referent:register"


RIGHTS = {
    Right.SET_WINDOW: _("Fixer les dates des campagnes"),
    Right.SET_AMOUNT: _("Fixer les montants"),
    Right.DEFINE_ROLE: _("Composer les rôles"),
    Right.GRANT_ROLE: _("Donner et retirer les rôles"),
    Right.REGISTER_REFERENT: _("Enregistrer les référents des établissements"),
}

VERBS = {
    "crous.set_window": _("Dates d’une campagne fixées"),
    "crous.set_amount": _("Montant fixé"),
    "crous.define_role": _("Rôle composé"),
    "crous.grant_role": _("Rôle donné à un agent"),
    "crous.end_role": _("Rôle retiré à un agent"),
    "crous.register_referent": _("Référent d’établissement enregistré"),
    "crous.end_referent": _("Référent d’établissement retiré"),
    "crous.load_reference": _("Données de référence chargées"),
}
