"""Views of the CVEC, by what they are about."""

from messervices.services.cvec.views.access import nominee, register, registered, schools
from messervices.services.cvec.views.cash import cash
from messervices.services.cvec.views.certificate import certificate, on_phone, receipt
from messervices.services.cvec.views.journey import city, communes, home, pay, situation, summary
from messervices.services.cvec.views.request import exemption, refund, request_step
from messervices.services.cvec.views.space import (
    daughters,
    end_key,
    keys,
    original,
    refused,
    roll_file,
    roll_state,
    roll_step,
    rolls,
    share_letter,
    shares,
    space,
    space_home,
    students,
    students_file,
)
from messervices.services.cvec.views.verification import scan, verify

__all__ = [
    "cash",
    "certificate",
    "city",
    "communes",
    "daughters",
    "end_key",
    "exemption",
    "home",
    "keys",
    "nominee",
    "on_phone",
    "original",
    "pay",
    "receipt",
    "refund",
    "refused",
    "register",
    "registered",
    "request_step",
    "roll_file",
    "roll_state",
    "roll_step",
    "rolls",
    "scan",
    "schools",
    "share_letter",
    "shares",
    "situation",
    "space",
    "space_home",
    "students",
    "students_file",
    "summary",
    "verify",
]
