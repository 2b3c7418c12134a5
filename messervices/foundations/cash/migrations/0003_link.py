"""A notice gives way to a payer's link."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """One trigger more."""

    dependencies: ClassVar = [("cash", "0002_sql"), ("payments", "0005_payer_link")]
    operations: ClassVar = [sqlfiles.run("foundations/cash", "follow_link.sql")]
