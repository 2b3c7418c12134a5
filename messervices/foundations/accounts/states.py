"""Kinds of accounts, languages, and the sentences of this room's deeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an account is for."""

    STUDENT = "student", _("Étudiant")
    AGENT = "agent", _("Agent du réseau des Crous")
    ESTABLISHMENT = "establishment", _("Référent d’établissement")


class Language(models.TextChoices):
    """The languages of the platform."""

    FRENCH = "fr", "Français"
    ENGLISH = "en", "English"


VERBS = {
    "accounts.create_account": _("Votre compte a été créé"),
    "accounts.change_email": _("Votre adresse e-mail a changé"),
    "accounts.change_password": _("Votre mot de passe a changé"),
    "accounts.add_factor": _("Un moyen de connexion a été ajouté"),
    "accounts.remove_factor": _("Un moyen de connexion a été retiré"),
}
