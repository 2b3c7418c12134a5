"""Names the app, and tells the look its addresses."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from messervices.desk.states import CLOSE_EVENT
from messervices.foundations.catalogue.states import Right as Catalogue
from messervices.foundations.crous.states import Right as Crous
from messervices.foundations.payouts.states import SEE as SEE_PAYOUTS
from messervices.foundations.treasury.states import SEE as SEE_TREASURY
from messervices.look import shell


class DeskConfig(AppConfig):
    """What an agent meets. It names no service: they come through their manifests."""

    name = "messervices.desk"
    label = "desk"

    def ready(self) -> None:
        """Give the shell the agents' navigation and addresses."""
        shell.install(
            desk_tabs=(
                shell.Tab("home", _("À traiter"), "list", "desk:home", ("/desk/",)),
                shell.Tab("search", _("Dossiers"), "people", "desk:search", ("/desk/search", "/desk/students/")),
                shell.Tab("bank", _("Banque"), "card", "desk:bank", ("/desk/bank/",), right=CLOSE_EVENT),
                shell.Tab("payouts", _("Virements"), "euro", "desk:payouts", ("/desk/payouts/",), right=SEE_PAYOUTS),
                shell.Tab(
                    "treasury", _("Trésorerie"), "scale", "desk:treasury", ("/desk/treasury/",), right=SEE_TREASURY
                ),
                shell.Tab(
                    "announcements",
                    _("Annonces"),
                    "chat",
                    "desk:announcements",
                    ("/desk/network/announcements/",),
                    right=Catalogue.EDIT_ANNOUNCEMENT,
                ),
                shell.Tab("network", _("Réseau"), "gear", "desk:network", ("/desk/network/",), right=Crous.SET_WINDOW),
            ),
            desk_account=(shell.Link(_("Mon bureau"), "desk:me"),),
            urls={"desk": "desk:home", "desk_search": "desk:search"},
        )
