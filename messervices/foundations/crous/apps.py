"""Names the app."""

from django.apps import AppConfig


class CrousConfig(AppConfig):
    """The room ``crous``."""

    name = "messervices.foundations.crous"
    label = "crous"
