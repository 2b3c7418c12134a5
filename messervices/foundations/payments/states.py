"""Where orders, attempts, notices and refunds may stand, and the sentences of this room's deeds.

Three things are kept apart on purpose: what we *know* (captured, refused), what we *do not know yet* (unconfirmed:
the bank is silent) and what *does not fit* (doubtful: an agent looks at it).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic
from messervices.kernel.money import Cents
from messervices.kernel.workflow import Workflow


class RailName(models.TextChoices):
    """The ways money comes in."""

    LYRA = "lyra", _("Carte bancaire")
    STRIPE = "stripe", _("Carte bancaire (Stripe)")
    PAYFIP = "payfip", _("PayFiP, le service de paiement de l’État")
    EFICASH = "eficash", _("Espèces à La Poste")


PAID_BY = {
    RailName.LYRA: _("carte bancaire"),
    RailName.STRIPE: _("carte bancaire"),
    RailName.PAYFIP: _("PayFiP, le service de paiement de l’État"),
    RailName.EFICASH: _("espèces à La Poste"),
}
"""What a receipt says of how the money came: which bank of ours read the card is no matter of who paid."""

CARD = "card"
"""The means that a person chooses when any bank will do, the first that answers."""

MEANS = {CARD: (RailName.LYRA, RailName.STRIPE), RailName.PAYFIP.value: (RailName.PAYFIP,)}
"""What a person chooses, and the rails that serve it; in which order, ``PAYMENT_RAILS`` says."""


class OrderStatus(models.TextChoices):
    """Where an order stands. Money that comes for an order that is not open is surplus, and goes back."""

    OPEN = "open", _("à payer")
    PAID = "paid", _("payé")
    CANCELLED = "cancelled", _("annulé")


ORDER_STEPS = Workflow(
    {
        "pay": ((OrderStatus.OPEN,), OrderStatus.PAID),
        "cancel": ((OrderStatus.OPEN,), OrderStatus.CANCELLED),
    }
)


class AttemptStatus(models.TextChoices):
    """Where an attempt stands. The first three are live: their outcome is not known for certain."""

    BEGUN = "begun", _("chez la banque")
    UNCONFIRMED = "unconfirmed", _("en attente de la banque")
    DOUBTFUL = "doubtful", _("en cours de vérification")
    CAPTURED = "captured", _("payé")
    REFUSED = "refused", _("refusé")
    ABANDONED = "abandoned", _("abandonné")
    EXPIRED = "expired", _("expiré")


LIVE = (AttemptStatus.BEGUN, AttemptStatus.UNCONFIRMED, AttemptStatus.DOUBTFUL)
_WITHOUT_MONEY = (*LIVE, AttemptStatus.REFUSED, AttemptStatus.ABANDONED, AttemptStatus.EXPIRED)

ATTEMPT_STEPS = Workflow(
    {
        "come_back": ((AttemptStatus.BEGUN,), AttemptStatus.UNCONFIRMED),
        "reopen": ((AttemptStatus.UNCONFIRMED,), AttemptStatus.BEGUN),
        "wait": ((AttemptStatus.BEGUN, AttemptStatus.UNCONFIRMED), AttemptStatus.UNCONFIRMED),
        "doubt": (LIVE, AttemptStatus.DOUBTFUL),
        "refuse": (LIVE, AttemptStatus.REFUSED),
        "abandon": (LIVE, AttemptStatus.ABANDONED),
        "expire": (LIVE, AttemptStatus.EXPIRED),
        # The bank may take the money after it, or we, had given the attempt up: money is booked all the same.
        "capture": (_WITHOUT_MONEY, AttemptStatus.CAPTURED),
    }
)


class Verdict(models.TextChoices):
    """What the look at a notice's raw bytes gave."""

    GOOD = "good", _("authentique")
    FORGED = "forged", _("fausse signature")
    UNREADABLE = "unreadable", _("illisible")
    FOREIGN = "foreign", _("autre boutique")
    STALE = "stale", _("trop ancien")
    HINT = "hint", _("non signé : la banque est interrogée")


class EventStatus(models.TextChoices):
    """Where an outside event stands. Only ``new`` ones are read; ``unknown`` and ``incident`` wait for an agent."""

    NEW = "new", _("à lire")
    DONE = "done", _("lu")
    UNKNOWN = "unknown", _("commande inconnue")
    INCIDENT = "incident", _("à vérifier")
    REFUSED = "refused", _("écarté")
    CLOSED = "closed", _("classé")


WAITING_FOR_AGENT = (EventStatus.UNKNOWN, EventStatus.INCIDENT)

EVENT_STEPS = Workflow(
    {
        "read": ((EventStatus.NEW,), EventStatus.DONE),
        "not_ours": ((EventStatus.NEW,), EventStatus.UNKNOWN),
        "question": ((EventStatus.NEW,), EventStatus.INCIDENT),
        "trust": ((EventStatus.REFUSED,), EventStatus.NEW),
        "close": (WAITING_FOR_AGENT, EventStatus.CLOSED),
    }
)


class EventKind(models.TextChoices):
    """A notice that the bank sent, or its answer to a question of ours."""

    NOTICE = "notice", _("avis de la banque")
    ANSWER = "answer", _("réponse de la banque")


class Effect(models.TextChoices):
    """What an outside event did here."""

    CAPTURED = "captured", _("paiement enregistré")
    SURPLUS = "surplus", _("payé en trop, à rendre")
    REPEATED = "repeated", _("déjà connu")
    ENDED = "ended", _("tentative terminée")
    WAITING = "waiting", _("en attente de la banque")
    LATE = "late", _("arrivé après la fin, sans effet")
    OTHER_AMOUNT = "other_amount", _("montant différent")
    REVERSED = "reversed", _("paiement annulé par la banque")
    UNCLEAR = "unclear", _("mot inconnu de la banque")
    UNKNOWN_ORDER = "unknown_order", _("commande inconnue")
    GIVEN_BACK = "given_back", _("remboursement confirmé")
    NOTED = "noted", _("ne parle d’aucun paiement")


QUESTIONS = (Effect.OTHER_AMOUNT, Effect.REVERSED, Effect.UNCLEAR)
"""Effects that an agent must look at."""


class LinkStatus(models.TextChoices):
    """Where a payer's link stands. The first two are live; what has ended never begins again: another link is made."""

    OPEN = "open", _("envoyé à un proche")
    ACCEPTED = "accepted", _("accepté par le proche")
    PAID = "paid", _("payé par le proche")
    REFUSED = "refused", _("refusé par le proche")
    CANCELLED = "cancelled", _("annulé")
    EXPIRED = "expired", _("délai passé")


LINK_LIVE = (LinkStatus.OPEN, LinkStatus.ACCEPTED)
LINK_OVER = (LinkStatus.REFUSED, LinkStatus.CANCELLED, LinkStatus.EXPIRED)
"""Money that comes by a link that ended so is not kept: it goes back."""

LINK_STEPS = Workflow(
    {
        "accept": (LINK_LIVE, LinkStatus.ACCEPTED),
        "pay": ((LinkStatus.ACCEPTED,), LinkStatus.PAID),
        "refuse": (LINK_LIVE, LinkStatus.REFUSED),
        "cancel": (LINK_LIVE, LinkStatus.CANCELLED),
        "expire": (LINK_LIVE, LinkStatus.EXPIRED),
    }
)


class Payer(models.TextChoices):
    """Who paid: the student, or somebody who got a link from them."""

    STUDENT = "student", _("l’étudiant")
    THIRD_PARTY = "third_party", _("un proche, par un lien")


class RefundStatus(models.TextChoices):
    """Where money to give back stands. ``sending`` means that the bank was asked: the outcome may be unknown."""

    QUEUED = "queued", _("à rendre")
    SENDING = "sending", _("demandé à la banque")
    GIVEN = "given", _("rendu")
    FAILED = "failed", _("refusé par la banque")
    MOVED = "moved", _("rendu par virement")


REFUND_STEPS = Workflow(
    {
        "send": ((RefundStatus.QUEUED, RefundStatus.SENDING), RefundStatus.SENDING),
        "confirm": ((RefundStatus.SENDING,), RefundStatus.GIVEN),
        "fail": ((RefundStatus.SENDING,), RefundStatus.FAILED),
        "retry": ((RefundStatus.FAILED,), RefundStatus.QUEUED),
        "move": ((RefundStatus.FAILED, RefundStatus.MOVED), RefundStatus.MOVED),
    }
)


class RefundReason(models.TextChoices):
    """Why money goes back by itself."""

    ALREADY_PAID = "already_paid", _("déjà payé")
    ORDER_CLOSED = "order_closed", _("commande annulée")
    AMOUNT_CHANGED = "amount_changed", _("montant changé entre-temps")
    LINK_OVER = "link_over", _("lien de paiement refermé")


@dataclass(frozen=True, slots=True)
class Paid:
    """What a service is told when its order is paid (``on_paid``): everything, so that it asks nothing back."""

    order_id: int
    number: str
    kind: str
    reference: str
    person_id: int
    crous_id: int
    amount_cents: Cents
    rail: str
    rail_tx_id: str
    taken_at: datetime
    payer: Payer = Payer.STUDENT


RIGHTS = {
    "payments:event:close": _("Classer un avis de la banque"),
    "payments:refund:retry": _("Relancer un remboursement"),
}

MESSAGES = {
    "payments.surplus": MessageKind(
        topic=Topic.MONEY,
        samples=tuple(
            {"label": "CVEC 2026-2027", "amount_cents": 105_00, "reason": reason, "by_transfer": by_transfer}
            for reason in ("already_paid", "order_closed", "amount_changed", "link_over")
            for by_transfer in (False, True)
        ),
    ),
    "payments.link_expired": MessageKind(
        topic=Topic.MONEY, samples=({"label": "CVEC 2026-2027", "amount_cents": 105_00},)
    ),
    "payments.link_refused": MessageKind(
        topic=Topic.MONEY,
        samples=tuple(
            {"label": "CVEC 2026-2027", "amount_cents": 105_00, "word": word} for word in ("", "Pas ce mois-ci.")
        ),
    ),
    "payments.payer_link": MessageKind(
        topic=Topic.MONEY,
        samples=(
            {
                "first_name_asking": "Lina",
                "label": "CVEC 2026-2027",
                "amount_cents": 105_00,
                "until": "2026-08-30T12:00:00+00:00",
                "url": "https://messervices.example/pay/link/abc",
                "relayed": True,
            },
        ),
    ),
    "payments.payer_receipt": MessageKind(
        topic=Topic.PAPER,
        samples=tuple(
            {
                "name": name,
                "student": "Lina",
                "label": "CVEC 2026-2027",
                "number": "CV26-000001",
                "office": "Crous de Versailles",
                "amount_cents": 105_00,
                "tx_id": "1234abcd",
                "paid_at": "2026-08-28T12:00:00+00:00",
            }
            for name in ("", "Amina Benali")
        ),
    ),
    "payments.given_back": MessageKind(
        topic=Topic.FOLLOW_UP, samples=({"label": "CVEC 2026-2027", "amount_cents": 105_00},)
    ),
}

VERBS = {
    "payments.cancel_order": _("Un paiement à faire a été annulé"),
    "payments.book_surplus": _("Un paiement en trop a été reçu ; il vous est rendu"),
    "payments.give_back": _("Le paiement en trop a été rendu sur la carte"),
    "payments.meet_incident": _("Un avis de la banque est vérifié par un agent"),
    "payments.close_event": _("Un agent a classé un avis de la banque"),
    "payments.retry_refund": _("Un agent a relancé un remboursement"),
    "payments.move_refund": _("Un agent vous rend un paiement en trop par virement"),
    "payments.open_link": _("Vous avez demandé un lien pour qu’un proche paie"),
    "payments.mail_link": _("Nous avons envoyé le lien de paiement à l’adresse que vous avez donnée"),
    "payments.accept_link": _("La personne qui a reçu votre lien a commencé à payer"),
    "payments.refuse_link": _("La personne qui a reçu votre lien a refusé de payer"),
    "payments.cancel_link": _("Votre lien de paiement a été annulé"),
    "payments.expire_link": _("Le délai de votre lien de paiement est passé"),
}
