"""Names the app."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The room ``payments``."""

    name = "messervices.foundations.payments"
    label = "payments"
