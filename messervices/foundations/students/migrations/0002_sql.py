"""Functions, triggers and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees."""

    dependencies: ClassVar = [("students", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.run("foundations/students", "students.sql"),
    ]
