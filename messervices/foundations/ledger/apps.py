"""Names the app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room ``ledger``."""

    name = "messervices.foundations.ledger"
    label = "ledger"
