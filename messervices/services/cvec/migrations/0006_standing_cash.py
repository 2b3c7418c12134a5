"""The read of the tile knows of a notice to pay at a post office."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """The same function, with one thing more."""

    dependencies: ClassVar = [("cvec", "0005_rolls_confirmed"), ("cash", "0002_sql")]
    operations: ClassVar = [sqlfiles.run("services/cvec", "standing_cash.sql")]
