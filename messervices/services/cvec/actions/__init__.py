"""Writes of the CVEC: one file a deed."""

from messervices.services.cvec.actions.acknowledge import open_acquittement
from messervices.services.cvec.actions.admit import accept_registration, refuse_registration
from messervices.services.cvec.actions.affiliate import decide_affiliation, declare_daughter
from messervices.services.cvec.actions.cash import pay_in_cash
from messervices.services.cvec.actions.check import CHECK_NETWORK, CHECK_NUMBER, TooManyChecks, note_check, take_turn
from messervices.services.cvec.actions.choose import choose_city
from messervices.services.cvec.actions.class_beneficiary import class_beneficiary
from messervices.services.cvec.actions.close import close_unpaid
from messervices.services.cvec.actions.decide import accept_request, ask_paper, refuse_request
from messervices.services.cvec.actions.decide_sharing import drop_sharing, finalise_sharing, review_sharing
from messervices.services.cvec.actions.forget import forget
from messervices.services.cvec.actions.keys import end_key, make_key, note_use
from messervices.services.cvec.actions.load_terms import reference_steps
from messervices.services.cvec.actions.pay_share import note_payout, pay_share, pay_shares
from messervices.services.cvec.actions.read_roll import note_reading
from messervices.services.cvec.actions.receive_file import (
    check_again,
    confirm_file,
    receive_file,
    resume_file,
    stop_file,
)
from messervices.services.cvec.actions.refund import follow_payout
from messervices.services.cvec.actions.register import Named, ask_registration, confirm_nominee
from messervices.services.cvec.actions.request import open_request, propose_refund, submit_request, withdraw_request
from messervices.services.cvec.actions.settle import confirm_payment
from messervices.services.cvec.actions.share_out import count_sharing, draw_sharing
from messervices.services.cvec.actions.work_on_file import tell_listed, work_on_file

__all__ = [
    "CHECK_NETWORK",
    "CHECK_NUMBER",
    "Named",
    "TooManyChecks",
    "accept_registration",
    "accept_request",
    "ask_paper",
    "ask_registration",
    "check_again",
    "choose_city",
    "class_beneficiary",
    "close_unpaid",
    "confirm_file",
    "confirm_nominee",
    "confirm_payment",
    "count_sharing",
    "decide_affiliation",
    "declare_daughter",
    "draw_sharing",
    "drop_sharing",
    "end_key",
    "finalise_sharing",
    "follow_payout",
    "forget",
    "make_key",
    "note_check",
    "note_payout",
    "note_reading",
    "note_use",
    "open_acquittement",
    "open_request",
    "pay_in_cash",
    "pay_share",
    "pay_shares",
    "propose_refund",
    "receive_file",
    "reference_steps",
    "refuse_registration",
    "refuse_request",
    "resume_file",
    "review_sharing",
    "stop_file",
    "submit_request",
    "take_turn",
    "tell_listed",
    "withdraw_request",
    "work_on_file",
]
