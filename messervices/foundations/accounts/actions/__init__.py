"""Writes on accounts: one file a deed. The limits stand here by name, because every room uses them."""

from messervices.foundations.accounts.actions.limit import TooMany, give_back, insist, take, take_rate

__all__ = ["TooMany", "give_back", "insist", "take", "take_rate"]
