"""A try that ended without money may be asked about again: a bank's hint came after it."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

LIVE = ("begun", "unconfirmed", "doubtful")


class Migration(migrations.Migration):
    """A looser rule in the place of a narrower one: written at once, checked on what is there afterwards."""

    atomic = False
    dependencies: ClassVar = [("payments", "0007_refund_moved")]
    operations: ClassVar = [
        migrations.RemoveConstraint(model_name="attempt", name="attempt_ended_dated"),
        AddConstraintNotValid(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("status__in", LIVE)),
                    models.Q(
                        models.Q(("status__in", LIVE), _negated=True),
                        ("ended_at__isnull", False),
                        models.Q(("ask_at", None), models.Q(("status", "captured"), _negated=True), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="attempt_ended_dated",
            ),
        ),
        ValidateConstraint(model_name="attempt", name="attempt_ended_dated"),
    ]
