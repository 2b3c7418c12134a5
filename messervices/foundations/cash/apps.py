"""Names the app."""

from django.apps import AppConfig


class CashConfig(AppConfig):
    """The room ``cash``."""

    name = "messervices.foundations.cash"
    label = "cash"
