"""The second lock: whatever was built, only this leaves the house."""

import nh3

BLOCK_TAGS = {"p", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre"}
TEXT_TAGS = {"a", "em", "strong", "s", "u", "sup", "sub", "code", "mark", "br", "hr"}
MATHML_TAGS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover",
    "munderover", "mfrac", "msqrt", "mroot", "mstyle", "mphantom", "mtable", "mtr", "mtd",
}  # fmt: skip
TAGS = BLOCK_TAGS | TEXT_TAGS | MATHML_TAGS

ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # where nothing is said nh3 lets title and lang pass
    **{tag: {"dir"} for tag in BLOCK_TAGS},
    "a": {"href"},
    "ol": {"dir", "start"},
    "code": {"dir", "translate"},
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {
        "form", "stretchy", "fence", "movablelimits", "largeop", "separator", "minsize", "maxsize", "lspace",
        "rspace",
    },
    "mspace": {"width"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mfrac": {"linethickness"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"displaystyle"},
}  # fmt: skip

CLASSES = {
    "code": {"tex"},
    "mtd": {"tex-left", "tex-right"},
    "mtext": {"tex-bold", "tex-italic", "tex-mono", "tex-sans"},
    "mrow": {"tex-box", "tex-struck"},
}

LINK_SCHEMES = {"http", "https", "mailto"}
LINK_REL = "nofollow noopener ugc"

_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    url_schemes=LINK_SCHEMES,
    url_relative="deny",
    link_rel=LINK_REL,
)


def sanitise(html: str) -> str:
    """Return HTML with nothing in it but the elements, attributes, classes and schemes listed above."""
    return _cleaner.clean(html)
