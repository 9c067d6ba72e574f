"""Skeletons: HTML of ours with holes, into which texts go. Whatever is not HTML already is escaped on the way."""

import re
from collections.abc import Mapping
from html import escape

from django.utils.safestring import SafeString

# Private-use characters, which stand in no template; the texts come later and are not looked through for holes.
_HOLE = re.compile("\ue0f0([\\w.]+)\ue0f1")


def make_hole(name: str) -> SafeString:
    """Return what marks a hole, for a template to print."""
    return SafeString(f"\ue0f0{name}\ue0f1")


class Skeleton:
    """HTML that a template printed, some holes instead of texts."""

    def __init__(self, html: str) -> None:
        self.names = list(dict.fromkeys(_HOLE.findall(html)))
        """Of the holes, each once."""
        self._html = _HOLE.sub(r"%(\1)s", html.replace("%", "%%"))

    def fill(self, texts: Mapping[str, str]) -> SafeString:
        """Return the HTML with a text in each hole. Raises KeyError where one has none."""
        escaped = {
            name: text if type(text := texts[name]) is SafeString else escape(text) for name in self.names
        }
        return SafeString(self._html % escaped)
