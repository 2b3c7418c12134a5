"""Writes on papers: one file a deed."""

from messervices.foundations.documents.actions.cancel import cancel
from messervices.foundations.documents.actions.check import check_upload
from messervices.foundations.documents.actions.destroy import close_folder, open_folder, shred, shred_later
from messervices.foundations.documents.actions.hand_over import copy_for
from messervices.foundations.documents.actions.issue import issue
from messervices.foundations.documents.actions.receive import receive_upload, replace_upload, withdraw_upload
from messervices.foundations.documents.actions.seal import sealed_pdf

__all__ = [
    "cancel",
    "check_upload",
    "close_folder",
    "copy_for",
    "issue",
    "open_folder",
    "receive_upload",
    "replace_upload",
    "sealed_pdf",
    "shred",
    "shred_later",
    "withdraw_upload",
]
