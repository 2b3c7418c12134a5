"""Where notices, return files and their lines may stand, and the sentences of this room's deeds."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic
from messervices.kernel.workflow import Workflow

RAIL = "eficash"
"""The name of this way of paying among those of payments."""


class NoticeStatus(models.TextChoices):
    """Where a notice stands. Money that comes for one that is not open is booked all the same: it is there."""

    OPEN = "open", _("à payer à La Poste")
    PAID = "paid", _("payé")
    CANCELLED = "cancelled", _("annulé")
    EXPIRED = "expired", _("périmé")


NOTICE_STEPS = Workflow(
    {
        "cancel": ((NoticeStatus.OPEN,), NoticeStatus.CANCELLED),
        "expire": ((NoticeStatus.OPEN,), NoticeStatus.EXPIRED),
        "pay": ((NoticeStatus.OPEN, NoticeStatus.CANCELLED, NoticeStatus.EXPIRED), NoticeStatus.PAID),
    }
)
"""``pay``, and ``cancel`` for what happens to the order, are done by the database itself (``sql/follow.sql``)."""


class Ending(models.TextChoices):
    """Why a notice is not open any more, when it was not paid."""

    GIVEN_UP = "given_up", _("vous avez choisi un autre moyen")
    OTHER_MEANS = "other_means", _("un autre paiement a été commencé")
    PAID_OTHERWISE = "paid_otherwise", _("payé par un autre moyen")
    NOT_DUE = "not_due", _("plus rien n’est dû")
    AMOUNT_CHANGED = "amount_changed", _("le montant a changé")
    TOO_LATE = "too_late", _("la date limite est passée")
    BY_HAND = "by_hand", _("fait par un agent pour une somme à rapprocher")


class FileStatus(models.TextChoices):
    """Where a return file stands. It is kept first, checked whole, and only then read line by line."""

    RECEIVED = "received", _("à contrôler")
    READING = "reading", _("en cours de lecture")
    STOPPED = "stopped", _("lecture arrêtée")
    READ = "read", _("lu")
    REJECTED = "rejected", _("refusé en entier")


UNFINISHED = (FileStatus.RECEIVED, FileStatus.READING)
BELIEVED = (FileStatus.READING, FileStatus.STOPPED, FileStatus.READ)
"""Files whose check went well: what they say was taken at the counters is true."""

FILE_STEPS = Workflow(
    {
        "believe": ((FileStatus.RECEIVED,), FileStatus.READING),
        "reject": ((FileStatus.RECEIVED,), FileStatus.REJECTED),
        "stop": ((FileStatus.READING,), FileStatus.STOPPED),
        "resume": ((FileStatus.STOPPED,), FileStatus.READING),
        "finish": ((FileStatus.READING,), FileStatus.READ),
    }
)


class Origin(models.TextChoices):
    """How a return file came."""

    DELIVERY = "delivery", _("envoyé par La Banque Postale")
    UPLOAD = "upload", _("déposé par un agent")
    FOLDER = "folder", _("dossier surveillé")


class LineStatus(models.TextChoices):
    """What a line is: money of a notice, money already known, or money that nothing explains and an agent looks at."""

    FITS = "fits", _("rapprochée")
    REPEATED = "repeated", _("déjà connue")
    UNKNOWN = "unknown", _("référence inconnue")
    OTHER_AMOUNT = "other_amount", _("montant différent")
    CLASH = "clash", _("opération déjà connue, mais autrement")
    CLOSED = "closed", _("classée")


WAITING = (LineStatus.UNKNOWN, LineStatus.OTHER_AMOUNT, LineStatus.CLASH)
"""Lines that an agent must look at; the money of the first two is in suspense until then."""

SUSPENSE = (LineStatus.UNKNOWN, LineStatus.OTHER_AMOUNT)

LINE_STEPS = Workflow(
    {
        "match": (SUSPENSE, LineStatus.FITS),
        "close": (WAITING, LineStatus.CLOSED),
    }
)


class Fault(models.TextChoices):
    """What is wrong with a return file. One fault, and the whole file is refused."""

    EMPTY = "empty", _("le fichier est vide")
    TOO_LONG = "too_long", _("la ligne est trop longue")
    ENCODING = "encoding", _("des octets ne sont pas de l’ASCII")
    LINE_END = "line_end", _("la ligne ne se termine pas comme prévu")
    HEADER = "header", _("l’en-tête n’est pas celui d’un fichier Eficash, version 1")
    CREDITOR = "creditor", _("le code créancier n’est pas le nôtre")
    NUMBER_TAKEN = "number_taken", _("ce numéro de fichier a déjà servi à un autre contenu")
    SHAPE = "shape", _("la ligne n’a pas les champs prévus")
    RANK = "rank", _("le numéro de ligne ne suit pas le précédent")
    DAY = "day", _("la date est impossible, ou après celle du fichier")
    AMOUNT = "amount", _("le montant est nul")
    DOUBLED = "doubled", _("cette opération est deux fois dans le fichier")
    NO_TRAILER = "no_trailer", _("la ligne de fin manque : le fichier est coupé")
    AFTER_TRAILER = "after_trailer", _("il y a quelque chose après la ligne de fin")
    COUNT = "count", _("le nombre de lignes n’est pas celui de la ligne de fin")
    SUM = "sum", _("la somme n’est pas celle de la ligne de fin")
    FEES = "fees", _("la somme des frais n’est pas celle de la ligne de fin")
    MARK = "mark", _("l’empreinte n’est pas celle du contenu : il a été modifié")


class Right(StrEnum):
    """What an agent may be allowed to do here."""

    IMPORT = "cash:file:import"
    DECIDE = "cash:line:decide"


RIGHTS = {
    Right.IMPORT: _("Déposer et suivre les fichiers de La Poste"),
    Right.DECIDE: _("Rapprocher ou classer une somme reçue à La Poste"),
}

MESSAGES = {
    "cash.notice": MessageKind(
        topic=Topic.MONEY,
        samples=(
            {
                "label": "CVEC 2026-2027",
                "amount_cents": 105_00,
                "fee_cents": 5_00,
                "until": "2026-09-27T21:59:59+00:00",
            },
        ),
    ),
    "cash.expired": MessageKind(topic=Topic.MONEY, samples=({"label": "CVEC 2026-2027"},)),
}

VERBS = {
    "cash.issue_notice": _("Vous avez demandé un avis de paiement à La Poste"),
    "cash.cancel_notice": _("Votre avis de paiement à La Poste a été annulé"),
    "cash.expire_notice": _("Votre avis de paiement à La Poste est périmé"),
    "cash.receive_file": _("Un fichier de La Poste a été reçu"),
    "cash.stop_file": _("La lecture d’un fichier de La Poste a été arrêtée"),
    "cash.resume_file": _("La lecture d’un fichier de La Poste a repris"),
    "cash.match_line": _("Un agent a rapproché de votre dossier une somme reçue à La Poste"),
    "cash.give_back_line": _("Un agent a décidé de vous rendre une somme reçue à La Poste"),
    "cash.close_line": _("Un agent a classé une somme reçue à La Poste"),
}
