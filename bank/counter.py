"""The pages of the demonstration post office: the counter, its tickets, the files of the day."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus

from bank.pages import page
from bank.postoffice import FEE, KINDS, SPOILED, ZONE, PostOffice, ReturnFile, Taking
from bank.teller import Refused
from bank.words import euros

HOME = "/post-office"
_SAID: dict[str, tuple[str, str]] = {
    "title": ("Bureau de poste de démonstration", "Demonstration post office"),
    "lede": (
        "Le guichet prend des espèces pour un avis, et le dit au Crous une fois par jour, dans un fichier.",
        "The counter takes cash for a notice, and tells the Crous once a day, in a file.",
    ),
    "code": ("Code-barres de l’avis : 34 chiffres", "Barcode of the notice: 34 digits"),
    "code_hint": (
        "Scannez-le, ou tapez code créancier, référence et montant en centimes sur 8 chiffres.",
        "Scan it, or type creditor code, reference and amount in cents with 8 digits.",
    ),
    "handed": ("Espèces données, en euros", "Cash handed over, in euros"),
    "handed_hint": (
        "Le montant de l’avis et 5,00 € de frais de La Poste, exactement.",
        "The amount of the notice and the postal fee of €5.00, exactly.",
    ),
    "short": (
        "Guichet en défaut : dire un euro de moins que ce qui est encaissé",
        "Counter at fault: tell one euro less than what is taken",
    ),
    "take": ("Encaisser et imprimer le reçu", "Take the money and print the receipt"),
    "bad_code": (
        "Ce code n’est pas celui d’un avis : vérifiez chaque chiffre. Rien n’est encaissé.",
        "This is not the code of a notice: check each digit. Nothing is taken.",
    ),
    "bad_creditor": (
        "Cet avis est pour un créancier que ce bureau ne connaît pas.",
        "This notice is for a creditor that this office does not know.",
    ),
    "bad_sum": (
        "Le guichet n’accepte que la somme exacte : le montant de l’avis et les frais. Rien n’est encaissé.",
        "The counter takes the exact sum only: the amount of the notice and the fee. Nothing is taken.",
    ),
    "ticket": ("Reçu de La Poste", "Post office receipt"),
    "reference": ("Référence", "Reference"),
    "amount": ("Pour le Crous", "For the Crous"),
    "fee": ("Frais de La Poste", "Postal fee"),
    "total": ("Total encaissé", "Total taken"),
    "at": ("Le", "On"),
    "operation": ("Opération", "Operation"),
    "back": ("Revenir au guichet", "Back to the counter"),
    "waiting": ("Encaissé, pas encore dit au Crous", "Taken, the Crous not told yet"),
    "none": ("Rien.", "Nothing."),
    "file": ("Le fichier de la journée", "The file of the day"),
    "right": ("Envoyer le fichier", "Send the file"),
    "cut": ("L’envoyer coupé", "Send it cut"),
    "doubled": ("L’envoyer avec une ligne doublée", "Send it with a line doubled"),
    "reordered": ("L’envoyer dans le désordre", "Send it in another order"),
    "altered": ("L’envoyer modifié", "Send it altered"),
    "files": ("Fichiers faits", "Files made"),
    "again": ("Envoyer à nouveau", "Send again"),
    "download": ("Télécharger", "Download"),
    "number": ("Fichier n°", "File no."),
}


def _say(key: str, language: str) -> str:
    french, english = _SAID[key]
    return english if language == "en" else french


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: a body, or a redirection ``to``."""

    body: bytes = b""
    status: int = HTTPStatus.OK
    kind: str = "text/html; charset=utf-8"
    to: str = ""


def handle(office: PostOffice, path: str, form: dict[str, str] | None, language: str) -> Answer:
    """Answer a page of the post office (``form`` is ``None`` for a GET). Raises ``Refused("unknown")``."""
    if form is None:
        return _show(office, path, language)
    if path == "/take":
        return _take(office, form, language)
    if path == "/file":
        made = office.close(form.get("kind", "right"))
        office.deliver(made.id)
        return Answer(to=HOME)
    if found := re.fullmatch(r"/files/(\d+)", path):
        office.deliver(int(found[1]))
        return Answer(to=HOME)
    raise Refused("unknown")


def _show(office: PostOffice, path: str, language: str) -> Answer:
    if path in {"", "/"}:
        return Answer(_counter(office, language))
    if found := re.fullmatch(r"/tickets/(\d+)", path):
        taking = office.taking(int(found[1]))
        if taking:
            return Answer(_ticket(taking, language))
    if found := re.fullmatch(r"/files/(\d+)", path):
        made = office.file(int(found[1]))
        if made:
            return Answer(made.content, kind="text/csv; charset=us-ascii")
    raise Refused("unknown")


def _take(office: PostOffice, form: dict[str, str], language: str) -> Answer:
    typed = form.get("handed", "")
    euro = re.fullmatch(r"\s*(\d{1,6})(?:[.,](\d{2}))?\s*€?\s*", typed)
    handed = int(euro[1]) * 100 + int(euro[2] or 0) if euro else 0
    try:
        taking = office.take(form.get("code", ""), handed, short=100 if form.get("short") else 0)
    except Refused as refused:
        shown = _counter(office, language, code=form.get("code", ""), handed=typed, error=f"bad_{refused.code}")
        return Answer(shown, HTTPStatus.UNPROCESSABLE_ENTITY)
    return Answer(to=f"{HOME}/tickets/{taking.id}?lang={language}")


def _counter(office: PostOffice, language: str, *, code: str = "", handed: str = "", error: str = "") -> bytes:
    fault = f'<p class="fault" id="fault" role="alert">{_say(error, language)}</p>' if error else ""
    wrong = {"bad_sum": "handed"}.get(error, "code") if error else ""
    takings = "".join(_taking_item(one, language) for one in office.waiting())
    files = "".join(_file_item(one, language) for one in office.files())
    buttons = "".join(
        f'<button name="kind" value="{kind}"{"" if kind in SPOILED else " class=main"}>{_say(kind, language)}</button>'
        for kind in KINDS
    )
    main = f"""<p>{_say("lede", language)}</p>{fault}
<form method="post" action="{HOME}/take?lang={language}">
{_input("code", code, language, inputmode="numeric", is_wrong=wrong == "code")}
{_input("handed", handed, language, inputmode="decimal", is_wrong=wrong == "handed")}
<label class="check"><input type="checkbox" name="short" value="1"> {_say("short", language)}</label>
<button class="main">{_say("take", language)}</button></form>
<h2 id="waiting">{_say("waiting", language)}</h2>{_list("waiting", takings, language)}
<h2>{_say("file", language)}</h2><form method="post" action="{HOME}/file">{buttons}</form>
<h2 id="files">{_say("files", language)}</h2>{_list("files", files, language)}"""
    return page(language, _say("title", language), main, here=HOME)


def _input(name: str, value: str, language: str, *, inputmode: str, is_wrong: bool) -> str:
    invalid = ' aria-invalid="true"' if is_wrong else ""
    fault = " fault" if is_wrong else ""
    return (
        f'<label for="{name}">{_say(name, language)}</label><p class="hint" id="{name}-hint">'
        f'{_say(f"{name}_hint", language)}</p><input id="{name}" name="{name}" inputmode="{inputmode}"'
        f' autocomplete="off" required value="{escape(value)}" aria-describedby="{name}-hint{fault}"{invalid}>'
    )


def _list(name: str, items: str, language: str) -> str:
    return (
        f'<ul class="payments" aria-labelledby="{name}">{items}</ul>' if items else f"<p>{_say('none', language)}</p>"
    )


def _taking_item(one: Taking, language: str) -> str:
    return f"<li><p><code>{one.reference}</code> · {euros(one.amount, language)} + {euros(one.fee, language)}</p></li>"


def _file_item(one: ReturnFile, language: str) -> str:
    name = f"{_say('number', language)} {one.number}"
    kind = "" if one.kind == "right" else f" ({escape(one.kind)})"
    return (
        f"<li><h3>{name}{kind} · {one.day}</h3><p><code>{escape(one.answer[:80])}</code></p>"
        f'<form method="post" action="{HOME}/files/{one.id}"><button>{_say("again", language)}'
        f'<span class="sr"> {name}</span></button></form>'
        f'<p><a href="{HOME}/files/{one.id}" download="eficash-{one.number}.csv">{_say("download", language)}'
        f'<span class="sr"> {name}</span></a></p></li>'
    )


def _ticket(taking: Taking, language: str) -> bytes:
    at = datetime.fromtimestamp(taking.at, UTC).astimezone(ZONE)
    rows = (
        ("at", f"{at:%d/%m/%Y %H:%M}"), ("reference", f"<code>{taking.reference}</code>"),
        ("amount", euros(taking.amount, language)), ("fee", euros(FEE, language)),
        ("total", euros(taking.amount + FEE, language)), ("operation", f"<code>{taking.operation}</code>"),
    )  # fmt: skip
    listed = "".join(f"<div><dt>{_say(key, language)}</dt><dd>{value}</dd></div>" for key, value in rows)
    main = f'<dl>{listed}</dl><p><a class="main" href="{HOME}?lang={language}">{_say("back", language)}</a></p>'
    return page(language, _say("ticket", language), main, here=f"{HOME}/tickets/{taking.id}")
