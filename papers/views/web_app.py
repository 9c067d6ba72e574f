"""What makes the site an app that a phone installs, and that its browser shares pages to."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

PAPER = "#fbfbf9"  # the paper of static/css/tokens.css


@require_GET
@login_not_required
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """https://www.w3.org/TR/appmanifest/ and https://w3c.github.io/web-share-target/: a share is a GET of the form."""
    png = [
        {
            "src": static(f"img/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    return JsonResponse(
        {
            "id": "/",
            "name": settings.SITE_NAME,
            "short_name": settings.SITE_NAME,
            "description": _("Decide together what to read, and read it."),
            "start_url": reverse("papers:home"),
            "scope": "/",
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [{"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}, *png],
            "share_target": {
                "action": reverse("papers:submit"),
                "method": "GET",
                "params": {"title": "title", "text": "text", "url": "url"},
            },
            "shortcuts": [{"name": _("Submit papers"), "url": reverse("papers:submit")}],
        },
        content_type="application/manifest+json",
    )
