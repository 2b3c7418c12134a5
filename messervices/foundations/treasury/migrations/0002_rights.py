"""Rights of this room: what a bank said, what was moved and what was closed is never edited, and nothing is deleted."""

from typing import ClassVar

from django.db import migrations

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):
    """What the database itself guarantees."""

    dependencies: ClassVar = [("treasury", "0001_initial")]
    operations: ClassVar = [
        sqlfiles.revoke("update, delete, truncate", "treasury_chunk"),
        sqlfiles.revoke("update, delete, truncate", "treasury_adjustment"),
        sqlfiles.revoke("update, delete, truncate", "treasury_sheet"),
        sqlfiles.revoke("update, delete, truncate", "treasury_detail"),
        sqlfiles.revoke("delete, truncate", "treasury_file"),
        sqlfiles.revoke("delete, truncate", "treasury_statement"),
        sqlfiles.revoke("delete, truncate", "treasury_entry"),
        sqlfiles.revoke("delete, truncate", "treasury_settlement"),
        sqlfiles.revoke("delete, truncate", "treasury_settlementline"),
        sqlfiles.revoke("delete, truncate", "treasury_mismatch"),
        sqlfiles.revoke("delete, truncate", "treasury_bankaccount"),
        sqlfiles.revoke("delete, truncate", "treasury_contract"),
    ]
