"""Tables of the treasury, by what they hold: accounts, files, what banks and rails said, what does not fit, days."""

from messervices.foundations.treasury.models.accounts import BankAccount, Contract
from messervices.foundations.treasury.models.files import Chunk, File
from messervices.foundations.treasury.models.mismatches import Adjustment, Mismatch
from messervices.foundations.treasury.models.settlements import Settlement, SettlementLine
from messervices.foundations.treasury.models.sheets import Sheet
from messervices.foundations.treasury.models.statements import Detail, Entry, Statement

__all__ = [
    "Adjustment",
    "BankAccount",
    "Chunk",
    "Contract",
    "Detail",
    "Entry",
    "File",
    "Mismatch",
    "Settlement",
    "SettlementLine",
    "Sheet",
    "Statement",
]
