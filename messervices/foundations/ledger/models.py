"""The ledger: accounts by path, transfers in whole cents. Insert only; an operation is undone by its mirror."""

from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    """An account, named by a path: ``psp:lyra:receivable``, ``cvec:2026:collected:versailles``."""

    path = models.CharField(max_length=200, unique=True)

    def __str__(self) -> str:
        """The path."""
        return self.path


class Transfer(models.Model):
    """Money moves from ``debit`` to ``credit``: balanced by construction, written once under its ``key``."""

    key = models.CharField(max_length=120, unique=True)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    amount_cents = models.BigIntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    mirrors = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="mirrored_by")

    class Meta:
        """A transfer moves something, between two accounts."""

        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two"),
        ]

    def __str__(self) -> str:
        """The key and the amount."""
        return f"{self.key} {self.amount_cents}"


class Balance(models.Model):
    """What an account has received less what it has given, in shards, moved in the transfer's own transaction.

    An account that everybody pays into would be one row that all wait for. It is sixteen: each connection adds to
    its own, and the balance is their sum.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    shard = models.SmallIntegerField()
    cents = models.BigIntegerField(default=0)

    class Meta:
        """One row an account and shard."""

        constraints = [models.UniqueConstraint(fields=["account", "shard"], name="balance_shard")]

    def __str__(self) -> str:
        """Account, shard, cents."""
        return f"{self.account_id}/{self.shard} {self.cents}"
