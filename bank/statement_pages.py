"""The page of statements: close an account, with or without a mistake, and download what the Crous imports."""

import re
from dataclasses import dataclass
from html import escape

from bank.pages import page
from bank.spoil import KINDS
from bank.statements import FILES, Closing, Statements, iban_of
from bank.teller import Refused
from bank.words import euros

HOME = "/statements"
_SAID: dict[str, tuple[str, str]] = {
    "title": ("Relevés et remises", "Statements and settlements"),
    "lede": (
        "Clôturer un compte donne ses fichiers : remises (CSV), relevé (camt.053), avis (camt.054). À importer.",
        "Closing an account gives its files: settlements (CSV), statement (camt.053), notice (camt.054). Import them.",
    ),
    "contract": ("Contrat de cartes, et son compte", "Card contract, and its account"),
    "kind": ("Se tromper exprès", "Get something wrong on purpose"),
    "right": ("Non, tout est juste", "No, all is right"),
    "missing_at_bank": ("Oublier un paiement dans la remise", "Leave a payment out of the settlement"),
    "missing_here": ("Ajouter un paiement que personne ne connaît", "Add a payment that nobody knows"),
    "doubled": ("Compter deux fois un paiement, ou un crédit", "Count a payment, or a credit, twice"),
    "other_amount": ("Changer un montant", "Change an amount"),
    "other_day": ("Changer un jour", "Change a day"),
    "other_currency": ("Changer une devise", "Change a currency"),
    "charge_back": ("Ajouter un impayé", "Add a charge-back"),
    "unknown_reference": ("Ajouter une écriture inconnue", "Add an unknown entry"),
    "fee_unexpected": ("Prendre trop de frais", "Take too high a fee"),
    "return_unknown": ("Rendre un virement que personne n’a fait", "Return a transfer that nobody made"),
    "not_credited": ("Ne pas créditer une remise", "Do not credit a settlement"),
    "chain_broken": ("Ouvrir sur un autre solde", "Open on another balance"),
    "close": ("Clôturer", "Close"),
    "closings": ("Clôtures", "Closings"),
    "none": ("Aucune.", "None."),
    "statement": ("Relevé", "Statement"),
    "notice": ("Avis", "Notice"),
    "settlement": ("Remises", "Settlements"),
    "balance": ("Solde", "Balance"),
    "entries": ("Écritures :", "Entries:"),
    "lines": ("opérations de carte :", "card operations:"),
}


def _say(key: str, language: str) -> str:
    french, english = _SAID[key]
    return english if language == "en" else french


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: a body, or a redirection ``to``."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    to: str = ""


def handle(statements: Statements, path: str, form: dict[str, str] | None, language: str) -> Answer:
    """Answer a page (``form`` is ``None`` for a GET). Raises ``Refused``: ``unknown``, ``nothing``."""
    if form is not None:
        if path != "/close":
            raise Refused("unknown")
        statements.close(form.get("contract", ""), form.get("kind", ""))
        return Answer(to=f"{HOME}?lang={language}")
    if path in {"", "/"}:
        return Answer(_home(statements, language))
    found = re.fullmatch(r"/(\d+)/(\w+)", path)
    if found is None or found[2] not in FILES:
        raise Refused("unknown")
    content: bytes = getattr(statements.closing(int(found[1])), found[2])
    if not content:
        raise Refused("unknown")
    return Answer(content, FILES[found[2]][1])


def _home(statements: Statements, language: str) -> bytes:
    contracts = "".join(
        f'<option value="{escape(one)}">{escape(one)} · {iban_of(one)}</option>' for one in statements.contracts()
    )
    kinds = f'<option value="">{_say("right", language)}</option>'
    kinds += "".join(f'<option value="{kind}">{_say(kind, language)}</option>' for kind in KINDS)
    items = "".join(_item(one, language) for one in statements.closings())
    listed = (
        f'<ul class="payments" aria-labelledby="closings">{items}</ul>' if items else f"<p>{_say('none', language)}</p>"
    )
    main = f"""<p>{_say("lede", language)}</p>
<form method="post" action="{HOME}/close?lang={language}">
<label for="contract">{_say("contract", language)}</label><select id="contract" name="contract">{contracts}</select>
<label for="kind">{_say("kind", language)}</label><select id="kind" name="kind">{kinds}</select>
<button class="main">{_say("close", language)}</button></form>
<h2 id="closings">{_say("closings", language)}</h2>{listed}"""
    return page(language, _say("title", language), main, here=HOME)


def _item(one: Closing, language: str) -> str:
    title = f"{one.day} · {one.account} · {one.number}"
    wrong = f" · <strong>{_say(one.kind, language)}</strong>" if one.kind else ""
    links = " · ".join(
        f'<a href="{HOME}/{one.id}/{which}" download="{one.name_of(which)}">{_say(which, language)}'
        f'<span class="sr"> {title}</span></a>'
        for which in FILES
        if getattr(one, which)
    )
    return (
        f"<li><h3>{title}{wrong}</h3><p>{_say('balance', language)} {_signed(one.opening, language)} → "
        f"{_signed(one.ending, language)} · {_say('entries', language)} {one.entries} · "
        f"{_say('lines', language)} {one.lines}</p><p>{links}</p></li>"
    )


def _signed(cents: int, language: str) -> str:
    return f"{'−' if cents < 0 else ''}{euros(abs(cents), language)}"
