"""Tables of the CVEC: what a person owes, who checked a certificate, and what establishments hand in."""

from messervices.services.cvec.models.acquittement import Acquittement
from messervices.services.cvec.models.check import Check
from messervices.services.cvec.models.registration import Affiliation, ApiKey, Nominee, Registration
from messervices.services.cvec.models.request import Request
from messervices.services.cvec.models.roll import Roll, RollEntry, RollFile, RollLine
from messervices.services.cvec.models.sharing import (
    Beneficiary,
    CrousShare,
    Share,
    ShareGroup,
    ShareTerms,
    Sharing,
)

__all__ = [
    "Acquittement",
    "Affiliation",
    "ApiKey",
    "Beneficiary",
    "Check",
    "CrousShare",
    "Nominee",
    "Registration",
    "Request",
    "Roll",
    "RollEntry",
    "RollFile",
    "RollLine",
    "Share",
    "ShareGroup",
    "ShareTerms",
    "Sharing",
]
