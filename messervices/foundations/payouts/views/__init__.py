"""Pages of whoever is paid: their account, their payouts, the link that blocks."""

from messervices.foundations.payouts.views.door import proven
from messervices.foundations.payouts.views.freeze import freeze, freeze_own
from messervices.foundations.payouts.views.own import details, payouts

__all__ = ["details", "freeze", "freeze_own", "payouts", "proven"]
