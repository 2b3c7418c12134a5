"""Writes of the payouts, by deed: tell, freeze, order, gather, sign, send, read the bank's answers and statements."""

from messervices.foundations.payouts.actions.answers import (
    close_answer,
    fetch_answers,
    hand_in_answer,
    read_answer,
    receive_answer,
)
from messervices.foundations.payouts.actions.follow import follow_lines
from messervices.foundations.payouts.actions.freeze import (
    details_by_token,
    freeze_by_link,
    freeze_own_details,
    lift_freeze,
)
from messervices.foundations.payouts.actions.gather import drop_run, gather_run, write_files
from messervices.foundations.payouts.actions.order import (
    approve,
    cancel,
    end_cooling,
    order_again,
    order_payout,
    refuse,
)
from messervices.foundations.payouts.actions.reading import read_iban
from messervices.foundations.payouts.actions.send import (
    files_to_send,
    note_handed_over,
    note_not_taken,
    send_files,
    take_file,
)
from messervices.foundations.payouts.actions.sign import sign_run
from messervices.foundations.payouts.actions.statement import note_debited, note_returned
from messervices.foundations.payouts.actions.surplus import pay_refund
from messervices.foundations.payouts.actions.tell import tell_details, tell_own_details

__all__ = [
    "approve",
    "cancel",
    "close_answer",
    "details_by_token",
    "drop_run",
    "end_cooling",
    "fetch_answers",
    "files_to_send",
    "follow_lines",
    "freeze_by_link",
    "freeze_own_details",
    "gather_run",
    "hand_in_answer",
    "lift_freeze",
    "note_debited",
    "note_handed_over",
    "note_not_taken",
    "note_returned",
    "order_again",
    "order_payout",
    "pay_refund",
    "read_answer",
    "read_iban",
    "receive_answer",
    "refuse",
    "send_files",
    "sign_run",
    "take_file",
    "tell_details",
    "tell_own_details",
    "write_files",
]
