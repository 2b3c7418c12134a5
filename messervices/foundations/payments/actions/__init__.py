"""Writes of the payments, by deed: start, go to the bank, settle, ask, give back, look into."""

from messervices.foundations.payments.actions.arrive import Arrived, arrive
from messervices.foundations.payments.actions.ask import ask_bank, queue_question
from messervices.foundations.payments.actions.give_back import give_back, retry_refund
from messervices.foundations.payments.actions.go import go_to_bank, note_return
from messervices.foundations.payments.actions.receive import receive
from messervices.foundations.payments.actions.resolve import close_event
from messervices.foundations.payments.actions.settle import settle
from messervices.foundations.payments.actions.start import cancel, start

__all__ = [
    "Arrived",
    "arrive",
    "ask_bank",
    "cancel",
    "close_event",
    "give_back",
    "go_to_bank",
    "note_return",
    "queue_question",
    "receive",
    "retry_refund",
    "settle",
    "start",
]
