"""Where an acquittement stands, why one is exempt, and what the verification answers."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.workflow import Workflow


class Status(models.TextChoices):
    """The life of an acquittement: one for each person and academic year, unless it is cancelled."""

    AWAITING_PAYMENT = "awaiting_payment", _("à payer")
    PAID = "paid", _("payée")
    EXEMPT = "exempt", _("exonérée")
    REFUNDED = "refunded", _("remboursée")
    CANCELLED = "cancelled", _("annulée")


VALID = (Status.PAID, Status.EXEMPT, Status.REFUNDED)
"""Statuses whose certificate opens an enrolment; a refunded one does (state 98 of the Cnous' API CVEC 4.1.24)."""

STEPS = Workflow(
    {
        "pay": ((Status.AWAITING_PAYMENT,), Status.PAID),
        "exempt": ((Status.AWAITING_PAYMENT,), Status.EXEMPT),
        "move": ((Status.AWAITING_PAYMENT,), Status.AWAITING_PAYMENT),
        "cancel": ((Status.AWAITING_PAYMENT,), Status.CANCELLED),
        "refund": ((Status.PAID,), Status.REFUNDED),
    }
)


class Motive(models.TextChoices):
    """Why somebody owes nothing (code de l’éducation, L841-5 II). The codes are ours."""

    BCS = "BCS", _("Bourse sur critères sociaux")
    ASAA = "ASAA", _("Allocation spécifique annuelle")
    REFUGIE = "REFUGIE", _("Réfugié")
    PROT_SUB = "PROT_SUB", _("Bénéficiaire de la protection subsidiaire")
    PROT_TEMP = "PROT_TEMP", _("Bénéficiaire de la protection temporaire")
    ASILE = "ASILE", _("Demandeur d’asile autorisé à rester en France")
    PREPA_DEF = "PREPA_DEF", _("Élève d’un lycée de la défense dispensé de droits")


ON_FACT = (Motive.BCS, Motive.ASAA)
"""Motives that the platform knows by itself; the others are granted on request."""

CANCELLED_CODE = 99
"""Ours: the network lists the valid codes only, and says that any other one is not valid."""


def certificate_code(status: str, motive: str = "", *, by_third_party: bool = False) -> int:
    """Give the state that a verification answers for an acquittement that has a certificate.

    70 valid without detail, 71 scholarship, 73 exempted on request, 75 paid, 76 paid by somebody else, 98 refunded
    (the Cnous' API CVEC 4.1.24); 99 when the certificate is worth nothing any more.
    """
    if status == Status.PAID:
        return 76 if by_third_party else 75
    if status == Status.EXEMPT:
        return 71 if motive in ON_FACT else 73 if motive in Motive.values else 70
    return 98 if status == Status.REFUNDED else CANCELLED_CODE


class Right(StrEnum):
    """What an agent may be allowed to do here."""

    SEE = "cvec:acquittement:see"


RIGHTS = {Right.SEE: _("Voir les CVEC et leurs attestations")}

VERBS = {
    "cvec.choose_city": _("Vous avez indiqué votre ville d’études"),
    "cvec.open_acquittement": _("Vous avez commencé l’acquittement de votre CVEC"),
    "cvec.move_acquittement": _("Le Crous de votre CVEC a changé avec votre ville d’études"),
    "cvec.confirm_payment": _("CVEC acquittée par paiement"),
    "cvec.grant_exemption": _("CVEC acquittée par exonération"),
    "cvec.close_unpaid": _("Votre CVEC non payée a été refermée"),
    "cvec.check_certificate": _("Un établissement a vérifié votre attestation de CVEC"),
}
