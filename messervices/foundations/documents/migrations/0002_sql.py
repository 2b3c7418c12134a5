"""Triggers, functions and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees."""

    dependencies: ClassVar = [("documents", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.run("foundations/documents", "documents.sql"),
        sqlfiles.revoke("delete, truncate", "documents_document"),
        sqlfiles.revoke("update, delete, truncate", "documents_documentfile"),
        sqlfiles.revoke("update, truncate", "documents_paper"),
    ]
