"""The read of the tile, kept by the server."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """One function."""

    dependencies: ClassVar = [("cvec", "0002_rolls"), ("students", "0001_initial")]
    operations: ClassVar = [sqlfiles.run("services/cvec", "standing.sql")]
