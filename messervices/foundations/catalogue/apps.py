"""Names the app."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The room ``catalogue``."""

    name = "messervices.foundations.catalogue"
    label = "catalogue"
