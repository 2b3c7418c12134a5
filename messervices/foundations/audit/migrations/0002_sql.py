"""Functions, triggers and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees."""

    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.run("foundations/audit", "chain.sql"),
        sqlfiles.revoke("update, delete, truncate", "audit_deed"),
        sqlfiles.revoke("update, delete, truncate", "audit_read"),
        sqlfiles.revoke("insert, update, delete, truncate", "audit_head"),
    ]
