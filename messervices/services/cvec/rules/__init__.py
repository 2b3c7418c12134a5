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
from messervices.services.cvec.rules.establishment import CONFIRM_WITHIN, READS_A_KEY, SECONDS_A_KEY, may_admit
from messervices.services.cvec.rules.exemption import CATEGORIES, EXEMPTING, Category, Known, Way, amount_due, exemption
from messervices.services.cvec.rules.liability import Liability, Mobility, Place, Route, liability
from messervices.services.cvec.rules.request import (
    Obstacle,
    decision_contents,
    is_definite,
    last_instant,
    refund_obstacle,
)
from messervices.services.cvec.rules.roll import (
    COLUMNS,
    Shape,
    Written,
    cells_of,
    day_of,
    encoding_of,
    file_name,
    looks_like_text,
    physical_lines,
    roll_key,
    safe_cell,
    shape_of,
    text_of,
    written,
)

__all__ = [
    "CATEGORIES",
    "COLUMNS",
    "CONFIRM_WITHIN",
    "EXEMPTING",
    "LETTERS",
    "READS_A_KEY",
    "SECONDS_A_KEY",
    "Category",
    "Holder",
    "Known",
    "Liability",
    "Mobility",
    "Obstacle",
    "Opening",
    "Place",
    "Route",
    "Shape",
    "Way",
    "Written",
    "amount_due",
    "birth_place",
    "cells_of",
    "certificate_contents",
    "collected_account",
    "day_of",
    "decision_contents",
    "encoding_of",
    "exemption",
    "file_name",
    "is_definite",
    "last_instant",
    "letters_match",
    "liability",
    "local_day",
    "looks_like_text",
    "masked_number",
    "may_admit",
    "opening",
    "physical_lines",
    "refund_obstacle",
    "roll_key",
    "safe_cell",
    "scan_key",
    "scan_key_is_right",
    "shape_of",
    "text_of",
    "written",
]
