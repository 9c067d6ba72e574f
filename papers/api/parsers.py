"""Bodies of requests, read within bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from .problems import TooLarge

BODY_LIMIT = 2**20


class BoundedJSONParser(BaseParser):
    """JSON in UTF-8 (RFC 8259) of at most 1 MiB; NaN and Infinity, which are not JSON, are refused."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise TooLarge(_("The body has more than 1 MiB."))
        try:
            return json.loads(body.decode(), parse_constant=_refuse)
        # RecursionError: thousands of brackets within each other.
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, ValueError) else _("It is nested too deeply.")
            raise ParseError(_("The body is not JSON: %(reason)s") % {"reason": reason}) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON.")
