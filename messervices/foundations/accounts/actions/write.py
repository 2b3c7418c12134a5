"""Mails of this room: confirm, reset, tell. In the reader's language, with no name and no address in the subject."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string


def write(*, to: str, language: str, kind: str, context: dict[str, Any]) -> None:
    """Write the mail ``accounts/mail/<kind>.txt`` to an address, in ``fr`` or ``en``.

    The template's first line is the subject, the rest its paragraphs; a line that is an address of ours becomes a
    button in the HTML form, so that both say the same. Leaves through ``MAIL_QUEUE`` (a dotted callable: this room
    stands below the one that queues mails), or at once where none is set.
    """
    with translation.override(language):
        text = render_to_string(f"accounts/mail/{kind}.txt", context).strip()
        subject, _, body = text.partition("\n")
        blocks = [" ".join(block.split()) for block in body.split("\n\n") if block.strip()]
        html = render_to_string("accounts/mail/frame.html", {"subject": subject, "blocks": blocks, "language": language})
    plain = "\n\n".join(blocks) + "\n"
    if settings.MAIL_QUEUE:
        import_string(settings.MAIL_QUEUE)(to=to, subject=subject, text=plain, html=html)
        return
    message = EmailMultiAlternatives(subject, plain, settings.DEFAULT_FROM_EMAIL, [to])
    message.attach_alternative(html, "text/html")
    message.send()
