"""The OpenAPI 3.1 document, generated from the table of endpoints and the attrs classes they speak. Pure; knows no Flask."""

from __future__ import annotations

import types
import typing
from typing import Any

import attrs

Schema = dict[str, Any]
_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    Any: {},
    type(None): {"type": "null"},
}


@attrs.frozen(kw_only=True)
class Param:
    """A parameter of an endpoint: in the query unless `path`."""

    name: str
    type: Any = str
    required: bool = False
    path: bool = False
    says: str = ""


@attrs.frozen(kw_only=True)
class Endpoint:
    """One handler as the document tells it."""

    method: str
    path: str  # with {braces}
    name: str
    says: str
    params: tuple[Param, ...] = ()
    body: Any = None
    command: type | None = None  # the body is then request id, the command's fields, perhaps a PIN
    result: Any = None
    session: bool = True


def asked(path: str, name: str, says: str, result: Any, *params: Param) -> Endpoint:
    """A question: GET, answered with `result`."""
    return Endpoint(method="GET", path=path, name=name, says=says, params=params, result=result)


class Schemas:
    """Collects the component schemas that types refer to."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The JSON schema of a type: scalars, Literal, Optional, containers, attrs classes."""
        while hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        if kind in _SCALARS:
            return dict(_SCALARS[kind])
        if attrs.has(kind):
            return self._class(kind)
        return self._generic(typing.get_origin(kind), typing.get_args(kind), kind)

    def _generic(self, origin: Any, args: tuple[Any, ...], kind: Any) -> Schema:
        if origin is typing.Literal:
            return {"type": "string", "enum": list(args)}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in args]}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(args[1])}
        if origin in (list, frozenset):
            return {"type": "array", "items": self.of(args[0])}
        if origin is tuple:
            return self._tuple(args)
        raise TypeError(f"no JSON schema for {kind!r}")

    def _tuple(self, args: tuple[Any, ...]) -> Schema:
        if args[-1] is Ellipsis:
            return {"type": "array", "items": self.of(args[0])}
        return {
            "type": "array",
            "prefixItems": [self.of(one) for one in args],
            "minItems": len(args),
            "maxItems": len(args),
        }

    def _class(self, kind: type) -> Schema:
        name = kind.__name__
        if name not in self.components:
            self.components[name] = {}  # a class may refer to itself
            hints = typing.get_type_hints(kind)
            fields = attrs.fields(kind)
            self.components[name] = {
                "type": "object",
                "description": (kind.__doc__ or "").strip(),
                "properties": {field.name: self.of(hints[field.name]) for field in fields},
                "required": [field.name for field in fields if field.default is attrs.NOTHING],
            }
        return {"$ref": f"#/components/schemas/{name}"}


def document(endpoints: list[Endpoint], *, title: str, version: str, problem: type) -> Schema:
    """The whole document; every endpoint with a session takes the cookie or a bearer token."""
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas, problem)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "gengfu"},
            },
        },
    }


def _operation(one: Endpoint, schemas: Schemas, problem: type) -> Schema:
    made: Schema = {
        "operationId": one.name,
        "summary": one.says,
        "responses": {
            "200": _answer("done", schemas.of(one.result if one.result is not None else type(None))),
            "default": _answer("not done, and why", schemas.of(problem)),
        },
    }
    if one.params:
        made["parameters"] = [_parameter(param, schemas) for param in one.params]
    if one.body is not None or one.command is not None:
        body = _command_body(one.command, schemas) if one.command else schemas.of(one.body)
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if one.session:
        made["security"] = [{"bearer": []}, {"cookie": []}]
    return made


def _parameter(param: Param, schemas: Schemas) -> Schema:
    return {
        "name": param.name,
        "in": "path" if param.path else "query",
        "required": param.path or param.required,
        "description": param.says,
        "schema": schemas.of(param.type),
    }


def _answer(says: str, schema: Schema) -> Schema:
    return {"description": says, "content": {"application/json": {"schema": schema}}}


def _command_body(command: type, schemas: Schemas) -> Schema:
    return {
        "type": "object",
        "required": ["request", "body"],
        "properties": {
            "request": {"type": "string", "format": "uuid", "description": "UUIDv7 made by the client"},
            "body": schemas.of(command),
            "pin": {"type": "string"},
        },
    }
