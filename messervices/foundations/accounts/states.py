"""Kinds of accounts, languages, and the sentences of this room: deeds, messages, notices."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic


class Kind(models.TextChoices):
    """What an account is for."""

    STUDENT = "student", _("Étudiant")
    AGENT = "agent", _("Agent du réseau des Crous")
    ESTABLISHMENT = "establishment", _("Référent d’établissement")


class Language(models.TextChoices):
    """The languages of the platform."""

    FRENCH = "fr", "Français"
    ENGLISH = "en", "English"


_URL = {"url": "https://messervices.example/account/confirm/abc/"}
_EXISTS = {
    "sign_in_url": "https://messervices.example/account/login/",
    "reset_url": "https://messervices.example/account/password/reset/",
}

MESSAGES = {
    f"accounts.{name}": MessageKind(topic=Topic.SECURITY, samples=samples)
    for name, samples in {
        "change_new": (_URL,),
        "change_old": (_URL | {"new_email": "lina@exemple.example"},),
        "change_taken": ({},),
        "changed_email": ({"at": "2026-08-28T12:00:00+00:00"},),
        "confirm": (_URL,),
        "exists": (_EXISTS, _EXISTS | {"confirm_url": _URL["url"]}),
        "notice": (_URL | {"at": "2026-08-28T12:00:00+00:00", "sentence": "Le mot de passe a été changé."},),
        "reset": (_URL,),
        "unknown": (_URL,),
    }.items()
}
"""The mails of this room. They go to an address, not to a person's inbox."""

VERBS = {
    "accounts.create_account": _("Votre compte a été créé"),
    "accounts.change_email": _("Votre adresse e-mail a changé"),
    "accounts.change_password": _("Votre mot de passe a changé"),
    "accounts.add_factor": _("Un moyen de connexion a été ajouté"),
    "accounts.remove_factor": _("Un moyen de connexion a été retiré"),
    "accounts.renew_codes": _("Vos codes de secours ont été renouvelés"),
}

SAID = {
    "account/messages/email_confirmed.txt": _("Votre adresse est confirmée."),
    "account/messages/email_confirmation_failed.txt": _("Cette adresse a été confirmée par un autre compte."),
    "account/messages/logged_out.txt": _("Vous êtes déconnecté."),
    "account/messages/password_changed.txt": _("Votre mot de passe a changé. Vos autres appareils sont déconnectés."),
    "account/messages/password_set.txt": _("Votre compte a maintenant un mot de passe."),
    "mfa/messages/totp_activated.txt": _("Le code à la connexion est activé."),
    "mfa/messages/totp_deactivated.txt": _(
        "Le code à la connexion est désactivé. Vos autres appareils sont déconnectés."
    ),
    "mfa/messages/webauthn_added.txt": _("Votre clé d’accès est enregistrée."),
    "mfa/messages/webauthn_removed.txt": _("La clé d’accès est retirée. Vos autres appareils sont déconnectés."),
}
"""What is said on the next page, by the template that allauth would have read it from; the others say nothing."""

NOTICES = {
    "account/email/password_changed": _("Le mot de passe de votre compte a été changé."),
    "account/email/password_set": _("Un mot de passe a été ajouté à votre compte."),
    "account/email/password_reset": _(
        "Un nouveau mot de passe a été choisi pour votre compte, par un lien reçu par e-mail."
    ),
    "mfa/email/totp_activated": _("Un code est maintenant demandé à la connexion."),
    "mfa/email/totp_deactivated": _("Le code à la connexion n’est plus demandé."),
    "mfa/email/webauthn_added": _("Une clé d’accès a été ajoutée à votre compte."),
    "mfa/email/webauthn_removed": _("Une clé d’accès a été retirée de votre compte."),
    "mfa/email/recovery_codes_generated": _(
        "De nouveaux codes de secours ont été créés ; les anciens ne marchent plus."
    ),
}
"""What the owner is told by mail, by the template that allauth would have read it from."""
