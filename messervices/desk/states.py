"""Rights of the desk, reasons to open a file, and the sentences of this room's deeds."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from messervices.kernel.messages import MessageKind, Topic


class Right(StrEnum):
    """What an agent may be allowed to do at the desk, whatever the services."""

    OPEN_FILE = "desk:file:open"
    CORRECT_FACT = "desk:fact:correct"
    DECIDE_CASE = "desk:case:decide"


RIGHTS = {
    Right.OPEN_FILE: _("Chercher et ouvrir les dossiers de son Crous"),
    Right.CORRECT_FACT: _("Corriger une information, avec une preuve et un motif"),
    Right.DECIDE_CASE: _("Décider à qui est un numéro INE demandé deux fois"),
}


CLOSE_EVENT = "payments:event:close"
"""Declared by payments: whoever closes the bank's unexplained notices sees them."""


CASH_LINES = "cash:line:decide"
CASH_FILES = "cash:file:import"
"""Declared by cash: who decides on sums that nothing explains, who brings and follows the files of the post offices."""


NUMBER = "ine"
"""The student number, among what an agent corrects: it is not a fact, for it is held by one person only."""


class Reason(models.TextChoices):
    """Why an agent opens a file that is not in their queue. The sentence is what the student reads."""

    ASKED = "asked", _("Vous nous avez contactés")
    APPOINTMENT = "appointment", _("Vous aviez rendez-vous, ou vous étiez à l’accueil")
    PAYMENT = "payment", _("Question sur un paiement")
    PAPER = "paper", _("Vérification d’une pièce")
    ESTABLISHMENT = "establishment", _("Question de votre établissement")
    OTHER = "other", _("Autre motif")


CASE_REASON = _("Numéro INE demandé par deux personnes")
"""The reason of a file opened from the queue of numbers."""

_REASON = ({"reason": "L’acte de naissance porte ces prénoms."},)

MESSAGES = {
    "desk.fact_corrected": MessageKind(
        samples=(
            {"kind": "birth_name", "reason": "L’acte de naissance porte ce nom."},
            {"kind": "ine", "reason": "Vu."},
        )
    ),
    "desk.ine_granted": MessageKind(samples=_REASON),
    "desk.ine_refused": MessageKind(samples=_REASON),
    "desk.ine_paper_asked": MessageKind(samples=_REASON),
    "desk.ine_taken": MessageKind(),
    "desk.ine_kept": MessageKind(topic=Topic.FOLLOW_UP),
}

VERBS = {
    "desk.many_files": _("Un agent a ouvert beaucoup de dossiers en peu de temps"),
}
