"""The API reference, made from the OpenAPI document: the same page in each language.

``python backend/tests/reference_page.py``, with the Python of Dozor's environment, writes both pages anew.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reference_words import PAGES, Page
from running_dozor import running_dozor

COMMAND = "python backend/tests/reference_page.py"
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"
ADDRESS = "http://localhost:8000"
GATEWAY = "/api/v3"
EVERYWHERE = "Meta"  # the schema that every market reply has; laid out once, at the end
WIDTH = 110

Described = Mapping[str, Any]


async def described() -> Described:
    """The document of a Dozor that has no upstream; none is asked for it."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_dozor("http://127.0.0.1:9/api/v3", Path(folder)) as dozor:
            document: Described = json.loads((await dozor.get("/openapi.json")).body)
            return document


def file(language: str) -> Path:
    return DOCUMENTS / language / "reference.md"


def text(document: Described, page: Page) -> str:
    """The whole page in the page's language."""
    lines = [
        f"<!-- Written by `{COMMAND}`; change the API's description instead. -->",
        "",
        *Reference(document, page).lines(),
    ]
    return "\n".join(lines).rstrip() + "\n"


def laid_out_here(document: Described, page: Page) -> Described:
    """What can be asked of the market, by path. Rules and people have a page of their own: ``alerts-api.md``."""
    return {
        path: methods["get"]
        for path, methods in document["paths"].items()
        if not path.startswith(GATEWAY) and "get" in methods and methods["get"]["tags"][0] in page.tags
    }


class Reference:
    """One document in one language."""

    def __init__(self, document: Described, page: Page) -> None:
        self._operations = laid_out_here(document, page)
        self._schemas = document["components"]["schemas"]
        self._page = page

    def lines(self) -> Iterator[str]:
        page = self._page
        yield page.head
        for tag, title in page.tags.items():
            yield from (f"## {title}", "")
            for path, operation in self._operations.items():
                if operation["tags"] == [tag]:
                    yield from self._operation(path, operation)
        for name, title in page.shared.items():
            schema = self._schemas[name]
            yield from (f"## {title}", "", page.sentence(schema["description"]), "")
            yield from self._table(page.fields, self._fields(schema))

    def _operation(self, path: str, operation: Described) -> Iterator[str]:
        page, parameters = self._page, operation.get("parameters", [])
        kind, content = next(iter(operation["responses"]["200"]["content"].items()))
        schema = self._resolved(content.get("schema", {}))
        said = [operation["summary"], *([schema["description"]] if "description" in schema else [])]
        yield from (f"### `GET {path}`", "", " ".join(map(page.sentence, said)), "")
        if parameters:
            yield from self._table(page.parameters, map(self._parameter, parameters))
        if "properties" in schema:
            yield from self._table(page.fields, self._fields(schema))
        errors = [
            f"{status} ({page.said(reply['description'])})"
            for status, reply in operation["responses"].items()
            if status != "200"
        ]
        if errors:
            yield from (f"{page.errors}: {'; '.join(errors)}.", "")
        yield from ("```sh", curl(path, parameters, to_file=kind.startswith("image/")), "```", "")
        if kind == "application/json":
            yield from ("```json", laid_out(schema["examples"][0]), "```", "")
        elif "example" in content:
            yield from ("```text", content["example"].strip(), "```", "")

    def _parameter(self, parameter: Described) -> list[str]:
        schema, page = parameter["schema"], self._page
        default = page.required if parameter["required"] else f"`{schema['default']}`" if "default" in schema else ""
        limits = page.limits(next((each for each in schema.get("anyOf", []) if each["type"] != "null"), schema))
        return [f"`{parameter['name']}`", limits, default, page.said(parameter["description"])]

    def _fields(self, schema: Described, prefix: str = "") -> Iterator[list[str]]:
        """A row for each member, and below it those of the objects that it holds."""
        for name, member in schema["properties"].items():
            steps, inner = self._unwrapped(member)
            said, page = member.get("description"), self._page
            meaning = page.said(said) if said else page.remark(inner["description"])
            yield [f"`{prefix}{name}`", self._type(member), meaning]
            inside = inner.get("properties", {})
            # A member that has but what its owner has (counts, and the same by function) is understood.
            if inner is not self._schemas[EVERYWHERE] and not inside.keys() <= schema["properties"].keys():
                yield from self._fields(inner, f"{prefix}{name}{steps}.")

    def _unwrapped(self, schema: Described) -> tuple[str, Described]:
        """What is inside of lists and of objects by name, and how one gets there."""
        schema = self._resolved(schema)
        if "items" in schema:
            steps, inner = self._unwrapped(schema["items"])
            return f"[]{steps}", inner
        if isinstance(schema.get("additionalProperties"), dict):
            steps, inner = self._unwrapped(schema["additionalProperties"])
            return f".*{steps}", inner
        return "", schema

    def _type(self, schema: Described) -> str:
        page, schema = self._page, self._resolved(schema)
        if schema is self._schemas[EVERYWHERE]:
            return page.link(page.shared[EVERYWHERE])
        match schema:
            case {"anyOf": choices}:
                return page.either.join(map(self._type, choices))
            case {"enum": values}:
                return ", ".join(f"`{value}`" for value in values)
            case {"const": value}:
                return f"`{value}`"
            case {"prefixItems": items}:
                return f"[{', '.join(map(self._type, items))}]"
            case {"items": item}:
                return page.list_of.format(self._type(item))
            case {"additionalProperties": dict(values)}:
                return page.by_name.format(self._type(values))
            case {"format": "date-time"}:
                return page.types["date-time"]
        return page.types[schema["type"]]

    def _resolved(self, schema: Described) -> Described:
        found: Described = self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return found

    @staticmethod
    def _table(head: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
        yield f"| {' | '.join(head)} |"
        yield "|" + "---|" * len(head)
        yield from (f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in rows)
        yield ""


def curl(path: str, parameters: list[Described], *, to_file: bool) -> str:
    """The command that asks with the parameters' examples, those left out that are what happens anyway."""
    query = []
    for parameter in parameters:
        schema = parameter["schema"]
        for example in schema.get("examples", [])[:1]:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", example)
            elif example != schema.get("default"):
                query.append(f"{parameter['name']}={example}")
    options = "--output picture " if to_file else ""
    if not "".join(query).isascii():  # curl is better at encoding them
        return f"curl --get {options}{ADDRESS}{path} {' '.join(f'--data-urlencode {each}' for each in query)}"
    url = ADDRESS + quote(path) + ("?" + "&".join(query) if query else "")
    return f'curl {options}"{url}"'


def laid_out(value: Any, indent: str = "") -> str:
    """JSON with what fits into a line in one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + laid_out(each, inner) for each in value) + f"\n{indent}]"
    members = (f"{inner}{json.dumps(name)}: {laid_out(member, inner)}" for name, member in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


async def main() -> None:
    document = await described()
    for language, page in PAGES.items():
        file(language).write_text(text(document, page), "utf-8", newline="\n")


if __name__ == "__main__":
    asyncio.run(main())
