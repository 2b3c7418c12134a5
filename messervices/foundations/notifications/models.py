"""What the platform writes to people: one row is the inbox item and its mail."""

from django.db import models
from django.db.models import Q

from messervices.foundations.documents.models import Document
from messervices.foundations.notifications.states import MailStatus
from messervices.foundations.students.models import Person
from messervices.kernel.isolation import IsolatedByPerson

_ON_THE_WAY = Q(mail_status__in=[MailStatus.QUEUED, MailStatus.SENDING])


class Outgoing(models.Model):
    """A mail to send. ``due_at`` is when it may be tried (again), or when its sender's lease ends."""

    mail_status = models.CharField(max_length=16, choices=MailStatus.choices)
    mail_attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """No table of its own."""

        abstract = True


class Message(Outgoing):
    """A message to a person: in their inbox at once, and by mail when ``mail_status`` says so.

    The words are not stored: ``kind`` names the templates of the room that wrote it, ``params`` what they need, and the
    reader's language is the reader's. ``crous_id`` is the Crous in whose name it is written, 0 for none. ``document``
    is attached, sealed.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages", db_index=False)
    crous_id = models.SmallIntegerField(default=0)
    kind = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="messages", db_index=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        """Read by person, newest first; mails on the way and mails that wait are found among millions of old ones."""

        constraints = [
            models.CheckConstraint(
                condition=Q(mail_status=MailStatus.SENT, sent_at__isnull=False)
                | ~Q(mail_status=MailStatus.SENT) & Q(sent_at=None),
                name="message_sent_when",
            ),
            models.CheckConstraint(condition=~_ON_THE_WAY | Q(due_at__isnull=False), name="message_due_when"),
            models.CheckConstraint(
                condition=~Q(mail_status=MailStatus.WAITING) | Q(document__isnull=False), name="message_waits_for"
            ),
            IsolatedByPerson(name="message_isolated"),
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="message_inbox"),
            models.Index(fields=["due_at"], name="message_due", condition=_ON_THE_WAY),
            models.Index(fields=["document"], name="message_waiting", condition=Q(mail_status=MailStatus.WAITING)),
        ]

    def __str__(self) -> str:
        """Its kind."""
        return f"message {self.pk} {self.kind}"


class OutgoingMail(Outgoing):
    """A mail to an address, that is in nobody's inbox: confirming an address, paying for somebody.

    ``template`` (``accounts/mail/confirm``) renders it as it leaves. ``params`` may hold a link that opens something:
    it is emptied then, and the row is deleted 30 days later.
    """

    to = models.EmailField(max_length=254)
    language = models.CharField(max_length=2)
    template = models.CharField(max_length=100)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        """What has left holds nothing any more."""

        constraints = [
            models.CheckConstraint(
                condition=Q(mail_status=MailStatus.SENT, sent_at__isnull=False, params={})
                | ~Q(mail_status=MailStatus.SENT) & Q(sent_at=None),
                name="outgoing_mail_sent_empty",
            ),
            models.CheckConstraint(condition=~_ON_THE_WAY | Q(due_at__isnull=False), name="outgoing_mail_due_when"),
        ]
        indexes = [models.Index(fields=["due_at"], name="outgoing_mail_due", condition=_ON_THE_WAY)]

    def __str__(self) -> str:
        """Its key and template, never the address."""
        return f"mail {self.pk} {self.template}"
