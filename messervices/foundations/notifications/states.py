"""The life of a mail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.workflow import Workflow


class MailStatus(models.TextChoices):
    """Where the mail of a message is. The message itself is in the inbox from the first moment."""

    NONE = "none", _("pas d’e-mail")
    WAITING = "waiting_document", _("attend son document")
    QUEUED = "queued", _("à envoyer")
    SENDING = "sending", _("envoi en cours")
    SENT = "sent", _("envoyé")
    FAILED = "failed", _("non remis")


MAIL_STEPS = Workflow(
    {
        "queue": ({MailStatus.WAITING}, MailStatus.QUEUED),
        "claim": ({MailStatus.QUEUED}, MailStatus.SENDING),
        "hand_over": ({MailStatus.SENDING}, MailStatus.SENT),
        "put_back": ({MailStatus.SENDING}, MailStatus.QUEUED),
        "drop": ({MailStatus.SENDING, MailStatus.WAITING}, MailStatus.NONE),
        "give_up": ({MailStatus.SENDING, MailStatus.QUEUED}, MailStatus.FAILED),
        "try_again": ({MailStatus.FAILED}, MailStatus.QUEUED),
    }
)
