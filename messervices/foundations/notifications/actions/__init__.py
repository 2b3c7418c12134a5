"""Writes on messages: one file a deed."""

from messervices.foundations.notifications.actions.mark_read import mark_read
from messervices.foundations.notifications.actions.notify import notify, queue_waiting
from messervices.foundations.notifications.actions.queue_mail import queue_mail
from messervices.foundations.notifications.actions.send import send_mail, send_message
from messervices.foundations.notifications.actions.sweep import forget, sweep, try_again

__all__ = [
    "forget",
    "mark_read",
    "notify",
    "queue_mail",
    "queue_waiting",
    "send_mail",
    "send_message",
    "sweep",
    "try_again",
]
