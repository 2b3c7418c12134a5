"""Claiming an event and locking its order in one call."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """One function more."""

    dependencies: ClassVar = [("payments", "0002_sql")]
    operations: ClassVar = [sqlfiles.run("foundations/payments", "claim.sql")]
