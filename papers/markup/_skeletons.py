"""Skeletons: HTML of ours with holes, into which texts go. Whatever is not HTML already is escaped on the way."""

import re
from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString

# Private-use characters, which stand in no template; the texts come later and are not looked through for holes.
_HOLE = re.compile("\ue0f0([\\w.]+)\ue0f1")


def make_hole(name: str) -> SafeString:
    """Return what marks a hole, for a template to print."""
    return SafeString(f"\ue0f0{name}\ue0f1")


class Skeleton:
    """HTML that a template printed, some holes instead of texts."""

    def __init__(self, html: str, names: Iterable[str]) -> None:
        """`names` are those of the holes, in the order in which their texts will come. Raises KeyError for others."""
        places = {name: place for place, name in enumerate(names)}
        self._html = _HOLE.sub("%s", html.replace("%", "%%"))
        self._order = [places[name] for name in _HOLE.findall(html)]

    def fill(self, texts: Iterable[str]) -> SafeString:
        """Return the HTML with a text for each of the names."""
        escaped = [text if type(text) is SafeString else escape(text) for text in texts]
        return SafeString(self._html % tuple([escaped[place] for place in self._order]))
