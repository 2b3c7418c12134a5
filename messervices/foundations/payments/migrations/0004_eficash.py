"""One rail more: cash at a post office."""

from typing import ClassVar

from django.db import migrations, models

RAILS = [("lyra", "Carte bancaire"), ("eficash", "Espèces à La Poste")]


class Migration(migrations.Migration):
    """Only the choices change: nothing is asked of the database."""

    dependencies: ClassVar = [("payments", "0003_claim")]
    operations: ClassVar = [
        migrations.AlterField(model, "rail", models.CharField(choices=RAILS, max_length=16))
        for model in ("attempt", "capture", "outsideevent")
    ]
