"""The project's settings, with the floor among the addresses. DATABASE_URL names the database of the bench."""

from readinglist.settings import *  # noqa: F403
from readinglist.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]}]  # type: ignore[dict-item,misc]
