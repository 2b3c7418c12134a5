"""Writes of the payments, by deed: start, go to the bank, settle, ask, give back, look into."""

from messervices.foundations.payments.actions.arrive import Arrived, arrive
from messervices.foundations.payments.actions.ask import ask_bank, queue_question
from messervices.foundations.payments.actions.give_back import give_back, retry_refund
from messervices.foundations.payments.actions.go import go_to_bank, note_return
from messervices.foundations.payments.actions.link import (
    GUESS_NETWORK,
    MAIL_PAYER,
    ByLink,
    cancel_link,
    close_link,
    close_other_means,
    expire_link,
    mail_link,
    mail_receipt,
    open_link,
    refuse_link,
)
from messervices.foundations.payments.actions.receive import receive
from messervices.foundations.payments.actions.resolve import close_event
from messervices.foundations.payments.actions.settle import settle
from messervices.foundations.payments.actions.start import cancel, start
from messervices.foundations.payments.actions.watch import try_again

__all__ = [
    "GUESS_NETWORK",
    "MAIL_PAYER",
    "Arrived",
    "ByLink",
    "arrive",
    "ask_bank",
    "cancel",
    "cancel_link",
    "close_event",
    "close_link",
    "close_other_means",
    "expire_link",
    "give_back",
    "go_to_bank",
    "mail_link",
    "mail_receipt",
    "note_return",
    "open_link",
    "queue_question",
    "receive",
    "refuse_link",
    "retry_refund",
    "settle",
    "start",
    "try_again",
]
