"""Who one may sign in as in the demonstration, the test cards of its bank."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PASSWORD = "demonstration"  # noqa: S105 - everybody's, in the demonstration only


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody to sign in as. ``code_key`` (base 32) is that of the code application, empty for who needs none."""

    key: str
    who: str | Promise
    email: str
    sentence: str | Promise
    code_key: str = ""
    role: str = ""
    crous: str = ""


SIGN_INS = (
    SignIn(
        "new",
        _("Étudiante, rien de fait"),
        "lina.benali@etudiant.example",
        _("Un compte, et c’est tout : elle n’a pas encore dit qui elle est."),
    ),
    SignIn(
        "boursier",
        _("Étudiant boursier"),
        "hugo.morel@etudiant.example",
        _("La plateforme sait qu’il a une bourse cette année : sa CVEC sera exonérée."),
    ),
    SignIn(
        "foreign",
        _("Étudiante étrangère, sans INE"),
        "mei.chen@etudiant.example",
        _("Elle lit en anglais et a reçu un INE provisoire."),
    ),
    SignIn(
        "asking",
        _("Étudiante dont un proche va payer"),
        "ines.garcia@etudiant.example",
        _("Elle a fait un lien de paiement : ouvrez-le comme le ferait son proche, il est sous ce tableau."),
    ),
    SignIn(
        "certified",
        _("Étudiante avec ses attestations"),
        "clara.fontaine@etudiant.example",
        _("CVEC payée l’an dernier et cette année."),
    ),
    SignIn(
        "versailles",
        _("Agente du Crous de Versailles"),
        "camille.roux@crous.example",
        _("Cherche, ouvre et corrige les dossiers de son Crous ; décide des INE en double."),
        code_key="VERSAILLES2VERSAILLES2VERSAILLES",
        role="manager",
        crous="versailles",
    ),
    SignIn(
        "accountant",
        _("Comptable du Crous de Versailles"),
        "denis.morin@crous.example",
        _("Importe ce que dit la banque, suit chaque euro, explique ce qui ne va pas."),
        code_key="COMPTABLE234567COMPTABLE234567CO",
        role="accountant",
        crous="versailles",
    ),
    SignIn(
        "lyon",
        _("Agent du Crous de Lyon"),
        "paul.girard@crous.example",
        _("Ne voit rien de ce que suit Versailles seul."),
        code_key="LYONLYONLYON234567LYONLYONLYON23",
        role="manager",
        crous="lyon",
    ),
    SignIn(
        "establishment",
        _("Référente d’établissement (UVSQ)"),
        "sofia.lambert@uvsq.example",
        _("Son université dépose la liste de ses étudiants et voit lesquels sont en règle."),
    ),
    SignIn(
        "national",
        _("Administratrice nationale"),
        "nadia.perrin@cnous.example",
        _("Fixe dates, montants, rôles, annonces et catalogue."),
        code_key="NATIONAL234567NATIONAL234567NATI",
        role="national_administrator",
    ),
)
UVSQ = "0781944P"

CARDS = (
    ("4970100000000014", _("Acceptée, après le code de confirmation 1234")),
    ("4970100000000022", _("Acceptée sans code")),
    ("4970100000000030", _("Refusée par la banque")),
    ("4970100000000048", _("Refusée : pas assez d’argent sur le compte")),
    ("4970100000000055", _("Le code de confirmation est toujours refusé")),
    ("4970100000000063", _("Acceptée, annoncée trois secondes après le retour")),
    ("4970100000000071", _("Acceptée, annoncée vingt fois")),
    ("4970100000000089", _("Acceptée, annoncée trois heures plus tard (une minute de la démonstration)")),
    ("4970100000000097", _("Acceptée, jamais annoncée : la plateforme finit par demander")),
    ("4970100000000105", _("Acceptée, l’annonce porte une fausse signature")),
    ("4970100000000113", _("Acceptée pour un euro de moins")),
    ("4970100000000121", _("En attente de la banque, acceptée une heure plus tard")),
    ("4970100000000139", _("La banque tombe en panne trente secondes")),
)
"""The bank's own (bank/cards.py), which the platform does not import; a test compares them."""
