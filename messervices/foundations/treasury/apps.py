"""Names the app."""

from django.apps import AppConfig


class TreasuryConfig(AppConfig):
    """The room ``treasury``."""

    name = "messervices.foundations.treasury"
    label = "treasury"
