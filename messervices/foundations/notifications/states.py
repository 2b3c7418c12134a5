"""The life of a mail and of an SMS, what a mail server may tell, and the sentences of this room's deeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic
from messervices.kernel.workflow import Workflow


class MailStatus(models.TextChoices):
    """Where the mail of a message is. The message itself is in the inbox from the first moment."""

    NONE = "none", _("pas d’e-mail")
    WAITING = "waiting_document", _("attend son document")
    QUEUED = "queued", _("à envoyer")
    SENDING = "sending", _("en préparation")
    HANDING = "handing", _("envoi en cours")
    SENT = "sent", _("envoyé")
    UNKNOWN = "unknown", _("peut-être envoyé")
    FAILED = "failed", _("non remis")


class SmsStatus(models.TextChoices):
    """Where an SMS is."""

    QUEUED = "queued", _("à envoyer")
    SENDING = "sending", _("en préparation")
    HANDING = "handing", _("envoi en cours")
    SENT = "sent", _("envoyé")
    UNKNOWN = "unknown", _("peut-être envoyé")
    FAILED = "failed", _("non remis")


class Outcome(models.TextChoices):
    """Why a mail or an SMS did not arrive, or may not have."""

    REFUSED = "refused", _("refusé par le serveur du destinataire")
    BOUNCED = "bounced", _("l’adresse n’existe plus ou n’accepte plus rien")
    FULL = "full", _("la boîte est restée pleine ou injoignable")
    NO_ANSWER = "no_answer", _("aucun serveur n’a répondu")
    DEAD = "dead", _("pas essayé : l’adresse ne reçoit plus nos messages")
    NO_PHONE = "no_phone", _("pas essayé : aucun numéro pour les SMS")
    UNSURE = "unsure", _("l’envoi a été coupé : il est peut-être parti")


_IN_DOUBT = {MailStatus.QUEUED, MailStatus.SENDING, MailStatus.HANDING, MailStatus.UNKNOWN}
"""Where a mail may be when somebody else says that it arrived, or did not: they know better than we do."""

MAIL_STEPS = Workflow(
    {
        "queue": ({MailStatus.WAITING}, MailStatus.QUEUED),
        "claim": ({MailStatus.QUEUED}, MailStatus.SENDING),
        "begin": ({MailStatus.SENDING}, MailStatus.HANDING),
        "hand_over": ({MailStatus.HANDING, MailStatus.UNKNOWN}, MailStatus.SENT),
        "put_back": ({MailStatus.SENDING, MailStatus.HANDING}, MailStatus.QUEUED),
        "lose": ({MailStatus.HANDING}, MailStatus.UNKNOWN),
        "drop": ({MailStatus.SENDING, MailStatus.WAITING}, MailStatus.NONE),
        "give_up": ({MailStatus.SENDING, MailStatus.HANDING, MailStatus.QUEUED}, MailStatus.FAILED),
        "confirm": (_IN_DOUBT, MailStatus.SENT),
        "bounce": ({*_IN_DOUBT, MailStatus.SENT}, MailStatus.FAILED),
        "wait_and_retry": ({MailStatus.HANDING, MailStatus.UNKNOWN, MailStatus.SENT}, MailStatus.QUEUED),
        "try_again": ({MailStatus.FAILED, MailStatus.UNKNOWN}, MailStatus.QUEUED),
    }
)

SMS_STEPS = Workflow(
    {
        "claim": ({SmsStatus.QUEUED}, SmsStatus.SENDING),
        "begin": ({SmsStatus.SENDING}, SmsStatus.HANDING),
        "hand_over": ({SmsStatus.HANDING, SmsStatus.UNKNOWN}, SmsStatus.SENT),
        "put_back": ({SmsStatus.SENDING, SmsStatus.HANDING, SmsStatus.UNKNOWN}, SmsStatus.QUEUED),
        "lose": ({SmsStatus.HANDING}, SmsStatus.UNKNOWN),
        "give_up": ({SmsStatus.SENDING, SmsStatus.HANDING, SmsStatus.QUEUED}, SmsStatus.FAILED),
        "confirm": ({SmsStatus.HANDING, SmsStatus.UNKNOWN}, SmsStatus.SENT),
        "bounce": ({SmsStatus.SENT, SmsStatus.UNKNOWN, SmsStatus.HANDING}, SmsStatus.FAILED),
    }
)


class ReportSource(models.TextChoices):
    """How it came to us that a mail arrived or did not."""

    WEBHOOK = "webhook", _("notification du prestataire")
    RETURNED = "returned", _("courrier revenu")


class ReportKind(models.TextChoices):
    """What a report says of a mail."""

    DELIVERED = "delivered", _("remis")
    HARD = "hard", _("l’adresse n’existe plus ou n’accepte plus rien")
    SOFT = "soft", _("pas remis pour le moment")
    REFUSED = "refused", _("message refusé")
    COMPLAINT = "complaint", _("signalé comme indésirable")
    DELAYED = "delayed", _("remise encore tentée")
    NONSENSE = "nonsense", _("illisible")


class ReportStatus(models.TextChoices):
    """What became of a report."""

    NEW = "new", _("à lire")
    APPLIED = "applied", _("pris en compte")
    IDLE = "idle", _("rien à faire")
    REPEATED = "repeated", _("déjà lu")
    UNKNOWN = "unknown", _("ne parle d’aucun de nos messages")


MESSAGES = {
    "notifications.address_dead": MessageKind(topic=Topic.SECURITY, urgent=True),
    "notifications.phone_changed": MessageKind(topic=Topic.SECURITY, samples=({"kept": True}, {"kept": False})),
}

VERBS = {
    "notifications.change_contact": _("Vos choix sur les messages ont changé"),
    "notifications.trust_address": _("Vous avez dit que votre adresse e-mail marche à nouveau"),
    "notifications.lose_address": _("Votre adresse e-mail ne reçoit plus nos messages"),
    "notifications.resend_message": _("Un agent vous a renvoyé un e-mail"),
}
