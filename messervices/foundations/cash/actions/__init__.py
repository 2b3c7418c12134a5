"""Writes of the room, by deed: notices, receiving and reading files, deciding on what does not fit."""

from messervices.foundations.cash.actions.decide import close_line, give_back_line, match_line
from messervices.foundations.cash.actions.notices import cancel_notice, expire_notice, issue_notice
from messervices.foundations.cash.actions.read import read_batch, read_file
from messervices.foundations.cash.actions.receive import Received, check_file, receive_file, resume_file, stop_file
from messervices.foundations.cash.actions.suspense import ACCOUNT

__all__ = [
    "ACCOUNT",
    "Received",
    "cancel_notice",
    "check_file",
    "close_line",
    "expire_notice",
    "give_back_line",
    "issue_notice",
    "match_line",
    "read_batch",
    "read_file",
    "receive_file",
    "resume_file",
    "stop_file",
]
