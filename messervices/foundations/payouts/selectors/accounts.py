"""Accounts of the ledger, the service of a kind, what is wrong with a typed IBAN."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.payouts.rules import Typed
from messervices.foundations.payouts.states import SURPLUS
from messervices.kernel import manifest
from messervices.kernel.errors import Refusal


def payable_account(crous_id: int) -> str:
    """What a Crous owes and has not sent to the bank: a path of the ledger."""
    return f"payouts:payable:{crous.crous_of(crous_id).slug}"


def transit_account(crous_id: int) -> str:
    """What is at the bank of a Crous and not on its statement yet: it clears to nothing."""
    return f"payouts:transit:{crous.crous_of(crous_id).slug}"


def service_of(kind: str) -> Callable[..., Any] | None:
    """Give the action of the service that has a ``kind`` paid out; ``None`` for this room's own kind.

    Raises ``LookupError`` for a kind that nobody has.
    """
    return None if kind == SURPLUS else manifest.payout_callback(kind)


def typed_refusal(judged: Typed, iban: str) -> Refusal:
    """Say what is wrong with a typed IBAN, and what to do."""
    if judged == Typed.NOT_AN_IBAN:
        return Refusal(
            str(judged),
            _(
                "Ce n’est pas un IBAN. Il commence par deux lettres (FR pour la France), suivies de chiffres ; "
                "il est écrit sur votre RIB et dans l’application de votre banque."
            ),
        )
    if judged == Typed.WRONG_KEY:
        return Refusal(
            str(judged),
            _("Il y a une faute de frappe dans cet IBAN : sa clé ne va pas. Comparez-le signe par signe à votre RIB."),
        )
    language = (get_language() or "fr")[:2]
    return Refusal(
        str(judged),
        _(
            "Cet IBAN est juste, mais ce compte (%(country)s) est hors de la zone SEPA, où nous pouvons virer sans "
            "frais. Donnez l’IBAN d’un compte à votre nom dans un pays de la zone : une banque en ligne, ou un compte "
            "en France, que la Banque de France peut vous faire ouvrir (droit au compte). Sinon, contactez votre Crous."
        )
        % {"country": crous.country_name(iban[:2], language)},
    )
