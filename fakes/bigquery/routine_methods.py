"""routines.* and models.*.

A routine made over REST is read as the CREATE statement that says the same. Knows the parser; must not know jobs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery.dataset_methods import check_etag
from fakes.bigquery.errors import ApiError, Unsupported, already_exists, invalid, not_found
from fakes.bigquery.routines import Routine, read
from fakes.bigquery.sql import parsing, scripts
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.sql.types import from_ast

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

KEPT = ("definitionBody", "arguments", "returnType", "returnTableType", "language", "description", "determinismLevel",
        "dataGovernanceType", "strictMode", "securityMode")  # fmt: skip
"""Fields that are given back as they were sent."""


def list_all(service: Service, request: Request) -> dict[str, Any]:
    """routines.list."""
    with service.lock:
        service.settle()
        dataset = service.catalog.dataset(*request.path)
        found = [r.resource() for _, r in sorted(dataset.routines.items())]
    return {"routines": found} if found else {}


def get(service: Service, request: Request) -> dict[str, Any]:
    """routines.get."""
    with service.lock:
        service.settle()
        return dict(_find(service, request).resource())


def _find(service: Service, request: Request) -> Any:
    project, dataset, name = request.path
    found = service.catalog.dataset(project, dataset).routines.get(name.lower())
    if found is None:
        raise not_found("Routine", f"{project}:{dataset}.{name}")
    return found


def insert(service: Service, request: Request) -> dict[str, Any]:
    """routines.insert."""
    reference = request.body.get("routineReference") or {}
    name = reference.get("routineId")
    if not name or not re.fullmatch(r"\w{1,256}", str(name)):
        raise invalid(f'Invalid routine ID "{name}". Routine IDs must be alphanumeric (plus underscores).')
    with service.lock:
        service.settle()
        project, dataset = request.path
        owner = service.catalog.dataset(project, dataset)
        if name.lower() in owner.routines:
            raise already_exists("Routine", f"{project}:{dataset}.{name}")
        owner.routines[name.lower()] = made = _made(service, request.body, (project, dataset, name))
        service.catalog.generation += 1
        return dict(made.resource())


def update(service: Service, request: Request) -> dict[str, Any]:
    """routines.update: the whole definition is replaced."""
    with service.lock:
        service.settle()
        old = _find(service, request)
        check_etag(request, old.resource()["etag"])
        new = _made(service, {**request.body, "routineType": request.body.get("routineType") or old.kind}, old.id)
        new.created_ms, new.modified_ms = old.created_ms, max(service.now_ms, old.modified_ms + 1)
        service.catalog.dataset(old.id[0], old.id[1]).routines[old.id[2].lower()] = new
        service.catalog.generation += 1
        return dict(new.resource())


def _made(service: Service, body: dict[str, Any], id: TableId) -> Routine:
    """The routine of a REST `Routine`, read as the CREATE statement that says the same."""
    for key in ("importedLibraries", "remoteFunctionOptions", "sparkOptions", "externalRuntimeOptions"):
        if body.get(key):
            raise Unsupported(f"routines with {key}")
    kind, text = body.get("routineType"), body.get("definitionBody")
    if not kind or not isinstance(text, str):
        raise ApiError("required", "Required parameter is missing: routineType and definitionBody")
    try:
        return _read(service, body, id, kind, text)
    except (KeyError, TypeError, AttributeError):
        raise invalid("Invalid routine: an argument or a return type is malformed") from None


def _read(service: Service, body: dict[str, Any], id: TableId, kind: str, text: str) -> Routine:
    word = {"SCALAR_FUNCTION": "FUNCTION", "TABLE_VALUED_FUNCTION": "TABLE FUNCTION", "PROCEDURE": "PROCEDURE"}
    if kind not in word:
        raise Unsupported(f"routines of type {kind}")
    arguments = ", ".join(_argument(a, procedure=kind == "PROCEDURE") for a in body.get("arguments") or ())
    head = f"CREATE {word[kind]} `{'.'.join(id)}`({arguments})"
    language = str(body.get("language") or "SQL").upper()
    if kind == "PROCEDURE":
        if language != "SQL":
            raise Unsupported(f"procedures in {language}")
        (node,) = scripts.parse(f"{head} {text if text.lstrip().upper().startswith('BEGIN') else f'BEGIN {text} END'}")
        parameters: list[Any] = [(n, from_ast(parsing.type_of(k))) for _, n, k in node.arguments]
        made = Routine(id, kind, parameters, None, None, text, modes=[m for m, _, _ in node.arguments])
        made.block, made.created_ms = node.body, service.now_ms
    else:
        if body.get("returnType"):
            head += f" RETURNS {_type(body['returnType'])}"
        if language == "JAVASCRIPT":
            quoted = text.replace("\\", "\\\\").replace('"""', '\\"""')
            statement = f'{head} LANGUAGE js AS """{quoted}"""'
        elif language == "SQL":
            statement = f"{head} AS {text if kind == 'TABLE_VALUED_FUNCTION' else f'({text})'}"
        else:
            raise Unsupported(f"functions in {language}")
        tree = parsing.statement(statement)
        if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.UserDefinedFunction):
            raise invalid(f"Invalid routine definition: {text[:200]}")
        made = read(tree, tree.this, id, service.now_ms)
    made.given = {k: body[k] for k in KEPT if body.get(k) is not None}
    return made


def _argument(node: dict[str, Any], *, procedure: bool) -> str:
    mode = f"{node.get('mode') or 'IN'} " if procedure else ""
    kind = "ANY TYPE" if node.get("argumentKind") == "ANY_TYPE" else _type(node["dataType"])
    return f"{mode}`{node['name']}` {kind}"


def _type(node: dict[str, Any]) -> str:
    """A `StandardSqlDataType` as GoogleSQL spells it."""
    kind = str(node["typeKind"])
    if kind == "ARRAY":
        return f"ARRAY<{_type(node['arrayElementType'])}>"
    if kind == "RANGE":
        return f"RANGE<{_type(node['rangeElementType'])}>"
    if kind == "STRUCT":
        fields = (node.get("structType") or {}).get("fields") or ()
        return "STRUCT<" + ", ".join(f"{f.get('name', '')} {_type(f['type'])}".strip() for f in fields) + ">"
    return kind


def delete(service: Service, request: Request) -> None:
    """routines.delete."""
    with service.lock:
        service.settle()
        _find(service, request)
        project, dataset, name = request.path
        del service.catalog.dataset(project, dataset).routines[name.lower()]
        service.catalog.policies.pop((project, dataset, name), None)
        service.catalog.generation += 1


def list_models(service: Service, request: Request) -> dict[str, Any]:
    """models.list: there are none."""
    with service.lock:
        service.settle()
        service.catalog.dataset(*request.path)
    return {}
