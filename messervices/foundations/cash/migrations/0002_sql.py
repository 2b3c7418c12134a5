"""Functions and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees: a notice follows its order; what the post offices said is never removed."""

    dependencies: ClassVar = [("cash", "0001_initial"), ("payments", "0004_eficash")]
    operations: ClassVar = [
        sqlfiles.run("foundations/cash", "follow.sql"),
        sqlfiles.revoke("delete, truncate", "cash_notice"),
        sqlfiles.revoke("delete, truncate", "cash_returnfile"),
        sqlfiles.revoke("delete, truncate", "cash_line"),
    ]
