"""The law of the CVEC as pure rules: who is concerned, who is exempt, what is due, how a certificate is read.

Sources: code de l’éducation, L841-5 and D841-2 and following. What is assumed says so.
"""

from messervices.services.cvec.rules.campaign import Opening, collected_account, local_day, opening
from messervices.services.cvec.rules.certificate import (
    LETTERS,
    Holder,
    birth_place,
    certificate_contents,
    letters_match,
    masked_number,
    scan_key,
    scan_key_is_right,
)
from messervices.services.cvec.rules.exemption import CATEGORIES, EXEMPTING, Category, Known, Way, amount_due, exemption
from messervices.services.cvec.rules.liability import Liability, Mobility, Place, Route, liability

__all__ = [
    "CATEGORIES",
    "EXEMPTING",
    "LETTERS",
    "Category",
    "Holder",
    "Known",
    "Liability",
    "Mobility",
    "Opening",
    "Place",
    "Route",
    "Way",
    "amount_due",
    "birth_place",
    "certificate_contents",
    "collected_account",
    "exemption",
    "letters_match",
    "liability",
    "local_day",
    "masked_number",
    "opening",
    "scan_key",
    "scan_key_is_right",
]
