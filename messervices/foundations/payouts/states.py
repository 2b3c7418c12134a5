"""Where payouts, runs and the bank's answers may stand, and the sentences of this room's deeds."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic
from messervices.kernel.money import Cents
from messervices.kernel.workflow import Workflow


class PayoutStatus(models.TextChoices):
    """Where a payout stands."""

    WAITING = "waiting", _("à confirmer")
    READY = "ready", _("prêt à partir")
    IN_RUN = "in_run", _("dans un lot")
    SENT = "sent", _("envoyé à la banque")
    ACCEPTED = "accepted", _("accepté par la banque")
    PAID = "paid", _("viré")
    RETURNED = "returned", _("revenu")
    CANCELLED = "cancelled", _("annulé")


AT_BANK = (PayoutStatus.SENT, PayoutStatus.ACCEPTED, PayoutStatus.PAID)
"""Statuses in which only the bank's news move a payout."""

HERE = (PayoutStatus.WAITING, PayoutStatus.READY, PayoutStatus.RETURNED)
"""Statuses in which nothing of a payout is in a file."""

PAYOUT_STEPS = Workflow(
    {
        "approve": ((PayoutStatus.WAITING,), PayoutStatus.READY),
        "cool": ((PayoutStatus.WAITING,), PayoutStatus.READY),
        "hold": ((PayoutStatus.WAITING, PayoutStatus.READY), PayoutStatus.WAITING),
        "gather": ((PayoutStatus.READY,), PayoutStatus.IN_RUN),
        "put_back": ((PayoutStatus.IN_RUN,), PayoutStatus.READY),
        "send": ((PayoutStatus.IN_RUN,), PayoutStatus.SENT),
        "accept": ((PayoutStatus.SENT,), PayoutStatus.ACCEPTED),
        "pay": ((PayoutStatus.SENT, PayoutStatus.ACCEPTED), PayoutStatus.PAID),
        "send_back": (AT_BANK, PayoutStatus.RETURNED),
        "order_again": ((PayoutStatus.RETURNED,), PayoutStatus.WAITING),
        "cancel": (HERE, PayoutStatus.CANCELLED),
    }
)


class Reason(models.TextChoices):
    """Why a payout waits for a second person; the values are those of ``rules.Why``."""

    AMOUNT = "amount", _("montant élevé")
    RECENT = "recent", _("coordonnées bancaires récentes")
    SHARED = "shared", _("compte donné par plusieurs personnes")
    HOLDER = "holder", _("titulaire au nom différent")
    FROZEN = "frozen", _("coordonnées bloquées, ou qui l’ont été")


class RunStatus(models.TextChoices):
    """Where a run stands. Two persons sign it before anything leaves."""

    DRAFTED = "drafted", _("à signer")
    SIGNED_ONCE = "signed_once", _("signé une fois")
    RELEASED = "released", _("signé, à transmettre")
    SENT = "sent", _("transmis")
    ANSWERED = "answered", _("la banque a répondu")
    DROPPED = "dropped", _("abandonné")


UNSENT = (RunStatus.DRAFTED, RunStatus.SIGNED_ONCE, RunStatus.RELEASED)
"""Statuses in which a run may be given up."""

RUN_STEPS = Workflow(
    {
        "sign_first": ((RunStatus.DRAFTED,), RunStatus.SIGNED_ONCE),
        "sign_second": ((RunStatus.SIGNED_ONCE,), RunStatus.RELEASED),
        "send": ((RunStatus.RELEASED,), RunStatus.SENT),
        "answer": ((RunStatus.SENT, RunStatus.ANSWERED), RunStatus.ANSWERED),
        "drop": (UNSENT, RunStatus.DROPPED),
    }
)


class Carrier(models.TextChoices):
    """How a file reached the bank."""

    BANK = "bank", _("par la liaison avec la banque")
    HAND = "hand", _("à la main")


class Ending(models.TextChoices):
    """How a line failed: refused before the money left, or sent back after."""

    REJECTED = "rejected", _("refusé par la banque")
    RETURNED = "returned", _("renvoyé par la banque du bénéficiaire")


class AnswerStatus(models.TextChoices):
    """Where an answer of the bank stands. Only ``new`` ones are read; ``unknown`` ones wait for an agent."""

    NEW = "new", _("à lire")
    DONE = "done", _("lue")
    UNKNOWN = "unknown", _("fichier ou virement inconnu")
    UNREADABLE = "unreadable", _("illisible")
    CLOSED = "closed", _("classée")


ANSWER_STEPS = Workflow(
    {
        "read": ((AnswerStatus.NEW,), AnswerStatus.DONE),
        "not_ours": ((AnswerStatus.NEW,), AnswerStatus.UNKNOWN),
        "give_up": ((AnswerStatus.NEW,), AnswerStatus.UNREADABLE),
        "close": ((AnswerStatus.UNKNOWN, AnswerStatus.UNREADABLE), AnswerStatus.CLOSED),
    }
)


@dataclass(frozen=True, slots=True)
class PayoutNews:
    """What a service is told when its payout moves (``on_payout``): everything, so that it asks nothing back.

    ``status``: ``ready``, ``accepted``, ``paid``, ``returned`` or ``cancelled``; ``reason`` is the bank's code of a
    return, or an agent's sentence. News may be repeated, and ``paid`` may be followed by ``returned``.
    """

    payout_id: int
    number: str
    kind: str
    reference: str
    person_id: int | None
    establishment_uai: str
    crous_id: int
    amount_cents: Cents
    status: str
    reason: str
    at: datetime


SURPLUS = "payouts.surplus"
"""The kind of the payouts that give a surplus back which its own rail could not: this room's own."""

SEE = "payouts:payout:see"
APPROVE = "payouts:payout:approve"
PREPARE = "payouts:run:prepare"
SIGN = "payouts:run:sign"

RIGHTS = {
    SEE: _("Voir les virements de son Crous"),
    APPROVE: _("Confirmer ou refuser un virement en seconde personne"),
    PREPARE: _("Préparer un lot de virements et le transmettre"),
    SIGN: _("Signer un lot de virements"),
}

_PAYOUT = {"label": "CVEC 2026-2027", "amount_cents": 105_00, "number": "VIR26-000001", "masked": "FR •••• 189"}
_PAGE = {"url": "https://messervices.example/payouts/details"}
_TOLD = {"masked": "FR •••• 189", "usable_from": "2026-08-31T12:00:00+00:00", "hours": 72}

MESSAGES = {
    "payouts.details_wanted": MessageKind(
        topic=Topic.MONEY, samples=({"label": "CVEC 2026-2027", "amount_cents": 105_00},)
    ),
    "payouts.details_told": MessageKind(
        topic=Topic.SECURITY,
        urgent=True,
        samples=(_TOLD | {"bank": "", "changed": False}, _TOLD | {"bank": "Banque d’ici", "changed": True} | _PAGE),
    ),
    "payouts.details_frozen": MessageKind(topic=Topic.SECURITY, samples=({"masked": "FR •••• 189"}, _TOLD | _PAGE)),
    "payouts.details_lifted": MessageKind(topic=Topic.SECURITY, samples=({"masked": "FR •••• 189"}, _TOLD | _PAGE)),
    "payouts.cancelled": MessageKind(topic=Topic.MONEY, samples=(_PAYOUT | {"reason": "Déjà versé."},)),
    "payouts.paid": MessageKind(topic=Topic.MONEY, samples=(_PAYOUT, _PAYOUT | _PAGE)),
    "payouts.returned": MessageKind(
        topic=Topic.MONEY, samples=(_PAYOUT | {"code": "AC04"}, _PAYOUT | {"code": "AM04"} | _PAGE)
    ),
}

VERBS = {
    "payouts.tell_details": _("Des coordonnées bancaires ont été données"),
    "payouts.freeze_details": _("Les coordonnées bancaires ont été bloquées"),
    "payouts.lift_freeze": _("Un agent a débloqué les coordonnées bancaires"),
    "payouts.read_iban": _("Un agent a lu l’IBAN en entier, pour confirmer un virement"),
    "payouts.order_payout": _("Un virement a été décidé"),
    "payouts.approve_payout": _("Un second agent a confirmé le virement"),
    "payouts.cancel_payout": _("Le virement a été annulé"),
    "payouts.order_again": _("Le virement est relancé"),
    "payouts.return_payout": _("La banque a renvoyé le virement"),
    "payouts.pay_out": _("La banque a fait le virement"),
    "payouts.gather_run": _("Un lot de virements a été préparé"),
    "payouts.sign_run": _("Un lot de virements a été signé"),
    "payouts.drop_run": _("Un lot de virements a été abandonné"),
    "payouts.send_file": _("Un fichier de virements a été transmis à la banque"),
    "payouts.take_file": _("Un fichier de virements a été téléchargé"),
    "payouts.close_answer": _("Un agent a classé une réponse de la banque"),
}
