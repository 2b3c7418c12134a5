"""Where bank files, what they say and what does not fit may stand; the accountant's rights, and this room's deeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.workflow import Workflow


class FileKind(models.TextChoices):
    """What a file is, told from its first bytes."""

    STATEMENT = "statement", _("relevé de compte (camt.053)")
    NOTICE = "notice", _("avis d’opérations (camt.054)")
    SETTLEMENT = "settlement", _("remise (fichier de règlement)")
    UNKNOWN = "unknown", _("fichier non reconnu")


class FileStatus(models.TextChoices):
    """Where a file stands. It is kept before it is read, and read whole before a line of it is written."""

    KEPT = "kept", _("reçu, à lire")
    LOADING = "loading", _("lecture en cours")
    DONE = "done", _("enregistré")
    REFUSED = "refused", _("refusé en entier")


FILE_STEPS = Workflow(
    {
        "accept": ((FileStatus.KEPT,), FileStatus.LOADING),
        "finish": ((FileStatus.LOADING,), FileStatus.DONE),
        "refuse": ((FileStatus.KEPT, FileStatus.LOADING), FileStatus.REFUSED),
    }
)


class Fault(models.TextChoices):
    """Why a file was refused, whole."""

    NOT_KNOWN = "not_known", _("Ce n’est ni un relevé camt.053, ni un avis camt.054, ni un fichier de règlement.")
    NOT_XML = "not_xml", _("Le fichier est coupé ou abîmé : ce n’est pas un XML complet.")
    ENCODING = "encoding", _("Le fichier n’est pas écrit en UTF-8.")
    UNSAFE = "unsafe", _("Le fichier contient une déclaration DOCTYPE ou une entité : aucune banque n’en met.")
    SCHEMA = "schema", _("Le fichier ne suit pas le schéma ISO 20022 de sa version.")
    SHAPE = "shape", _("Une ligne n’a pas la forme attendue.")
    ORDER = "order", _("Les lignes ne sont pas dans l’ordre, ou il en manque une.")
    TOTALS = "totals", _("Les totaux annoncés ne sont pas ceux des lignes : fichier coupé ou modifié.")
    BALANCES = "balances", _("Le solde d’ouverture et les lignes ne donnent pas le solde de clôture.")
    CURRENCY = "currency", _("Le compte ou une ligne du relevé n’est pas en euros.")
    ACCOUNT = "account", _("Ce compte bancaire n’est pas un compte de ce Crous.")
    CONTRACT = "contract", _("Ce contrat d’encaissement n’est pas connu de ce Crous.")
    ALREADY = "already", _("Ce relevé ou cette remise est déjà enregistré, par un autre fichier.")
    TOO_BIG = "too_big", _("Le fichier est trop gros.")


class LineKind(models.TextChoices):
    """What a line of a settlement speaks of."""

    PAYMENT = "payment", _("paiement")
    REFUND = "refund", _("remboursement")
    CHARGE_BACK = "charge_back", _("impayé")


class MatchedBy(models.TextChoices):
    """How the bank's credit of a settlement is known: the bank repeats its reference, or it does not."""

    REFERENCE = "reference", _("par la référence de la remise")
    DAY = "day", _("par le montant et le jour")


class Match(models.TextChoices):
    """What an entry of the bank was found to be."""

    SETTLEMENT = "settlement", _("une remise")
    CASH = "cash", _("des espèces reçues par La Poste")
    RUN = "run", _("un envoi de virements")
    PAYOUT = "payout", _("un virement")
    RETURN = "return", _("un virement revenu")


class MismatchKind(models.TextChoices):
    """What does not fit. Each has one next action (``NEXT``)."""

    MISSING_AT_BANK = "missing_at_bank", _("Encaissé ici, absent des remises")
    MISSING_HERE = "missing_here", _("Dans une remise, inconnu ici")
    DOUBLED = "doubled", _("Compté deux fois")
    OTHER_AMOUNT = "other_amount", _("Autre montant")
    OTHER_DAY = "other_day", _("Autre jour")
    OTHER_CURRENCY = "other_currency", _("Autre monnaie")
    CHARGE_BACK = "charge_back", _("Impayé : la banque reprend l’argent")
    UNKNOWN_REFERENCE = "unknown_reference", _("Référence inconnue sur le compte")
    FEE_UNEXPECTED = "fee_unexpected", _("Frais inattendus")
    RETURN_UNKNOWN = "return_unknown", _("Retour d’un virement inconnu")
    NOT_CREDITED = "not_credited", _("Annoncé, pas encore sur le compte")
    CHAIN_BROKEN = "chain_broken", _("Les soldes ne se suivent pas")


NEXT = {
    MismatchKind.MISSING_AT_BANK: _("Demandez au prestataire dans quelle remise elle est partie."),
    MismatchKind.MISSING_HERE: _("Faites interroger la banque : si l’argent est là, le paiement sera enregistré."),
    MismatchKind.DOUBLED: _("Faites annuler la seconde par la banque, puis classez."),
    MismatchKind.OTHER_AMOUNT: _("Comparez les deux pièces, puis passez la différence."),
    MismatchKind.OTHER_DAY: _("Vérifiez la date convenue avec la banque, puis classez."),
    MismatchKind.OTHER_CURRENCY: _("Demandez à la banque la contre-valeur en euros."),
    MismatchKind.CHARGE_BACK: _("Contestez auprès de la banque, ou prévenez le service pour annuler le droit."),
    MismatchKind.UNKNOWN_REFERENCE: _("Cherchez d’où vient la somme, puis imputez-la."),
    MismatchKind.FEE_UNEXPECTED: _("Comparez au contrat, puis demandez un avoir ou corrigez le tarif."),
    MismatchKind.RETURN_UNKNOWN: _("Retrouvez le virement d’origine, puis refaites-le ou imputez la somme."),
    MismatchKind.NOT_CREDITED: _("Demandez à la banque où est le versement."),
    MismatchKind.CHAIN_BROKEN: _("Importez le relevé manquant."),
}
"""The one next thing to do about each."""


class MismatchStatus(models.TextChoices):
    """Where a mismatch stands. ``cleared``: what was missing came, and nobody had to do anything."""

    OPEN = "open", _("à traiter")
    PROPOSED = "proposed", _("à confirmer par une seconde personne")
    RESOLVED = "resolved", _("classé")
    CLEARED = "cleared", _("expliqué de lui-même")


MISMATCH_STEPS = Workflow(
    {
        "propose": ((MismatchStatus.OPEN,), MismatchStatus.PROPOSED),
        "resolve": ((MismatchStatus.OPEN, MismatchStatus.PROPOSED), MismatchStatus.RESOLVED),
        "withdraw": ((MismatchStatus.PROPOSED,), MismatchStatus.OPEN),
        "clear": (
            (MismatchStatus.OPEN, MismatchStatus.PROPOSED, MismatchStatus.RESOLVED),
            MismatchStatus.CLEARED,
        ),
    }
)

WAITING = (MismatchStatus.OPEN, MismatchStatus.PROPOSED)

SEE, IMPORT = "treasury:book:see", "treasury:file:import"
RESOLVE, CONFIRM = "treasury:mismatch:resolve", "treasury:mismatch:confirm"
SET_ACCOUNT = "treasury:account:set"

RIGHTS = {
    SEE: _("Suivre l’argent : feuilles de journée, comptes d’attente, relevés, suivi d’un euro"),
    IMPORT: _("Importer les relevés et les remises"),
    RESOLVE: _("Traiter les écarts de rapprochement"),
    CONFIRM: _("Confirmer en second le traitement d’un gros écart"),
    SET_ACCOUNT: _("Déclarer les comptes bancaires et les contrats d’encaissement"),
}

VERBS = {
    "treasury.keep_file": _("Un fichier de la banque a été importé"),
    "treasury.refuse_file": _("Un fichier de la banque a été refusé"),
    "treasury.load_file": _("Un fichier de la banque a été enregistré"),
    "treasury.propose_resolution": _("Le traitement d’un écart attend une seconde personne"),
    "treasury.withdraw_resolution": _("Le traitement proposé d’un écart a été retiré"),
    "treasury.resolve_mismatch": _("Un écart a été classé"),
    "treasury.set_account": _("Un compte bancaire a été déclaré"),
    "treasury.close_account": _("Un compte bancaire a été fermé"),
    "treasury.set_contract": _("Un contrat d’encaissement a été déclaré"),
}
