"""Views of the CVEC, by what they are about."""

from messervices.services.cvec.views.certificate import certificate, on_phone, receipt
from messervices.services.cvec.views.journey import city, communes, home, pay, situation, summary
from messervices.services.cvec.views.verification import scan, verify

__all__ = [
    "certificate",
    "city",
    "communes",
    "home",
    "on_phone",
    "pay",
    "receipt",
    "scan",
    "situation",
    "summary",
    "verify",
]
