"""The look: one design system for every page. It knows Django and the kernel, and no other room."""

from django.apps import AppConfig


class LookConfig(AppConfig):
    """Names the app."""

    name = "messervices.look"
    label = "look"
    verbose_name = "Look"
