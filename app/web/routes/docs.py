"""The API's own description as a page: rendered here from the OpenAPI document, no script from elsewhere."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.web import render
from app.web.deps import SessionDep

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
async def api_docs(request: Request, session: SessionDep) -> Response:
    document = request.app.openapi()
    schemas = document["components"]["schemas"]
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description") or operation.get("summary", ""),
            "body": _name(
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            ),
            "responses": [
                {
                    "status": status,
                    "description": response["description"],
                    "schema": _name(response.get("content", {}).get("application/json", {}).get("schema")),
                }
                for status, response in operation["responses"].items()
            ],
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return render.page(
        request,
        "api",
        operations=operations,
        schemas={name: _fields(schema) for name, schema in schemas.items() if not name.endswith("ValidationError")},
    )


@router.get("/llms.txt")
async def llms(request: Request) -> Response:
    """What a language model should know of this site."""
    return render.text(request, "llms.txt")


def _name(schema: dict[str, Any] | None) -> str | None:
    """A schema in a few words: `RunOut`, `StatementOut[]`, `string or null`."""
    if not schema:
        return None
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_name(option) or "anything" for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"{_name(schema.get('items')) or 'anything'}[]"
    return str(schema.get("type", "anything"))


def _fields(schema: dict[str, Any]) -> dict[str, Any]:
    required = set(schema.get("required", []))
    return {
        "description": schema.get("description", ""),
        "fields": [
            {
                "name": name,
                "type": _name(field),
                "required": name in required,
                "description": field.get("description", ""),
            }
            for name, field in schema.get("properties", {}).items()
        ],
    }
