"""Functions and rights of this room."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees: money that came in is written once and never edited."""

    dependencies: ClassVar = [("payments", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.run("foundations/payments", "book.sql"),
        sqlfiles.revoke("update, delete, truncate", "payments_capture"),
        sqlfiles.revoke("delete, truncate", "payments_order"),
        sqlfiles.revoke("delete, truncate", "payments_attempt"),
        sqlfiles.revoke("delete, truncate", "payments_outsideevent"),
        sqlfiles.revoke("delete, truncate", "payments_refund"),
    ]
