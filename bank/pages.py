"""The bank's pages: plain HTML that works on a phone, by keyboard and without script."""

from html import escape
from urllib.parse import urlencode

from bank import cards
from bank.book import Book, Payment
from bank.words import euros, say

NAMES = {"lyra": "Lyra", "stripe": "Stripe", "payfip": "PayFiP"}
"""What the banks are called."""


def page(language: str, title: str, main: str, *, here: str = "", refresh: str = "") -> bytes:
    """Wrap a page. ``here``: its address, for the link to the other language; ``refresh``: where to go by itself."""
    other = "fr" if language == "en" else "en"
    switch = (
        f'<a href="{escape(here)}?lang={other}" hreflang="{other}" lang="{other}">{say("other_language", language)}</a>'
    )
    leave = f'<meta http-equiv="refresh" content="{escape(refresh)}">' if refresh else ""
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – {say("bank", language)}</title><link rel="icon" href="data:,">{leave}
<link rel="stylesheet" href="/style.css"></head><body>
<a class="skip" href="#main">{say("skip", language)}</a>
<header><strong>{say("bank", language)}</strong>{switch if here else ""}</header>
<aside class="warning"><p>{say("warning", language)}</p></aside>
<main id="main"><h1>{escape(title)}</h1>{main}</main></body></html>
""".encode()


def card_page(payment: Payment, language: str, *, chosen: str, error: str = "") -> bytes:
    """Ask for a card."""
    here = f"/pay/{payment.token}"
    rows = "".join(_card_row(card, here, language, chosen) for card in cards.CARDS)
    fault = f'<p class="fault" id="fault" role="alert">{say(error, language)}</p>' if error else ""
    described = ' aria-invalid="true" aria-describedby="hint fault"' if error else ' aria-describedby="hint"'
    main = f"""{_sum(payment, language)}{fault}
<form method="post" action="{here}/card?lang={language}"><label for="number">{say("number", language)}</label>
<p class="hint" id="hint">{say("number_hint", language)}</p>
<input id="number" name="number" inputmode="numeric" autocomplete="off" required value="{escape(chosen)}"{described}>
<button class="main">{say("pay", language)} {euros(payment.amount, language)}</button></form>
{_debit(payment, here, language)}{_cancel(here, language)}
<h2 id="cards">{say("cards", language)}</h2><ul class="cards" aria-labelledby="cards">{rows}</ul>"""
    return page(language, f"{say('pay_title', language)} – {NAMES[payment.house]}", main, here=here)


def code_page(payment: Payment, language: str, *, error: str = "") -> bytes:
    """The 3-D Secure page."""
    here = f"/pay/{payment.token}"
    fault = f'<p class="fault" id="fault" role="alert">{say(error, language)}</p>' if error else ""
    described = ' aria-invalid="true" aria-describedby="fault"' if error else ""
    main = f"""{_sum(payment, language)}
<p>{say("code_lede", language)} <strong class="code">{cards.CODE}</strong></p>{fault}
<form method="post" action="{here}/code?lang={language}"><label for="code">{say("code", language)}</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required{described}>
<button class="main">{say("confirm", language)}</button></form>{_cancel(here, language)}"""
    return page(language, say("code_title", language), main, here=here)


def end_page(payment: Payment, language: str, *, already: bool) -> bytes:
    """Say how it ended, and lead back to the shop: at once, or after the time that the shop asked for."""
    url, fields, method = way_back(payment)
    why = f"<p>{say(f'refused_{payment.refusal}', language)}</p>" if payment.state == "refused" else ""
    note = f'<p class="note">{say("already", language)}</p>' if already else ""
    if method == "POST":
        inputs = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
        button = f'<button class="main">{say("back", language)}</button>'
        back = f'<form method="post" action="{escape(url)}">{inputs}{button}</form>'
    else:
        back = f'<p><a class="main" href="{escape(url)}">{say("back", language)}</a></p>' if url else ""
    refresh = "" if already or not url or method == "POST" else f"5;url={url}"
    title = say(payment.state, language)
    return page(language, title, f"{_sum(payment, language)}{why}{note}{back}", refresh=refresh)


def way_back(payment: Payment) -> tuple[str, dict[str, str], str]:
    """Give where the browser goes back to, with which fields, and how (GET or POST)."""
    sent = payment.sent
    if payment.house == "payfip":
        return sent["urlredirect"], {}, "GET"
    if payment.house == "stripe":
        return sent["success_url" if payment.state in {"authorised", "waiting"} else "cancel_url"], {}, "GET"
    outcome = {"authorised": "success", "waiting": "success", "refused": "refused"}.get(payment.state, "cancel")
    url = sent.get(f"vads_url_{outcome}") or sent.get("vads_url_return") or ""
    mode = sent.get("vads_return_mode") or "NONE"
    fields: dict[str, str] = {}
    if mode in {"GET", "POST"} and url:
        fields = {"vads_trans_id": payment.trans_id, "vads_order_id": payment.order_id, "vads_site_id": payment.site}
    if mode == "GET" and url:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
    return url, fields, "POST" if mode == "POST" and url else "GET"


def fault_page(language: str, code: str, fields: list[str] | None = None) -> bytes:
    """Say why the bank does not take a request."""
    listed = "".join(f"<li><code>{escape(name)}</code></li>" for name in fields or [])
    title = say("down_title" if code == "down" else "fault_title", language)
    return page(language, title, f"<p>{say(code, language)}</p>{f'<ul>{listed}</ul>' if listed else ''}")


def list_page(book: Book, language: str, down: dict[str, bool]) -> bytes:
    """List the banks, with buttons to take them out of service, and the payments, to send their notices again."""
    items = "".join(_payment_item(payment, book, language) for payment in book.payments(limit=50))
    listed = f'<ul class="payments">{items}</ul>' if items else f"<p>{say('none', language)}</p>"
    houses = "".join(_house_item(name, language, is_down=is_down) for name, is_down in down.items())
    main = (
        f'<h2 id="houses">{say("houses", language)}</h2><ul class="cards" aria-labelledby="houses">{houses}</ul>'
        f'<p><a href="/post-office?lang={language}">{say("post_office", language)}</a></p>'
        f'<p><a href="/statements?lang={language}">{say("statements", language)}</a></p>'
        f"<p>{say('list_lede', language)}</p>{listed}"
    )
    return page(language, say("list_title", language), main, here="/")


def _house_item(name: str, language: str, *, is_down: bool) -> str:
    seconds, label = ("0", "put_back") if is_down else ("120", "take_down")
    button = f'<button class="quiet" name="seconds" value="{seconds}">{say(label, language)}'
    state = say("is_down" if is_down else "is_up", language)
    return (
        f"<li><strong>{NAMES[name]}</strong><span>{state}</span>"
        f'<form method="post" action="/houses/{name}/down">{button}<span class="sr"> {NAMES[name]}</span></button>'
        "</form></li>"
    )


def _payment_item(payment: Payment, book: Book, language: str) -> str:
    notices = "".join(
        f"<li>{escape(n.kind)} {escape(n.source)} · {escape(n.state)} · {n.tries} · "
        f"<code>{escape(n.answer[:60])}</code></li>"
        for n in book.notices(payment.id)
    )
    refunds = "".join(f"<li>−{euros(r.amount, language)}</li>" for r in book.refunds(payment.id))
    order = escape(payment.order_id)
    title = f"{NAMES[payment.house]} · {order} · {euros(payment.taken or payment.amount, language)}"
    choices = (("again", "1:right"), ("twenty", "20:right"), ("forged", "1:forged"))
    buttons = "".join(
        f'<button name="what" value="{what}">{say(label, language)}<span class="sr"> {order}</span></button>'
        for label, what in choices
    )
    form = f'<form method="post" action="/payments/{payment.id}/resend">{buttons}</form>'
    return (
        f"<li><h2>{title}</h2><p>{say('state', language)} {say(payment.state, language)}</p>"
        f"{_named(say('notices', language), notices)}{_named(say('refunds', language), refunds)}"
        f"{form if payment.is_finished else ''}</li>"
    )


def _named(name: str, items: str) -> str:
    return f"<h3>{name}</h3><ul>{items}</ul>" if items else ""


def _card_row(card: cards.Card, here: str, language: str, chosen: str) -> str:
    shown = " ".join(card.number[i : i + 4] for i in range(0, 16, 4))
    is_chosen = cards.digits(chosen) == card.number
    label = say("used" if is_chosen else "use", language)
    current = ' aria-current="true"' if is_chosen else ""
    where = f"{here}?card={card.number}&amp;lang={language}"
    link = f'<a href="{where}"{current}>{label}<span class="sr"> {shown}</span></a>'
    return f"<li><code>{shown}</code><span>{say(f'card_{card.name}', language)}</span>{link}</li>"


def _sum(payment: Payment, language: str) -> str:
    named = ("vads_shop_name", "line_items[0][price_data][product_data][name]", "objet")
    shop = escape(next((payment.sent[name] for name in named if payment.sent.get(name)), payment.site))
    return (
        f"<dl><div><dt>{say('amount', language)}</dt><dd>{euros(payment.amount, language)}</dd></div>"
        f"<div><dt>{say('shop', language)}</dt><dd>{shop}</dd></div>"
        f"<div><dt>{say('order', language)}</dt><dd>{escape(payment.order_id)}</dd></div></dl>"
    )


def _debit(payment: Payment, here: str, language: str) -> str:
    if payment.house != "payfip":
        return ""
    button = f"<button>{say('debit', language)}</button>"
    return f'<form method="post" action="{here}/debit?lang={language}">{button}</form>'


def _cancel(here: str, language: str) -> str:
    button = f'<button class="quiet">{say("cancel", language)}</button>'
    return f'<form method="post" action="{here}/abandon?lang={language}">{button}</form>'
