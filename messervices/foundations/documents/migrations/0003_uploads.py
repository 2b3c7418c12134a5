"""Files handed in: their folders, their quarantine, and the papers written anew from them."""

import django.db.models.deletion
import messervices.kernel.isolation
import uuid
from django.db import migrations, models

from messervices.kernel import sqlfiles


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0002_sql'),
        ('students', '0002_sql'),
    ]

    operations = [
        migrations.CreateModel(
            name='Folder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(db_collation='C', max_length=80, unique=True)),
                ('crous_id', models.SmallIntegerField(default=0)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('crous_id', models.SmallIntegerField(default=0)),
                ('slot', models.CharField(max_length=40)),
                ('identity', models.BooleanField(default=False)),
                ('purpose', models.CharField(blank=True, max_length=80)),
                ('name', models.CharField(max_length=100)),
                ('status', models.CharField(choices=[('received', 'Reçu, en attente de vérification'), ('checking', 'En cours de vérification'), ('clean', 'Vérifié'), ('refused', 'Refusé'), ('replaced', 'Remplacé'), ('withdrawn', 'Retiré'), ('shredded', 'Détruit')], default='received', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=16)),
                ('raw', models.BinaryField(null=True)),
                ('size', models.IntegerField()),
                ('sha256', models.BinaryField(max_length=32)),
                ('received_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('shred_on', models.DateField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='paper',
            name='paper_once',
        ),
        migrations.AddField(
            model_name='paper',
            name='pages',
            field=models.SmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='paper',
            name='identity',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='paper',
            name='purpose',
            field=models.CharField(blank=True, default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='paper',
            name='shredded_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='paper',
            name='content',
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name='paper',
            name='name',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='folder',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='folders', to='students.person'),
        ),
        migrations.AddField(
            model_name='upload',
            name='folder',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='documents.folder'),
        ),
        migrations.AddField(
            model_name='upload',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='students.person'),
        ),
        migrations.AddField(
            model_name='paper',
            name='upload',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='paper', to='documents.upload'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('shredded_at', None), models.Q(('content', None), ('name', '')), _connector='OR'), name='paper_shredded_is_empty'),
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=messervices.kernel.isolation.Isolated(crous='crous_id', insert_freely=False, name='folder_isolated', person='person'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('status__in', ('received', 'checking'))), fields=['received_at'], name='upload_waiting'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('status', 'shredded'), _negated=True), fields=['shred_on'], name='upload_to_shred'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=messervices.kernel.isolation.Isolated(crous='crous_id', insert_freely=False, name='upload_isolated', person='person'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('raw__isnull', False), ('settled_at', None), ('status__in', ('received', 'checking'))), models.Q(models.Q(('status__in', ('received', 'checking')), _negated=True), ('raw', None), ('settled_at__isnull', False)), _connector='OR'), name='upload_raw_until_verdict'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'refused'), models.Q(('reason', ''), _negated=True)), models.Q(('reason', ''), ('status__in', ['received', 'checking', 'clean'])), ('status__in', ['replaced', 'withdrawn', 'shredded']), _connector='OR'), name='upload_refused_for_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='upload_of_something'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('received', 'checking', 'clean'))), fields=('folder', 'slot', 'sha256'), name='upload_once_a_slot'),
        ),
        sqlfiles.run("foundations/documents", "uploads.sql"),
        migrations.AlterField(
            model_name='paper',
            name='upload',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='paper', to='documents.upload'),
        ),
        sqlfiles.revoke("delete, truncate", "documents_folder"),
        sqlfiles.revoke("delete, truncate", "documents_upload"),
        sqlfiles.revoke("delete, truncate", "documents_paper"),
    ]
