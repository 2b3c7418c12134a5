"""What was done and what was read. Rows are only ever added; the database refuses anything else."""

from django.db import models

from messervices.kernel.isolation import Isolated


class Deed(models.Model):
    """One deed: who, what, on whose file, when and why.

    Deeds of one transaction follow each other in one *stream*; each carries the hash of the one before it, so that a
    change, a removal or a re-ordering shows. ``recipe`` tells how the hash was computed (see ``sql/chain.sql``).
    """

    stream = models.SmallIntegerField()
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200, blank=True)
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=120)
    person_id = models.BigIntegerField(null=True)
    crous_id = models.SmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    recipe = models.SmallIntegerField(default=1)
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        """One place in one stream; read by person, newest first."""

        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="deed_place"),
            Isolated(name="deed_isolated", crous="crous_id", person="person_id", insert_freely=True),
        ]
        indexes = [
            models.Index(fields=["person_id", "-at"], name="deed_person"),
            # Deeds on settings and roles are few: only they are found by what they were done to.
            models.Index(fields=["subject"], condition=models.Q(person_id=None), name="deed_subject"),
        ]

    def __str__(self) -> str:
        """The deed in a line."""
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject}"


class Head(models.Model):
    """The last place and hash of a stream. Moved by the trigger alone."""

    stream = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(default=b"")

    def __str__(self) -> str:
        """Stream and place."""
        return f"{self.stream}:{self.seq}"


class Installation(models.Model):
    """Which database this is: heads written outside are compared with the database they came from, and no other."""

    uuid = models.UUIDField(primary_key=True)

    def __str__(self) -> str:
        """The number."""
        return str(self.uuid)


class Read(models.Model):
    """An agent opened a student's file: shown to the student as it is, and to the agent among their last ones."""

    at = models.DateTimeField()
    agent_id = models.BigIntegerField()
    agent_label = models.CharField(max_length=200)
    crous_id = models.SmallIntegerField()
    person_id = models.BigIntegerField()
    what = models.CharField(max_length=64)
    reason = models.TextField()

    class Meta:
        """Read by person or by agent, newest first."""

        constraints = [Isolated(name="read_isolated", crous="crous_id", person="person_id", insert_freely=True)]
        indexes = [
            models.Index(fields=["person_id", "-at"], name="read_person"),
            models.Index(fields=["agent_id", "-at"], name="read_agent"),
        ]

    def __str__(self) -> str:
        """The reading in a line."""
        return f"{self.at:%Y-%m-%d %H:%M} {self.agent_label} {self.what}"
