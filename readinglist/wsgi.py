"""The application for a web server, with what the first pages would load already loaded.

A server that forks (readinglist/web.py) then keeps one copy of it for all its processes.
"""

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.template import engines
from django.template.loader import get_template
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readinglist.settings")
application = get_wsgi_application()


def load_pages() -> None:
    """Load addresses, views and our own templates."""
    reverse("papers:home")
    for folder in engines["django"].dirs:
        for path in Path(folder).rglob("*.html"):
            get_template(str(path.relative_to(folder)))


load_pages()
