"""Filters that show outside text in templates. The rules are those of papers.markup; none is made here."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.safestring import SafeString

from papers import markup

register = template.Library()


@register.filter(is_safe=True)
@stringfilter
def paper_inline(text: str) -> SafeString:
    """Show a title or an excerpt on one line. The element around it carries dir="auto"."""
    return markup.inline(text)


@register.filter(is_safe=True)
@stringfilter
def paper_abstract(text: str) -> SafeString:
    """Show an abstract as paragraphs."""
    return markup.abstract(text)


@register.filter(is_safe=True)
@stringfilter
def comment_html(text: str) -> SafeString:
    """Show a comment written in Markdown."""
    return markup.comment(text)


@register.filter
@stringfilter
def paper_plain(text: str) -> str:
    """Show a title without TeX, for <title> and attributes; escaped by the template as any text is."""
    return markup.plain(text)
