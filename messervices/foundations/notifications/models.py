"""What the platform writes to people: one row is the inbox item and its mail. What came of it; how to reach them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from messervices.foundations.documents.models import Document
from messervices.foundations.notifications.states import (
    MailStatus,
    Outcome,
    ReportKind,
    ReportSource,
    ReportStatus,
    SmsStatus,
)
from messervices.foundations.students.models import Person
from messervices.kernel.isolation import Isolated, IsolatedByPerson

_ON_THE_WAY = Q(mail_status__in=[MailStatus.QUEUED, MailStatus.SENDING, MailStatus.HANDING])
_LEFT = Q(mail_status=MailStatus.SENT, sent_at__isnull=False) | Q(mail_status=MailStatus.FAILED)
_NOT_LEFT = ~Q(mail_status__in=[MailStatus.SENT, MailStatus.FAILED]) & Q(sent_at=None)


class Outgoing(models.Model):
    """A mail to send. ``due_at`` is when it may be tried (again), or when its sender's lease ends.

    ``mail_id`` is the Message-ID of the mail that carries it, made as it is first taken: several messages to one
    person may share it. ``address_digest`` stands for the address it went to, ``outcome`` says why it did not arrive.
    """

    mail_status = models.CharField(max_length=16, choices=MailStatus.choices)
    mail_attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    mail_id = models.CharField(max_length=160, blank=True, default="", db_default="")
    address_digest = models.CharField(max_length=32, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default="", db_default="")

    class Meta:
        """No table of its own."""

        abstract = True


class Message(Outgoing):
    """A message to a person: in their inbox at once, and by mail when ``mail_status`` says so.

    The words are not stored: ``kind`` names the templates of the room that wrote it, ``params`` what they need, and the
    reader's language is the reader's (``language`` is the one the mail left in). ``crous_id`` is the Crous in whose
    name it is written, 0 for none. ``document`` is attached, sealed. An ``urgent`` one leaves alone. ``bounces`` counts
    the times a full mailbox sent it back.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages", db_index=False)
    crous_id = models.SmallIntegerField(default=0)
    kind = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="messages", db_index=False)
    urgent = models.BooleanField(default=False, db_default=False)
    language = models.CharField(max_length=2, blank=True, default="", db_default="")
    bounces = models.SmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        """Read by person, newest first; mails on the way and mails that wait are found among millions of old ones."""

        constraints = [
            models.CheckConstraint(condition=_LEFT | _NOT_LEFT, name="message_left_when"),
            models.CheckConstraint(condition=~_ON_THE_WAY | Q(due_at__isnull=False), name="message_due_when"),
            models.CheckConstraint(
                condition=~Q(mail_status=MailStatus.WAITING) | Q(document__isnull=False), name="message_waits_for"
            ),
            models.CheckConstraint(
                condition=~Q(mail_status__in=[MailStatus.HANDING, MailStatus.UNKNOWN]) | ~Q(mail_id=""),
                name="message_handed_named",
            ),
            IsolatedByPerson(name="message_isolated"),
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="message_inbox"),
            models.Index(fields=["due_at"], name="message_on_the_way", condition=_ON_THE_WAY),
            models.Index(fields=["document"], name="message_waiting", condition=Q(mail_status=MailStatus.WAITING)),
            models.Index(fields=["mail_id"], name="message_mail", condition=~Q(mail_id="")),
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
        """What has left, or may have, holds nothing any more."""

        constraints = [
            models.CheckConstraint(condition=_LEFT | _NOT_LEFT, name="outgoing_mail_left_when"),
            models.CheckConstraint(
                condition=~Q(mail_status__in=[MailStatus.SENT, MailStatus.UNKNOWN]) | Q(params={}),
                name="outgoing_mail_left_empty",
            ),
            models.CheckConstraint(condition=~_ON_THE_WAY | Q(due_at__isnull=False), name="outgoing_mail_due_when"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="outgoing_mail_on_the_way", condition=_ON_THE_WAY),
            models.Index(fields=["mail_id"], name="outgoing_mail_mail", condition=~Q(mail_id="")),
        ]

    def __str__(self) -> str:
        """Its key and template, never the address."""
        return f"mail {self.pk} {self.template}"


class Sms(models.Model):
    """An urgent message that goes to a person's telephone too, in short words. It holds no number: the contact does.

    ``reference`` is ours, told to the provider, who can be asked by it; ``provider_id`` is theirs.
    """

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="sms")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sms")
    status = models.CharField(max_length=16, choices=SmsStatus.choices)
    attempts = models.SmallIntegerField(default=0)
    questions = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=2, blank=True)
    reference = models.CharField(max_length=40, unique=True)
    provider_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        """Sent is dated; what is on the way, or may have been sent and can still be asked about, is found."""

        constraints = [
            models.CheckConstraint(
                condition=Q(status=SmsStatus.SENT, sent_at__isnull=False)
                | Q(status=SmsStatus.FAILED)
                | ~Q(status__in=[SmsStatus.SENT, SmsStatus.FAILED]) & Q(sent_at=None),
                name="sms_left_when",
            ),
            IsolatedByPerson(name="sms_isolated"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="sms_on_the_way", condition=Q(due_at__isnull=False)),
            models.Index(fields=["provider_id"], name="sms_provider", condition=~Q(provider_id="")),
        ]

    def __str__(self) -> str:
        """Its reference, never the number."""
        return f"sms {self.reference}"


class Contact(models.Model):
    """How a person wants to be written to: what they would not have by mail, and a number for what is urgent.

    ``phone`` is E.164, of any country, and may be empty. ``mailed_at`` is when a mail was last taken to be sent:
    whoever sends locks this row, and so no person gets two mails at once.
    """

    person = models.OneToOneField(Person, on_delete=models.PROTECT, primary_key=True, related_name="contact")
    phone = models.CharField(max_length=16, blank=True)
    phone_failed_at = models.DateTimeField(null=True)
    sms = models.BooleanField(default=True)
    mail_off = ArrayField(models.CharField(max_length=16), default=list)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        """A number is a number."""

        constraints = [
            models.CheckConstraint(condition=Q(phone__regex=r"^(\+[1-9][0-9]{6,14})?$"), name="contact_phone_e164"),
            IsolatedByPerson(name="contact_isolated"),
        ]

    def __str__(self) -> str:
        """Whose, never which."""
        return f"contact of person {self.pk}"


class DeadAddress(models.Model):
    """An address that takes no mail any more, by a keyed digest: the table names nobody."""

    digest = models.CharField(max_length=32, primary_key=True, db_collation="C")
    since = models.DateTimeField()
    code = models.CharField(max_length=16, blank=True)

    class Meta:
        """Plural as English has it."""

        verbose_name_plural = "dead addresses"

    def __str__(self) -> str:
        """Since when."""
        return f"{self.since:%Y-%m-%d} {self.code}"


class Report(models.Model):
    """What a mail server or a provider told us of a mail: kept as it came, before anything is done with it.

    ``event_key`` is the event's own name, so that one told twice in other bytes counts once. Nobody knows whose a
    report is before it is read: until then, and for ever when it speaks of none of our mails, its Crous is 0.
    """

    source = models.CharField(max_length=16, choices=ReportSource.choices)
    raw = models.BinaryField()
    sha256 = models.BinaryField(unique=True)
    event_key = models.CharField(max_length=250, null=True, unique=True)  # noqa: DJ001 - several may have none
    kind = models.CharField(max_length=16, choices=ReportKind.choices, blank=True)
    status = models.CharField(max_length=16, choices=ReportStatus.choices, default=ReportStatus.NEW)
    code = models.CharField(max_length=16, blank=True)
    mail_id = models.CharField(max_length=160, blank=True)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    person_id = models.BigIntegerField(null=True)
    crous_id = models.SmallIntegerField(default=0)

    class Meta:
        """Read is dated; the unread are found."""

        constraints = [
            Isolated(name="report_isolated", crous="crous_id", person="person_id"),
            models.CheckConstraint(
                condition=Q(status=ReportStatus.NEW, read_at=None)
                | ~Q(status=ReportStatus.NEW) & Q(read_at__isnull=False),
                name="report_read_dated",
            ),
        ]
        indexes = [models.Index(fields=["received_at"], name="report_unread", condition=Q(status=ReportStatus.NEW))]

    def __str__(self) -> str:
        """Number, kind, status."""
        return f"report {self.pk} {self.kind or self.source} {self.status}"
