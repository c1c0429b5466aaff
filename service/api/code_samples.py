"""Commands that show each operation at work: made from the examples in the API's own description.

They are to be pasted into a shell in which SERVER and KEY are set.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

JsonObject = dict[str, Any]

# Where a parameter brings no example of its own.
_VALUES: Mapping[str, str] = {
    "name": "DCIM/hello.jpg",
    "sha256": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    "uuid": "0198c7a000007000800000000000000a",
    "why": "complaint 118",
    "taken_by": "li",
}
# The bytes of all examples: `hello` and the end of its line.
_BYTES = "printf 'hello\\n' | "


def write_sample(
    method: str, path: str, operation: JsonObject, *, schemas: JsonObject, is_open: bool
) -> str:
    """Return a command that does the operation.

    Args:
        method: In small letters.
        path: Template, as in the description.
        operation: The operation's description.
        schemas: By name, that its body may refer to.
        is_open: Whether it needs no key.

    Raises:
        LookupError: Something that it needs has no example.
    """
    parameters = operation.get("parameters", [])
    headers = {} if is_open else {"Authorization": "Bearer $KEY"}
    for parameter in parameters:
        if parameter["in"] == "header" and parameter.get("required"):
            headers[parameter["name"]] = _example(parameter)
    before, body, media_type = _write_body(operation, schemas=schemas)
    if media_type is not None:
        headers["Content-Type"] = media_type
    # In double quotes the shell puts in what the variables hold.
    texts = [f'-H "{name}: {value}"' for name, value in headers.items()]
    how = "--head" if method == "head" else f"-X {method.upper()}"
    words = ["curl -s", *([] if method == "get" else [how]), *texts, *([body] if body else [])]
    return f'{before}{" ".join(words)} "$SERVER{_write_path(path, parameters)}"'


def _write_path(path: str, parameters: list[JsonObject]) -> str:
    query = {}
    for parameter in parameters:
        if parameter["in"] == "path":
            value = quote(_example(parameter), safe="/")
            path = path.replace(f"{{{parameter['name']}}}", value)
        elif parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = _example(parameter)
    return f"{path}?{urlencode(query)}" if query else path


def _write_body(operation: JsonObject, *, schemas: JsonObject) -> tuple[str, str, str | None]:
    """Return what goes before the command, the option for its body, and the body's media type."""
    request_body = operation.get("requestBody")
    if request_body is None:
        return "", "", None
    media_type, content = next(iter(request_body["content"].items()))
    if content["schema"].get("format") == "binary":
        return _BYTES, "--data-binary @-", media_type
    example = content.get("example") or _schema_example(content["schema"], schemas)
    if example is None:
        raise LookupError(f"the body of {operation['operationId']} has no example")
    text = json.dumps(example, ensure_ascii=False).replace("'", "'\\''")
    return "", f"-d '{text}'", media_type


def _schema_example(schema: JsonObject, schemas: JsonObject) -> object:
    for one in (schema, *schema.get("anyOf", ())):
        named = schemas.get(str(one.get("$ref", "")).rpartition("/")[2], one)
        if "example" in named:
            return named["example"]
    return None


def _example(parameter: JsonObject) -> str:
    schema = parameter.get("schema", {})
    examples = [parameter.get("example"), *schema.get("examples", ()), schema.get("example")]
    given = next((example for example in examples if example is not None), None)
    if given is not None:
        return str(given)
    if parameter["name"] in _VALUES:
        return _VALUES[parameter["name"]]
    raise LookupError(f"{parameter['name']} has no example")
