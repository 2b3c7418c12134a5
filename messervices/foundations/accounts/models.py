"""Who signs in. Nothing of what they are to the Crous: that is ``students`` and ``crous``."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from messervices.foundations.accounts.states import Kind, Language


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail is one person's, whatever the capitals."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user. ``password`` ``None`` leaves the account without one (passkey)."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, whatever the capitals."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """An account: one e-mail, one person.

    The scope stands on the row (``person_id``, ``crous_ids``, ``rights``, ``national``), written by the actions of
    ``students`` and ``crous``: a request learns who acts, and for whom, from the query that reads its session.
    """

    email = models.EmailField(max_length=254, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.STUDENT)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.FRENCH)
    label = models.CharField(max_length=200, blank=True)
    person_id = models.BigIntegerField(null=True, blank=True, unique=True)
    crous_ids = ArrayField(models.IntegerField(), default=list, blank=True)
    rights = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    national = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """The e-mail is kept in lower case, so that it is unique whatever the capitals."""

        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_folded")]

    def __str__(self) -> str:
        """The number: an e-mail must not reach a log by accident."""
        return f"user {self.pk}"

    def get_short_name(self) -> str:
        """What the platform calls them before they said who they are."""
        return self.label

    @property
    def is_staff(self) -> bool:
        """Django's own admin is not used."""
        return False


class Session(AbstractBaseSession):
    """A session that knows whose it is, so that one query reads both and one deletes all of a person's.

    ``device`` is what the browser calls itself, ``opened_at`` the sign-in, ``seen_at`` the last page, give or take the
    minutes of ``middleware``. Neither address nor place is kept: a guess of ours would frighten or reassure wrongly.
    """

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    device = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        """Named like Django's."""

        verbose_name = "session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Our store."""
        from messervices.foundations.accounts.sessions import SessionStore  # noqa: PLC0415 - they name each other

        return SessionStore


class Limit(models.Model):
    """How much of a limit is used up: the instant at which it will be whole again (``actions.take``).

    ``key`` is a hash of what is limited (an account, a person, a network), so that the table names nobody. The table
    is UNLOGGED: after a crash every limit is whole again, which costs nothing, and counting costs no WAL.
    """

    key = models.CharField(max_length=32, primary_key=True, db_collation="C")
    whole_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """When it is whole again."""
        return f"{self.whole_at:%Y-%m-%d %H:%M:%S}"


class EmailChange(models.Model):
    """A change of e-mail that waits until both addresses have said yes.

    The links hold 256-bit tokens; only their hashes are kept. ``new_token_hash`` is empty when the new address already
    has an account: its owner is told, and the change never comes about, without the asker learning why.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="email_change")
    new_email = models.EmailField(max_length=254)
    old_token_hash = models.CharField(max_length=64, unique=True)
    new_token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - several may have none
    confirmed_old_at = models.DateTimeField(null=True)
    confirmed_new_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        """The new address is kept in lower case, like the user's."""

        constraints = [
            models.CheckConstraint(condition=Q(new_email=Lower("new_email")), name="email_change_folded"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="email_change_expires_later"),
        ]

    def __str__(self) -> str:
        """Whose, never which."""
        return f"e-mail change of user {self.user_id}"
