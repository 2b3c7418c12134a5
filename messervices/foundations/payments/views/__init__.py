"""Pages of the payments: the student's way to the bank, their link for somebody else, and what that person sees."""

from messervices.foundations.payments.views.link import cancel, link_state, mail, make, standing
from messervices.foundations.payments.views.pay import back, go, show, state
from messervices.foundations.payments.views.payer import (
    payer,
    payer_back,
    payer_go,
    payer_mail,
    payer_receipt,
    payer_refuse,
    payer_state,
)

__all__ = [
    "back",
    "cancel",
    "go",
    "link_state",
    "mail",
    "make",
    "payer",
    "payer_back",
    "payer_go",
    "payer_mail",
    "payer_receipt",
    "payer_refuse",
    "payer_state",
    "show",
    "standing",
    "state",
]
