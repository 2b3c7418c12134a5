"""Where an acquittement stands, why one is exempt, and what the verification answers."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic
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
        "void": ((Status.PAID,), Status.CANCELLED),
        "restore": ((Status.REFUNDED,), Status.PAID),
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


class RequestKind(models.TextChoices):
    """What a student may ask of the Crous about a year's CVEC."""

    EXEMPTION = "exemption", _("Exonération")
    REFUND = "refund", _("Remboursement")


class Ground(models.TextChoices):
    """On what ground it is asked. The first four exempt (L841-5 II 2°); the last three give back (D841-4)."""

    REFUGIE = "REFUGIE", _("Réfugié")
    PROT_SUB = "PROT_SUB", _("Bénéficiaire de la protection subsidiaire")
    PROT_TEMP = "PROT_TEMP", _("Bénéficiaire de la protection temporaire")
    ASILE = "ASILE", _("Demandeur d’asile autorisé à rester en France")
    SCHOLAR = "scholar", _("Devenu boursier dans l’année")
    EXEMPT = "exempt", _("Entré dans un autre cas d’exonération")
    NOT_LIABLE = "not_liable", _("Pas concerné par la CVEC")


GROUNDS = {
    RequestKind.EXEMPTION: (Ground.REFUGIE, Ground.PROT_SUB, Ground.PROT_TEMP, Ground.ASILE),
    RequestKind.REFUND: (Ground.SCHOLAR, Ground.EXEMPT, Ground.NOT_LIABLE),
}


class RequestStatus(models.TextChoices):
    """Where a request stands. The last two before the end are of refunds: the money is on its way, or came back."""

    DRAFT = "draft", _("à compléter")
    PROPOSED = "proposed", _("proposé")
    SUBMITTED = "submitted", _("à l’étude")
    MORE_PAPERS = "more_papers", _("pièce demandée")
    ACCEPTED = "accepted", _("accepté")
    RETURNED = "returned", _("virement revenu")
    PAID = "paid", _("remboursé")
    REFUSED = "refused", _("refusé")
    WITHDRAWN = "withdrawn", _("retiré")


CLOSED = (RequestStatus.REFUSED, RequestStatus.WITHDRAWN)
GRANTED = (RequestStatus.ACCEPTED, RequestStatus.RETURNED, RequestStatus.PAID)
_OPEN = (RequestStatus.DRAFT, RequestStatus.PROPOSED, RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS)

REQUEST_STEPS = Workflow(
    {
        "submit": ((RequestStatus.DRAFT, RequestStatus.PROPOSED, RequestStatus.MORE_PAPERS), RequestStatus.SUBMITTED),
        "ask_paper": ((RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS), RequestStatus.MORE_PAPERS),
        "accept": ((RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS), RequestStatus.ACCEPTED),
        "refuse": ((RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS), RequestStatus.REFUSED),
        "withdraw": (_OPEN, RequestStatus.WITHDRAWN),
        "pay": ((RequestStatus.ACCEPTED, RequestStatus.RETURNED), RequestStatus.PAID),
        "send_back": ((RequestStatus.ACCEPTED, RequestStatus.PAID), RequestStatus.RETURNED),
        "take_back": ((RequestStatus.ACCEPTED, RequestStatus.RETURNED), RequestStatus.REFUSED),
    }
)


class RegistrationStatus(models.TextChoices):
    """An establishment asks for access: both addresses are confirmed, then its Crous decides."""

    CONFIRMING = "confirming", _("adresses à confirmer")
    WAITING = "waiting", _("à valider par le Crous")
    ACCEPTED = "accepted", _("acceptée")
    REFUSED = "refused", _("refusée")


REGISTRATION_STEPS = Workflow(
    {
        "submit": ((RegistrationStatus.CONFIRMING,), RegistrationStatus.WAITING),
        "accept": ((RegistrationStatus.WAITING,), RegistrationStatus.ACCEPTED),
        "refuse": ((RegistrationStatus.WAITING,), RegistrationStatus.REFUSED),
    }
)


class RollStatus(models.TextChoices):
    """The life of a file of a yearly list."""

    STORED = "stored", _("reçu, en attente de lecture")
    READING = "reading", _("lecture en cours")
    CHECKING = "checking", _("vérification en cours")
    ASKING = "asking", _("à confirmer")
    TAKEN = "taken", _("pris en compte")
    STOPPED = "stopped", _("arrêté")
    UNREADABLE = "unreadable", _("illisible")


AT_WORK = (RollStatus.STORED, RollStatus.READING, RollStatus.CHECKING, RollStatus.ASKING)
"""Statuses in which a file keeps its list busy: no other file of it is at work."""

ROLL_STEPS = Workflow(
    {
        "read": ((RollStatus.STORED, RollStatus.READING), RollStatus.READING),
        "give_up": ((RollStatus.STORED, RollStatus.READING), RollStatus.UNREADABLE),
        "check": ((RollStatus.READING, RollStatus.CHECKING), RollStatus.CHECKING),
        "ask": ((RollStatus.CHECKING,), RollStatus.ASKING),
        "confirm": ((RollStatus.ASKING,), RollStatus.CHECKING),
        "take": ((RollStatus.CHECKING,), RollStatus.TAKEN),
        "stop": (AT_WORK, RollStatus.STOPPED),
        "resume": ((RollStatus.STOPPED,), RollStatus.STORED),
        "check_again": ((RollStatus.TAKEN,), RollStatus.CHECKING),
    }
)


class Unreadable(models.TextChoices):
    """Why a file could not be read at all; what to do stands in the sentence."""

    EMPTY = "empty", _("Le fichier est vide.")
    NOT_TEXT = "not_text", _("Ce n’est pas un fichier texte : dans le tableur, enregistrez-le au format CSV.")
    COLUMNS = (
        "columns",
        _("Les colonnes ne sont pas reconnues : il en faut six, dans l’ordre, ou une première ligne qui les nomme."),
    )
    TOO_LONG = "too_long", _("Il y a trop de lignes : déposez la liste en plusieurs fichiers.")


class BadLine(models.TextChoices):
    """Why a line of a list was refused, in the order in which it is looked at."""

    COLUMNS = "columns", _("Il manque des colonnes à cette ligne.")
    NAME_MISSING = "name_missing", _("Le nom de naissance manque.")
    BAD_DATE = "bad_date", _("La date de naissance n’est pas une date : écrivez-la 14/03/2008 ou 2008-03-14.")
    INE_INVALID = "ine_invalid", _("L’INE n’a pas la bonne forme, ou une faute de frappe s’y est glissée.")
    NUMBER_INVALID = (
        "number_invalid",
        _("Le numéro CVEC n’a pas la bonne forme, ou une faute de frappe s’y est glissée."),
    )
    NO_KEY = "no_key", _("Il faut le numéro CVEC, ou à défaut l’INE.")
    UAI_UNKNOWN = "uai_unknown", _("Ce code UAI n’existe pas dans le répertoire.")
    UAI_NOT_YOURS = (
        "uai_not_yours",
        _("Cet établissement n’est ni le vôtre, ni un établissement rattaché au vôtre et validé."),
    )
    NUMBER_UNKNOWN = "number_unknown", _("Aucune attestation ne porte ce numéro.")
    INE_UNKNOWN = "ine_unknown", _("Aucune attestation de l’année n’est connue pour cet INE.")
    OTHER_CAMPAIGN = "other_campaign", _("L’attestation est celle d’une autre année.")
    CANCELLED = "cancelled", _("L’attestation n’est plus valable.")
    NAME_MISMATCH = "name_mismatch", _("Le nom ne correspond pas à celui de l’attestation.")
    ALREADY_LISTED = "already_listed", _("L’étudiant est déjà inscrit pour cet établissement, par une autre liste.")
    DOUBLED = "doubled", _("L’étudiant est déjà inscrit plus haut dans ce fichier.")


AT_READING = (
    BadLine.COLUMNS, BadLine.NAME_MISSING, BadLine.BAD_DATE, BadLine.INE_INVALID, BadLine.NUMBER_INVALID,
    BadLine.NO_KEY,
)  # fmt: skip
"""Reasons that the line alone gives: checking again cannot change them."""


class Ending(models.TextChoices):
    """How a student’s line of a list came to its end."""

    REMOVED = "removed", _("retiré de la liste")
    CORRECTED = "corrected", _("corrigé")


class ShareClass(models.TextChoices):
    """What an establishment is for the sharing out; the reference for a student depends on it (D841-5)."""

    PUBLIC = "public", _("université ou établissement public du ministère")
    OTHER = "other", _("autre établissement public, consulaire ou privé d’intérêt général")
    NONE = "none", _("établissement à but lucratif : pas de part")


class SharingKind(models.TextChoices):
    """The two payments of a year (D841-6)."""

    REFERENCE = "reference", _("premier versement")
    BALANCE = "balance", _("solde")


class SharingStatus(models.TextChoices):
    """A sharing out is drawn, reviewed by somebody else, then final; only then is anything paid."""

    COUNTING = "counting", _("comptage en cours")
    DRAFT = "draft", _("à relire par une autre personne")
    REVIEWED = "reviewed", _("relue, à arrêter")
    FINAL = "final", _("arrêtée")
    DROPPED = "dropped", _("abandonnée")


SHARING_STEPS = Workflow(
    {
        "counted": ((SharingStatus.COUNTING,), SharingStatus.DRAFT),
        "review": ((SharingStatus.DRAFT,), SharingStatus.REVIEWED),
        "finalise": ((SharingStatus.REVIEWED,), SharingStatus.FINAL),
        "drop": ((SharingStatus.COUNTING, SharingStatus.DRAFT, SharingStatus.REVIEWED), SharingStatus.DROPPED),
    }
)


class ShareStatus(models.TextChoices):
    """How far the payment of a share is; once ordered, it follows the transfer."""

    PLANNED = "planned", _("pas encore ordonnée")
    NOTHING = "nothing", _("rien à verser")
    NO_ACCOUNT = "no_account", _("attend les coordonnées bancaires")
    ORDERED = "ordered", _("virement ordonné")
    PAID = "paid", _("versée")
    RETURNED = "returned", _("revenue : un autre compte est demandé")
    CANCELLED = "cancelled", _("virement annulé")


SHARE_OF_PAYOUT = {
    "ready": ShareStatus.ORDERED, "accepted": ShareStatus.ORDERED, "paid": ShareStatus.PAID,
    "returned": ShareStatus.RETURNED, "cancelled": ShareStatus.CANCELLED,
}  # fmt: skip
"""What the news of a transfer makes of its share."""


class Right(StrEnum):
    """What an agent may be allowed to do here."""

    SEE = "cvec:acquittement:see"
    ADMIT = "cvec:establishment:admit"
    DECIDE = "cvec:request:decide"
    SHARE = "cvec:share:prepare"
    CHECK_SHARE = "cvec:share:review"


RIGHTS = {
    Right.SEE: _("Voir les CVEC et leurs attestations"),
    Right.ADMIT: _("Valider les établissements et voir leurs listes"),
    Right.DECIDE: _("Décider des exonérations et des remboursements de CVEC"),
    Right.SHARE: _("Préparer le partage de la CVEC et voir les parts"),
    Right.CHECK_SHARE: _("Relire et arrêter le partage de la CVEC"),
}

_ASKED = {"year": "2026-2027"}
_NOMINEE = {
    "establishment": "École de la Rivière",
    "first_name": "Mme Durand",
    "url": "https://messervices.example/cvec/establishment/confirm/abc",
}
_SHARE = {"establishment": "École de la Rivière", "year": "2026-2027", "path": "/cvec/space/0750001A/shares/"}

MESSAGES = {
    "cvec.certificate": MessageKind(
        topic=Topic.PAPER,
        samples=(
            {"year": "2026-2027", "number": "VER6ABCDEFGHJ", "exempt": False},
            {"year": "2026-2027", "number": "VER6ABCDEFGHJ", "exempt": True},
        ),
    ),
    "cvec.nominee": MessageKind(samples=(_NOMINEE,)),
    "cvec.admitted": MessageKind(samples=(_NOMINEE | {"known": True}, _NOMINEE | {"known": False})),
    "cvec.not_admitted": MessageKind(samples=(_NOMINEE | {"reason": "Le second référent manque."},)),
    "cvec.request_received": MessageKind(
        topic=Topic.FOLLOW_UP, samples=(_ASKED | {"refund": True}, _ASKED | {"refund": False})
    ),
    "cvec.request_wants": MessageKind(
        samples=(
            _ASKED | {"refund": True, "wanted": "La notification définitive de bourse.", "wanted_by": "2026-11-20"},
        )
    ),
    "cvec.request_accepted": MessageKind(
        samples=(_ASKED | {"refund": True, "amount_cents": 105_00}, _ASKED | {"refund": False, "amount_cents": 0})
    ),
    "cvec.request_refused": MessageKind(
        samples=(_ASKED | {"refund": True, "reason": "La notification est d’une autre année."},)
    ),
    "cvec.refund_proposed": MessageKind(topic=Topic.MONEY, samples=(_ASKED | {"until": "2027-05-31"},)),
    "cvec.share": MessageKind(samples=(_SHARE | {"first": True}, _SHARE | {"first": False})),
}

VERBS = {
    "cvec.choose_city": _("Vous avez indiqué votre ville d’études"),
    "cvec.open_acquittement": _("Vous avez commencé l’acquittement de votre CVEC"),
    "cvec.move_acquittement": _("Le Crous de votre CVEC a changé avec votre ville d’études"),
    "cvec.confirm_payment": _("CVEC acquittée par paiement"),
    "cvec.grant_exemption": _("CVEC acquittée par exonération"),
    "cvec.close_unpaid": _("Votre CVEC non payée a été refermée"),
    "cvec.check_certificate": _("Un établissement a vérifié votre attestation de CVEC"),
    "cvec.open_request": _("Vous avez commencé une demande au sujet de votre CVEC"),
    "cvec.propose_refund": _("Le remboursement de votre CVEC vous est proposé"),
    "cvec.submit_request": _("Votre demande au sujet de la CVEC est envoyée au Crous"),
    "cvec.withdraw_request": _("Vous avez retiré votre demande"),
    "cvec.ask_paper": _("Le Crous vous demande une pièce"),
    "cvec.accept_request": _("Votre demande est acceptée"),
    "cvec.refuse_request": _("Votre demande est refusée"),
    "cvec.refund": _("Votre CVEC est remboursée : l’attestation reste valable"),
    "cvec.void": _("Votre CVEC n’était pas due : elle est remboursée, l’attestation ne vaut plus"),
    "cvec.take_back_refund": _("Le remboursement de votre CVEC ne sera pas fait"),
    "cvec.load_terms": _("Paramètres du partage chargés"),
    "cvec.class_beneficiary": _("Un établissement est classé pour le partage"),
    "cvec.draw_sharing": _("Un partage est préparé"),
    "cvec.review_sharing": _("Un partage est relu"),
    "cvec.finalise_sharing": _("Un partage est arrêté"),
    "cvec.drop_sharing": _("Un partage est abandonné"),
    "cvec.order_share": _("Le versement d’une part est ordonné"),
    "cvec.ask_registration": _("Un établissement demande un accès"),
    "cvec.confirm_nominee": _("Un référent a confirmé son adresse"),
    "cvec.accept_registration": _("L’accès d’un établissement est accepté"),
    "cvec.refuse_registration": _("L’accès d’un établissement est refusé"),
    "cvec.declare_daughter": _("Un établissement rattaché est déclaré"),
    "cvec.decide_affiliation": _("Un rattachement est validé ou refusé"),
    "cvec.make_key": _("Une clé d’accès au service est créée"),
    "cvec.end_key": _("Une clé d’accès au service est retirée"),
    "cvec.receive_file": _("Une liste d’étudiants est déposée"),
    "cvec.stop_file": _("Le traitement d’une liste est arrêté"),
    "cvec.confirm_file": _("Les retraits d’une liste sont confirmés"),
    "cvec.resume_file": _("Le traitement d’une liste reprend"),
    "cvec.take_file": _("Une liste d’étudiants est prise en compte"),
    "cvec.check_again": _("Les lignes refusées d’une liste sont vérifiées à nouveau"),
    "cvec.read_roll": _("La liste des étudiants en règle est consultée"),
    "cvec.list_student": _("Votre établissement vous a inscrit sur sa liste CVEC : il voit si vous êtes en règle"),
}
