"""Functions, triggers and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees."""

    dependencies: ClassVar = [("ledger", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.run("foundations/ledger", "ledger.sql"),
        sqlfiles.revoke("update, delete, truncate", "ledger_transfer"),
        sqlfiles.revoke("update, delete, truncate", "ledger_account"),
        sqlfiles.revoke("insert, update, delete, truncate", "ledger_balance"),
        sqlfiles.let_report_read("ledger_account"),
        sqlfiles.let_report_read("ledger_transfer"),
        sqlfiles.let_report_read("ledger_balance"),
    ]
