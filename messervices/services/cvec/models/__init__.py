"""Tables of the CVEC: the acquittement of a student for a year, and who checked a certificate."""

from messervices.services.cvec.models.acquittement import Acquittement
from messervices.services.cvec.models.check import Check

__all__ = [
    "Acquittement",
    "Check",
]
