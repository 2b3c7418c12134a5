"""Rights of this room: what was signed, sent or answered is never taken back."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the application may not do."""

    dependencies: ClassVar = [("payouts", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.revoke("update, delete, truncate", "payouts_signature"),
        sqlfiles.revoke("delete, truncate", "payouts_runfile"),
        sqlfiles.revoke("delete, truncate", "payouts_line"),
        sqlfiles.revoke("delete, truncate", "payouts_bankanswer"),
    ]
