"""Prints who one may sign in as: ``bin/manage demo_signins``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from rich.console import Console
from rich.table import Table

from messervices.demo import selectors
from messervices.demo.states import CARDS, PASSWORD


class Command(BaseCommand):
    """A table: who, e-mail, password, second factor; then what a payer opens, and the bank's first card."""

    help = __doc__

    def handle(self, **_options: Any) -> None:
        """Print it in English, as the launcher speaks. Codes are shown to a terminal only: they change."""
        live = self.stdout.isatty()
        console = Console(file=self.stdout._out, width=None if live else 118)  # noqa: SLF001 - rich needs the stream itself
        with translation.override("en"):
            table = Table("Sign in as", "E-mail", "Second factor", title=f"Password of everybody: {PASSWORD}", box=None)
            for line in selectors.lines():
                secret = line.sign_in.code_key
                factor = (
                    f"code {line.code} now ({secret})"
                    if live and secret
                    else f"code, secret {secret}"
                    if secret
                    else "–"
                )
                table.add_row(str(line.sign_in.who), line.sign_in.email, factor)
            console.print(table)
            card, said = CARDS[0]
            number = " ".join(card[place : place + 4] for place in range(0, 16, 4))
            asked = selectors.payer_link()
            if asked:
                until = f"until {asked.until:%Y-%m-%d %H:%M} UTC"
                console.print(f"\nPayer: {asked.address}", highlight=False, soft_wrap=True)
                console.print(f"the link of ines.garcia@etudiant.example, who asks a relative to pay; {until}")
            console.print(f"\nCard:  {number}, any future date, any code on its back. {said}.")
        console.print(f"Codes of the moment, other cards, every mail sent: {settings.SITE_URL}/demo/", highlight=False)
