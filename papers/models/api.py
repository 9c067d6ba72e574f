"""What the API keeps for itself."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class IdempotentResponse(models.Model):
    """What a POST with an `Idempotency-Key` was answered; for a day the same key gets the same answer.

    The row is written in the transaction of the act. Its unique constraint is the lock: a second request
    with the key waits for the first to commit, and reads its answer.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(
        settings.KNOX_TOKEN_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "token", "key"], name="idempotent_response_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["created"], name="idempotent_response_created")]

    def __str__(self) -> str:
        return self.key
