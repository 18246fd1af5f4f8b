"""The card for programs: Croissant 1.0, a JSON-LD vocabulary of MLCommons (https://docs.mlcommons.org/croissant)."""

from __future__ import annotations

from typing import Any

from ocsfconv.card.columns import Said, documented
from ocsfconv.card.facts import Facts, File
from ocsfconv.card.readme import NAME, SAYS

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {"int64": "sc:Integer", "double": "sc:Float", "string": "sc:Text", "boolean": "sc:Boolean"}


def croissant(facts: Facts) -> dict[str, Any]:
    """The description as what JSON can hold: every file, and each column of those that are tables of scalars."""
    columns = documented()
    tables = {**facts.flat, **facts.beside}
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "ocsf-training-data",
        "alternateName": NAME,
        "description": "Logs, traces and metrics of a multi-service shop under load as OCSF 1.8.0 events, unlabelled,"
        " with labels of what really went wrong in files of their own.",
        "license": "https://spdx.org/licenses/MIT.html",
        "version": facts.conversion["version"],
        "citeAs": f"{NAME}, made with ocsfconv {facts.conversion['version']}",
        "keywords": ["anomaly detection", "OpenTelemetry", "OCSF"],
        "isLiveDataset": False,
        "distribution": [_file_object(file) for file in facts.files],
        "recordSet": [_record_set(name, file, columns[name]) for name, file in tables.items()],
    }
    if facts.released:
        told["datePublished"] = facts.released
    if facts.summary:
        kept = ("seed", "duration_s", "rate", "runtime", "requests", "versions", "late_seconds", "faults")
        told["variableMeasured"] = [
            {"@type": "PropertyValue", "name": name, "value": facts.summary[name]}
            for name in kept
            if isinstance(facts.summary.get(name), int | float | str)
        ]
    return told


def _file_object(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _record_set(name: str, file: File, columns: tuple[Said, ...]) -> dict[str, Any]:
    short = name.removeprefix("ocsf_")
    return {
        "@type": "cr:RecordSet",
        "@id": short,
        "name": short,
        "description": f"{SAYS[name]}; {file.rows} rows",
        # A list of structs has no type of its own here: docs/labels.md describes it.
        "field": [_field(short, file, column) for column in columns if column.type != "list<struct>"],
    }


def _field(record_set: str, file: File, column: Said) -> dict[str, Any]:
    inner = column.type.removeprefix("list<").removesuffix(">")
    said = f"{column.says} ({column.unit})" if column.unit else column.says
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column.name}",
        "name": column.name,
        "description": said,
        "dataType": TYPES[inner],
        **({"repeated": True} if inner != column.type else {}),
        "source": {"fileObject": {"@id": file.path}, "extract": {"column": column.name}},
    }
