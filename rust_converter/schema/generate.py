"""Write `src/ocsf/schema.rs`: what the mapping must know of OCSF at compile time.

Reads `attributes.json` (which attributes the mapping can fill), the OCSF 1.8.0 schema that the package
`ocsf-json-schema` carries, and the extension's merge patch; `flat_*.json` give the flat files' columns. A test runs it
with `--check` and fails when the committed file has drifted.

    python rust_converter/schema/generate.py           write
    python rust_converter/schema/generate.py --check   compare only; exit code 1 when they differ
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ocsf_json_schema import get_ocsf_schema

HERE = Path(__file__).parent
PATCH = HERE.parent.parent / "python" / "ocsfconv" / "extension" / "extension.patch.json"
TARGET = HERE.parent / "src" / "ocsf" / "schema.rs"

LONG_TYPES = {"integer_t", "long_t", "timestamp_t", "port_t"}
RUST_NAMES = {"type": "TYPE", "table": "TABLE", "trace": "TRACE"}


class Wrong(Exception):
    """A sentence for whoever wrote one of the files."""


def columns_of(signal: str) -> list[dict[str, Any]]:
    """Read the columns of a flat file."""
    file = f"flat_{signal}.json"
    columns: list[dict[str, Any]] = json.loads((HERE / file).read_text())
    for column in columns:
        where = f"{file}: {column.get('column')}"
        if missing := [key for key in COLUMN_KEYS if key not in column]:
            raise Wrong(f"{where} has no {missing[0]!r}; a column has {', '.join(COLUMN_KEYS)}")
        if column["type"] not in COLUMN_KINDS:
            raise Wrong(f"{where}: there is no type {column['type']!r}; there are {', '.join(COLUMN_KINDS)}")
    return columns


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396 merge; null values delete."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


class Generator:
    """Collects the object schemas that are reachable from the event and prints them as Rust statics."""

    def __init__(self, schema: dict[str, Any], config: dict[str, Any]) -> None:
        self.schema = schema
        self.config = config
        self.types = schema["dictionary"]["types"]["attributes"]
        self.lines: list[str] = []

    def attribute_kind(self, attribute: dict[str, Any], view: str | None) -> str:
        kind = attribute["type"]
        if kind == "object_t":
            name = view or attribute["object_type"]
            text = f"Kind::Object(&{rust_static(name)})"
            if attribute["object_type"] in ("object", "json_t"):
                text = "Kind::Json"
        elif kind == "json_t":
            text = "Kind::Json"
        elif kind == "boolean_t":
            text = "Kind::Bool"
        elif kind == "float_t":
            text = "Kind::Double"
        elif kind in LONG_TYPES:
            text = "Kind::Long"
        else:
            base = self.types[kind].get("type", kind)
            assert base == "string_t", (kind, base)
            text = "Kind::Text"
        return f"Kind::List(&{text})" if attribute.get("is_array") else text

    def observable(self, attribute: dict[str, Any]) -> str:
        """The observable type of a scalar; ports (11) and process ids (15) are left out by the mapping's section 2.8."""
        number = attribute.get("observable") or self.types.get(attribute["type"], {}).get("observable")
        if attribute["type"] == "object_t" or number in (None, 11, 15):
            return "None"
        caption = self.schema["objects"]["observable"]["attributes"]["type_id"]["enum"][str(number)]["caption"]
        return f"Some(({number}, {rust_text(caption)}))"

    def fields(self, attributes: dict[str, Any], names: list[Any], *, own_captions: bool = True) -> str:
        plain = [name if isinstance(name, str) else next(iter(name)) for name in names]
        rows = []
        for entry in names:
            name, view = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
            attribute = attributes[name]
            sibling, captions = "None", "&[]"
            if attribute.get("sibling") in plain and own_captions:
                sibling = f"Some({plain.index(attribute['sibling'])})"
                captions = rust_captions(attribute["enum"])
            rows.append(
                f"    Field {{ name: {rust_text(name)}, kind: {self.attribute_kind(attribute, view)}, "
                f"sibling: {sibling}, captions: {captions}, observable: {self.observable(attribute)} }},"
            )
        return "\n".join(rows)

    def object(self, name: str, source: str, names: list[Any]) -> None:
        caption = self.schema["objects"][source]["caption"]
        plain = [entry if isinstance(entry, str) else next(iter(entry)) for entry in names]
        known(plain, self.schema["objects"][source]["attributes"], name)
        self.lines.append(f"/// {caption} (`{source}`).")
        self.lines.append(f"pub static {rust_static(name)}: Schema = Schema {{ fields: &[")
        self.lines.append(self.fields(self.schema["objects"][source]["attributes"], names))
        self.lines.append("] };\n")
        self.lines.append(constants(rust_static(name).lower(), plain))

    def event(self) -> None:
        """The root of every event: the union of the classes' attributes."""
        names = self.config["event"]
        attributes: dict[str, Any] = {}
        for key in self.config["classes"]:
            for name, attribute in self.schema["classes"][key]["attributes"].items():
                attributes.setdefault(name, attribute)
        known(names, attributes, "event")
        for name in ("activity_id", "category_uid", "class_uid", "type_uid"):
            attributes[name] = {k: v for k, v in attributes[name].items() if k != "sibling"}
        self.lines.append("/// The attributes of every class together; a [`Class`] says which of them it has.")
        self.lines.append('pub static EVENT: Schema = Schema { fields: &[')
        self.lines.append(self.fields(attributes, names))
        self.lines.append("] };\n")
        self.lines.append(constants("event", names))

    def classes(self) -> None:
        names = self.config["event"]
        for index, (key, extra) in enumerate(self.config["classes"].items()):
            spec = self.schema["classes"][key]
            attributes = spec["attributes"]
            own = [n for n in names if n in self.config["common"] or n in extra]
            core = [n for n in own if n in attributes and n not in ("otel", "metric_point")]
            trace_in_core = key in ("http_activity", "api_activity")
            if not trace_in_core:
                core = [n for n in core if n != "trace"]
            core.append("unmapped")
            known(own, attributes, key)
            category = spec.get("category_name") or "Uncategorized"
            folder = key.split("/")[-1]
            enum = attributes["activity_id"]["enum"]
            activities = rust_captions(enum)
            names_of_types = {n: {"caption": f"{spec['caption']}: {held['caption']}"} for n, held in enum.items()}
            actor_profile = "host" in (attributes["actor"].get("profiles") or [])
            self.lines.append(f"/// {spec['caption']} ({spec['uid']}).")
            self.lines.append(
                f"pub static {folder.upper()}: Class = Class {{ uid: {spec['uid']}, name: {rust_text(spec['caption'])}, "
                f"key: {rust_text(folder)}, category_uid: {spec.get('category_uid') or 0}, "
                f"category_name: {rust_text(category)}, activities: {activities}, "
                f"type_names: {rust_captions(names_of_types)}, index: {index}, "
                f"actor_by_profile: {str(actor_profile).lower()}, trace_in_core: {str(trace_in_core).lower()}, "
                f"fields: &[{', '.join(str(names.index(n)) for n in own)}], "
                f"core_fields: &[{', '.join(str(names.index(n)) for n in core)}] }};\n"
            )
        keys = ", ".join(f"&{key.split('/')[-1].upper()}" for key in self.config["classes"])
        self.lines.append("/// Every class that the mapping writes, in the order of the report.")
        self.lines.append(f"pub static CLASSES: &[&Class] = &[{keys}];\n")

    def flat(self, signal: str) -> None:
        self.lines.append(f"/// The columns of `ocsf_{signal}.parquet`.")
        self.lines.append(f"pub static FLAT_{signal.upper()}: &[Column] = &[")
        for column in columns_of(signal):
            try:
                sources = ", ".join(self.source(source) for source in column["source"])
            except Wrong as error:
                raise Wrong(f"flat_{signal}.json: {column['column']}: {error}") from None
            rule = f"Some(Rule::{camel(column['rule'])})" if column["rule"] else "None"
            self.lines.append(
                f"    Column {{ name: {rust_text(column['column'])}, kind: {COLUMN_KINDS[column['type']]}, "
                f"nullable: {str(column['nullable']).lower()}, sources: &[{sources}], rule: {rule} }},"
            )
        self.lines.append("];\n")

    def source(self, text: str) -> str:
        if text.startswith("attribute:"):
            return f"Source::Attribute({rust_text(text.removeprefix('attribute:'))})"
        if text.startswith("resource:"):
            return f"Source::Resource({rust_text(text.removeprefix('resource:'))})"
        steps, names, objects = [], self.config["event"], None
        for part in text.split("."):
            if part.isdigit():
                steps.append(int(part))
                continue
            plain = [n if isinstance(n, str) else next(iter(n)) for n in names]
            if part not in plain:
                raise Wrong(f"the mapping fills no {part!r} of {text!r}; attributes.json has {', '.join(plain) or 'none'}")
            steps.append(plain.index(part))
            objects = self.step(objects, part)
            names = self.config["objects"].get(objects) or []
        return f"Source::Path(&[{', '.join(map(str, steps))}])"

    def step(self, parent: str | None, name: str) -> str | None:
        if parent is None:
            for key in self.config["classes"]:
                found = self.schema["classes"][key]["attributes"].get(name)
                if found:
                    return found.get("object_type")
            return None
        return self.schema["objects"][parent]["attributes"][name].get("object_type")

    def rules(self) -> list[str]:
        found: list[str] = []
        for signal in ("logs", "traces", "metrics"):
            for column in columns_of(signal):
                if column["rule"] and column["rule"] not in found:
                    found.append(column["rule"])
        return found

    def run(self) -> str:
        self.lines.append(PREAMBLE)
        self.lines.append("/// What a flat column takes when a path cannot say it; `flat.rs` has the code.")
        self.lines.append("#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n#[allow(missing_docs)]\npub enum Rule {")
        self.lines.append("\n".join(f"    {camel(rule)}," for rule in self.rules()) + "\n}\n")
        for name, names in self.config["objects"].items():
            self.object(name, name, names)
        for name, view in self.config["views"].items():
            self.object(name, view["object"], view["attributes"])
        self.event()
        self.classes()
        for signal in ("logs", "traces", "metrics"):
            self.flat(signal)
        return "\n".join(self.lines)


COLUMN_KEYS = ("column", "type", "nullable", "source", "rule", "description")
COLUMN_KINDS = {
    "int64": "ColumnKind::Long",
    "double": "ColumnKind::Double",
    "string": "ColumnKind::Text",
    "boolean": "ColumnKind::Bool",
    "list<int64>": "ColumnKind::LongList",
    "list<double>": "ColumnKind::DoubleList",
}

PREAMBLE = """//! What the mapping knows of OCSF 1.8.0, of the extension and of the flat files' columns.
//!
//! Written by `schema/generate.py`; a test fails when it drifts from the packaged schema. Do not edit.

use super::event::{Class, Column, ColumnKind, Field, Kind, Schema, Source};
"""


def known(names: list[str], attributes: dict[str, Any], where: str) -> None:
    for name in names:
        if name not in attributes:
            raise Wrong(f"attributes.json: {where}: OCSF has no attribute {name!r} there; it has {', '.join(attributes)}")


def rust_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def rust_static(name: str) -> str:
    return name.split("/")[-1].upper()


def rust_captions(enum: dict[str, Any]) -> str:
    pairs = sorted((int(number), value["caption"]) for number, value in enum.items())
    return "&[" + ", ".join(f"({number}, {rust_text(caption)})" for number, caption in pairs) + "]"


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def constants(module: str, names: list[str]) -> str:
    rows = "\n".join(f"    pub const {name.upper()}: usize = {index};" for index, name in enumerate(names))
    return f"#[allow(missing_docs, dead_code)]\npub mod {module} {{\n{rows}\n}}\n"


def main() -> int:
    schema = merge(get_ocsf_schema("1.8.0"), json.loads(PATCH.read_text()))
    try:
        text = Generator(schema, json.loads((HERE / "attributes.json").read_text())).run()
    except Wrong as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        return 2
    if "--check" in sys.argv[1:]:
        if TARGET.read_text() != text:
            print(f"{TARGET.name} has drifted from the schema: run {Path(__file__).name}", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
