"""The kernel as an app: it has commands and look-ups, no tables."""

from django.apps import AppConfig

from messervices.kernel import lookups


class KernelConfig(AppConfig):
    """Registers the look-ups and the start-up checks of the house."""

    name = "messervices.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Wire what has no other place to be wired."""
        lookups.register()
        from messervices.kernel import checks  # noqa: F401, PLC0415 - registers on import, after apps are ready
