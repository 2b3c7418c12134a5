"""Writes on messages: one file a deed."""

from messervices.foundations.notifications.actions.contact import change_contact, stop_topic
from messervices.foundations.notifications.actions.dead import mark_dead, trust_address
from messervices.foundations.notifications.actions.mark_read import mark_read
from messervices.foundations.notifications.actions.notify import notify, queue_waiting
from messervices.foundations.notifications.actions.queue_mail import queue_mail
from messervices.foundations.notifications.actions.report import (
    LONGEST_REPORT,
    read_report,
    receive_notice,
    receive_returned,
)
from messervices.foundations.notifications.actions.resend import resend_message
from messervices.foundations.notifications.actions.send import send_mail, send_message
from messervices.foundations.notifications.actions.send_sms import ask_sms, send_sms
from messervices.foundations.notifications.actions.sweep import forget, sweep

__all__ = [
    "LONGEST_REPORT",
    "ask_sms",
    "change_contact",
    "forget",
    "mark_dead",
    "mark_read",
    "notify",
    "queue_mail",
    "queue_waiting",
    "read_report",
    "receive_notice",
    "receive_returned",
    "resend_message",
    "send_mail",
    "send_message",
    "send_sms",
    "stop_topic",
    "sweep",
    "trust_address",
]
