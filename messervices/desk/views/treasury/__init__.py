"""What the accountant of a Crous follows: files, mismatches, days, accounts that must clear, the way of a euro."""

from messervices.desk.views.treasury import (
    accounts,
    books,
    exports,
    files,
    follow,
    home,
    mismatches,
    sheets,
)

__all__ = ["accounts", "books", "exports", "files", "follow", "home", "mismatches", "sheets"]
