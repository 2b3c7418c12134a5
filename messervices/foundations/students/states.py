"""Kinds of facts and identifiers, their statuses, and the sentences of this room's deeds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.workflow import Workflow


class FactKind(models.TextChoices):
    """What may be known of a person. A closed list: a service that needs another fact adds its kind here."""

    BIRTH_NAME = "birth_name", _("Nom de naissance")
    USUAL_NAME = "usual_name", _("Nom d’usage")
    FIRST_NAMES = "first_names", _("Prénoms")
    BIRTH_ON = "birth_on", _("Date de naissance")
    BIRTH_PLACE = "birth_place", _("Lieu de naissance")
    CIVILITY = "civility", _("Civilité")
    NATIONALITY = "nationality", _("Nationalité")
    STUDY_CITY = "study_city", _("Ville d’études")
    BOURSIER = "boursier", _("Bourse sur critères sociaux")
    ANNUAL_ALLOWANCE = "annual_allowance", _("Allocation annuelle")
    CVEC_ACQUITTEE = "cvec_acquittee", _("CVEC acquittée")
    ESTABLISHMENT = "establishment", _("Établissement")


IDENTITY_KINDS = (
    FactKind.BIRTH_NAME,
    FactKind.USUAL_NAME,
    FactKind.FIRST_NAMES,
    FactKind.BIRTH_ON,
    FactKind.BIRTH_PLACE,
    FactKind.CIVILITY,
    FactKind.NATIONALITY,
)


class Certainty(models.TextChoices):
    """How sure a fact is."""

    DECLARED = "declared", _("déclaré")
    VERIFIED = "verified", _("vérifié")


class Civility(models.TextChoices):
    """Civility as the certificate and the verification service write it; it may be left unsaid."""

    MADAME = "F", _("Madame")
    MONSIEUR = "M", _("Monsieur")
    UNSAID = "", _("Je préfère ne pas le dire")


class Scheme(models.TextChoices):
    """The five shapes of an INE; ``rules.py`` reads them."""

    RNIE = "rnie", _("INE national")
    BEA = "bea", _("INE de l’académie")
    NNE = "nne", _("INE de l’université")
    SIFA = "sifa", _("INE d’apprenti")
    PROVISIONAL = "provisional", _("INE provisoire")


class IdentifierStatus(models.TextChoices):
    """Where an identifier stands. One that is ``disputed`` belongs to nobody until an agent decides."""

    DECLARED = "declared", _("déclaré")
    TO_VERIFY = "to_verify", _("à vérifier")
    VERIFIED = "verified", _("vérifié")
    DISPUTED = "disputed", _("en cours d’examen")
    SUPERSEDED = "superseded", _("remplacé")
    REFUSED = "refused", _("refusé")


HOLDING = (IdentifierStatus.DECLARED, IdentifierStatus.TO_VERIFY, IdentifierStatus.VERIFIED)
"""Statuses in which a number is one person's, and nobody else's."""

IDENTIFIER_STEPS = Workflow(
    {
        "verify": ((IdentifierStatus.DECLARED, IdentifierStatus.TO_VERIFY), IdentifierStatus.VERIFIED),
        "supersede": (HOLDING, IdentifierStatus.SUPERSEDED),
        "grant": ((IdentifierStatus.DISPUTED,), IdentifierStatus.VERIFIED),
        "refuse": ((IdentifierStatus.DISPUTED, *HOLDING), IdentifierStatus.REFUSED),
    }
)


class CaseStatus(models.TextChoices):
    """Where the case of two claims on one INE stands."""

    OPEN = "open", _("à décider")
    ASKED = "asked", _("pièce demandée")
    GRANTED = "granted", _("attribué au demandeur")
    REFUSED = "refused", _("laissé au premier titulaire")


CASE_STEPS = Workflow(
    {
        "ask": ((CaseStatus.OPEN, CaseStatus.ASKED), CaseStatus.ASKED),
        "grant": ((CaseStatus.OPEN, CaseStatus.ASKED), CaseStatus.GRANTED),
        "refuse": ((CaseStatus.OPEN, CaseStatus.ASKED), CaseStatus.REFUSED),
    }
)

VERBS = {
    "students.tell_identity": _("Vous avez dit qui vous êtes"),
    "students.correct_identity": _("Vous avez corrigé vos informations"),
    "students.correct_fact": _("Un agent a corrigé une information"),
    "students.verify_number": _("Un agent a vérifié votre numéro INE"),
    "students.open_case": _("Votre numéro INE est à vérifier par un agent"),
    "students.ask_paper": _("Un agent vous a demandé une pièce pour votre INE"),
    "students.grant_case": _("Votre numéro INE a été confirmé"),
    "students.refuse_case": _("Votre numéro INE n’a pas pu être confirmé"),
    "students.attach": _("Un Crous suit désormais votre dossier"),
}
