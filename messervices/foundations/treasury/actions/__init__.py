"""Writes of the treasury, by deed: keep a file, read it, match, explain, declare accounts, close days."""

from messervices.foundations.treasury.actions.accounts import close_account, set_account, set_contract
from messervices.foundations.treasury.actions.close import close_days
from messervices.foundations.treasury.actions.keep import keep_file
from messervices.foundations.treasury.actions.match import match
from messervices.foundations.treasury.actions.read import read_file
from messervices.foundations.treasury.actions.resolve import confirm, resolve, withdraw

__all__ = [
    "close_account",
    "close_days",
    "confirm",
    "keep_file",
    "match",
    "read_file",
    "resolve",
    "set_account",
    "set_contract",
    "withdraw",
]
