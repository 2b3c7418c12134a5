from messervices.foundations.crous.actions.amend import set_amount, set_window
from messervices.foundations.crous.actions.authorise import (
    add_referent,
    define_role,
    end_referent,
    end_role,
    grant_role,
    register_referent,
    remove_referent,
)
from messervices.foundations.crous.actions.load import reference_steps

__all__ = [
    "add_referent",
    "define_role",
    "end_referent",
    "end_role",
    "grant_role",
    "reference_steps",
    "register_referent",
    "remove_referent",
    "set_amount",
    "set_window",
]
