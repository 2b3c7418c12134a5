from messervices.foundations.crous.actions.amend import set_amount, set_window
from messervices.foundations.crous.actions.authorise import (
    define_role,
    end_referent,
    end_role,
    grant_role,
    register_referent,
)
from messervices.foundations.crous.actions.load import reference_steps

__all__ = [
    "define_role",
    "end_referent",
    "end_role",
    "grant_role",
    "reference_steps",
    "register_referent",
    "set_amount",
    "set_window",
]
