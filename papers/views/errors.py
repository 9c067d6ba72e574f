"""What a request that makes no sense is told."""

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong where we said so ourselves; what Django found suspicious stays unexplained."""
    is_ours = isinstance(exception, (BadRequest, RequestDataTooBig))
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return render(request, "400.html", {"reason": str(exception) if is_ours else ""}, status=status)
