"""Names the app. Only the settings of the demonstration install it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from messervices.look import shell


class DemoConfig(AppConfig):
    """What a newcomer needs to look round: a mailbox, sign-ins, a year of data."""

    name = "messervices.demo"
    label = "demo"

    def ready(self) -> None:
        """Say on every page that this is a demonstration, with the way to its mailbox and its sign-ins."""
        shell.install(
            notice=_("Démonstration : personnes et argent inventés."),
            notice_links=(
                shell.Link(_("Comptes et codes"), "demo:home"),
                shell.Link(_("Boîte aux lettres"), "demo:mails"),
            ),
        )
