"""Writes on papers: one file a deed."""

from messervices.foundations.documents.actions.cancel import cancel
from messervices.foundations.documents.actions.issue import issue
from messervices.foundations.documents.actions.keep_paper import keep_paper
from messervices.foundations.documents.actions.seal import sealed_pdf

__all__ = ["cancel", "issue", "keep_paper", "sealed_pdf"]
