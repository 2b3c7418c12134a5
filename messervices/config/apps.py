"""The configuration as an app: it has commands that name every room."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Holds commands and the grants of the database roles."""

    name = "messervices.config"
    label = "config"
