"""The portal: what a student meets. It names no service; it finds them through their manifests."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Names the app and tells the look where its pages are."""

    name = "messervices.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Give the shell its tabs, footer and addresses."""
        from messervices.kernel import manifest  # noqa: PLC0415 - the registry of apps is ready only now
        from messervices.look import shell  # noqa: PLC0415 - as above

        services = tuple(f"/{one.slug}/" for one in manifest.services())
        shell.install(
            tabs=(
                shell.Tab("home", _("Accueil"), "home", "portal:home", ("/",)),
                shell.Tab("services", _("Démarches"), "list", "portal:services", ("/services", "/search", *services)),
                shell.Tab("messages", _("Messages"), "mail", "portal:messages", ("/me/messages",), counts_unread=True),
                shell.Tab("me", _("Dossier"), "user", "portal:me", ("/me", "/account")),
            ),
            account=(
                shell.Link(_("Mes informations"), "portal:me"),
                shell.Link(_("Mon compte et ma sécurité"), "account_home"),
            ),
            footer=(
                shell.Link(_("Aide et contact"), "portal:help"),
                shell.Link(_("Accessibilité : état non évalué"), "portal:accessibility"),
                shell.Link(_("Vos données"), "portal:data"),
                shell.Link(_("Mentions légales"), "portal:legal"),
                shell.Link(_("État des services"), "portal:status"),
            ),
            urls={
                "home": "portal:home",
                "help": "portal:help",
                "preferences": "portal:preferences",
                "sign_in": "account_login",
                "sign_up": "account_signup",
                "sign_out": "account_logout",
            },
        )
