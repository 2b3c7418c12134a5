"""Names the app."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The room ``payouts``."""

    name = "messervices.foundations.payouts"
    label = "payouts"
