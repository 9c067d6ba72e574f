"""The description of the API, for programs (OpenAPI 3.1) and for people (a page made from it)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from . import problems

GROUPS = {
    "papers": _("Papers"),
    "listings": _("Listings"),
    "sources": _("Sources"),
    "imports": _("Imports"),
    "clubs": _("Clubs"),
    "entries": _("Entries and votes"),
    "comments": _("Comments"),
    "assignments": _("Parts, plans and days away"),
    "deleted": _("What was deleted"),
}


@lru_cache(maxsize=8)
def make_schema(language: str) -> dict[str, Any]:
    """Return the OpenAPI description; it depends on the code alone, so each process makes it once."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@login_not_required
@require_safe
def show_schema(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI description, as YAML where `?format=yaml` asks for it."""
    renderer = OpenApiYamlRenderer() if request.GET.get("format") == "yaml" else OpenApiJsonRenderer()
    body = renderer.render(make_schema(get_language() or ""), renderer_context={})
    return HttpResponse(body, content_type=f"{renderer.media_type}; charset=utf-8")


@login_not_required
@require_safe
def show_docs(request: HttpRequest) -> HttpResponse:
    groups = describe_operations(make_schema(get_language() or ""))
    return render(
        request,
        "papers/api_docs.html",
        {"groups": groups, "codes": problems.CODES.items(), "site_url": settings.SITE_URL},
    )


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a field of a body: what the page says of it."""

    name: str
    kind: str
    place: str = ""
    is_required: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    text: str
    fields: list[Value] = field(default_factory=list)
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Value]
    body: list[Value]
    answers: list[Answer]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    anchor: str
    title: Any
    operations: list[Operation]


def describe_operations(schema: dict[str, Any]) -> list[Group]:
    """Turn an OpenAPI description into what the page prints, one group a resource."""
    found: dict[str, list[Operation]] = {name: [] for name in GROUPS}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            [tag] = operation["tags"]
            found.setdefault(tag, []).append(_describe(schema, path, method, operation))
    return [
        Group(name, GROUPS.get(name, name), operations) for name, operations in found.items() if operations
    ]


def _describe(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    parameters = [
        Value(
            each["name"],
            _kind(schema, each["schema"]),
            each["in"],
            each.get("required", False),
            _text(each),
        )
        for each in operation.get("parameters", [])
    ]
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    shape: dict[str, Any] = content[media_type].get("schema", {}) if content else {}
    answers = [_answer(schema, status, answer) for status, answer in sorted(operation["responses"].items())]
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        parameters=parameters,
        body=list(_fields(schema, shape, writing=True)),
        answers=answers,
        curl=_curl(schema, path, method.upper(), media_type, shape),
    )


def _answer(schema: dict[str, Any], status: str, answer: dict[str, Any]) -> Answer:
    contents: dict[str, Any] = answer.get("content", {})
    content: dict[str, Any] = next(iter(contents.values()), {})
    shape = _resolve(schema, content.get("schema", {}))
    rows = shape.get("properties", {}).get("results")
    if rows is not None:
        shape = rows
    is_list = shape.get("type") == "array"
    if is_list:
        shape = shape["items"]
    fields = list(_fields(schema, shape)) if status < "400" else []
    return Answer(status, answer.get("description", ""), fields, is_list)


def _resolve(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, also one that stands in an allOf or beside null."""
    if "allOf" in shape:
        shape = shape["allOf"][0]
    for name in ("oneOf", "anyOf"):
        if name in shape:
            shape = next((each for each in shape[name] if each.get("type") != "null"), {})
    if "$ref" in shape:
        target: dict[str, Any] = schema
        for part in shape["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return target
    return shape


def _fields(schema: dict[str, Any], shape: dict[str, Any], *, writing: bool = False) -> Iterator[Value]:
    shape = _resolve(schema, shape)
    required = shape.get("required", ())
    for name, inner in shape.get("properties", {}).items():
        if not (writing and inner.get("readOnly")):
            yield Value(name, _kind(schema, inner), "", writing and name in required, _text(inner))


def _text(described: dict[str, Any]) -> str:
    """Return a description without the list of choices after it, which its kind says already."""
    text: str = described.get("description", "")
    return text.partition("* `")[0].strip()


def _kind(schema: dict[str, Any], shape: dict[str, Any]) -> str:
    """Say in a few words what a value is: integer, "noted" | "suggested", list of string …"""
    inner = _resolve(schema, shape)
    kind = inner.get("type", "")
    is_null = "null" in kind if isinstance(kind, list) else any(
        each.get("type") == "null" for each in shape.get("oneOf", ())
    )  # fmt: skip
    if isinstance(kind, list):
        kind = next(each for each in kind if each != "null")
    if "enum" in inner:
        text = " | ".join(json.dumps(each) for each in inner["enum"] if each not in ("", None))
        is_null = is_null or None in inner["enum"]
    elif kind == "array":
        text = _kind(schema, inner.get("items", {})) + " …"
    elif kind == "object" and inner.get("properties"):
        text = "{" + ", ".join(inner["properties"]) + "}"
    else:
        text = str(inner.get("format") or kind or "value")
    return f"{text} | null" if is_null else text


def _curl(schema: dict[str, Any], path: str, method: str, media_type: str, body: dict[str, Any]) -> str:
    """Return a line for the shell that performs the operation."""
    address = re.sub(r"\{(\w+)\}", lambda found: _EXAMPLES.get(found[1], "1"), path)
    words = ['curl -H "Authorization: Bearer $TOKEN"']
    if method != "GET":
        words.append(f"-X {method}")
    if media_type == "multipart/form-data":
        words += ["-F file=@listing.txt", "-F date=2025-04-25"]
        words.remove("-X POST")
    elif media_type:
        example = {
            value.name: _example(value) for value in _fields(schema, body, writing=True) if value.is_required
        }
        words += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example or {'text': '…'})}'"]
    return " \\\n  ".join([*words, f"{settings.SITE_URL}{address}"])


_EXAMPLES = {"slug": "ml", "name": "offline-rl"}


def _example(value: Value) -> Any:
    if value.kind == "integer" or value.kind.startswith(("1", "int")):
        return 1
    return {"name": "offline-rl", "text": "Why does $x^2$ grow?"}.get(value.name, "…")
