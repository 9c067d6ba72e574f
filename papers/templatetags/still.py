"""`{% still "components/keys.html" %}`: includes a template that has no variables, rendered once for each language."""

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def still(name: str) -> str:
    """Return a part that is the same on every page. What every page repeats is a tenth of its cost (bench/)."""
    if settings.DEBUG:
        _render.cache_clear()  # the template may have been edited
    return _render(name, get_language())


@lru_cache(maxsize=64)
def _render(name: str, language: str | None) -> str:
    return get_template(name).render()
