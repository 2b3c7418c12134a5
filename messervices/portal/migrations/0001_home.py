"""The read of the signed-in home, kept by the server."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """One function; the portal has no table."""

    initial = True
    dependencies: ClassVar = [
        ("audit", "0001_initial"),
        ("notifications", "0001_initial"),
        ("students", "0001_initial"),
    ]
    operations: ClassVar = [sqlfiles.run("portal", "home.sql")]
