"""Writes of the CVEC: one file a deed."""

from messervices.services.cvec.actions.acknowledge import open_acquittement
from messervices.services.cvec.actions.check import CHECK_NETWORK, CHECK_NUMBER, TooManyChecks, note_check, take_turn
from messervices.services.cvec.actions.choose import choose_city
from messervices.services.cvec.actions.close import close_unpaid
from messervices.services.cvec.actions.forget import forget
from messervices.services.cvec.actions.settle import confirm_payment

__all__ = [
    "CHECK_NETWORK",
    "CHECK_NUMBER",
    "TooManyChecks",
    "choose_city",
    "close_unpaid",
    "confirm_payment",
    "forget",
    "note_check",
    "open_acquittement",
    "take_turn",
]
