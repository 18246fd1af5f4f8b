"""Write docs/data-dictionary.md: each column of each Parquet file, from the contracts, with examples from real output.

python tests/data_dictionary.py
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import ocsfconv
import pyarrow as pa
import pyarrow.parquet as pq
from label_cases import Case
from ocsfconv.card.columns import SIGNALS, SUBSET_FILE, Said, documented
from ocsfconv.labels import label
from ocsfconv.labels.columns import FILES, FOOTPRINT
from ocsfconv.schema import Schema

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "data-dictionary.md"
LONGEST = 40
HEAD = """\
# Data dictionary

Every column of every Parquet file. Written by `make data-dictionary` from the contracts that the files are written by
(`rust_converter/schema/flat_*.json`, `python/ocsfconv/labels/columns.py`, the OCSF schema); a test holds it against
real output.

*Null*: the column may be empty. *Source*: the event's attribute that the column takes, or the attribute of the record
(`attribute:`) or of its resource (`resource:`), the first that there is; `computed` by a rule that no path can say.
*Example*: a value out of the captures and cases in `tests/`. Times in `ns` and `ms` count from 1970-01-01 UTC.

The accounts beside them are JSON: `conversion.json` (the converter's report), `summary.json` (the run), `rejects.jsonl`
(a line a reject: file, line, offset, cause, text), `evaluation.json` ([evaluation.md](evaluation.md)). `logs/truth/` is
in [truth.md](truth.md).
"""
NESTED = """
## `ocsf/<class>/<signal>.parquet`

A row is a whole OCSF event; objects are structs, arrays lists. Objects hold what the mapping fills of them
([mapping.md](mapping.md)); what they mean is in the OCSF 1.8.0 schema. A file has the columns of its class.
"""


def requests() -> Iterable[bytes]:
    """The requests of every golden case, so that the rare attributes are met, too."""
    for path in sorted((ROOT / "tests" / "golden").glob("*.json")):
        yield json.dumps(json.loads(path.read_text())["request"]).encode() + b"\n"


def make(folder: Path) -> tuple[Path, Path]:
    """Convert the captures and the golden cases into one folder, label a made run in another; gives both."""
    cases = folder / "cases.jsonl"
    cases.write_bytes(b"".join(requests()))
    captures = ROOT / "tests" / "data" / "otel"
    with chdir(folder):  # the report's paths must not tell of this machine
        ocsfconv.convert(captures / "plain", captures / "stable-semconv", cases, out="data", layout="both")
    case = Case(folder / "labelled", 300)
    for second in range(300):
        trace = case.span(second, 40 if 102 <= second < 132 else 10)
        case.log(second, "GET / 200", trace=trace)
    case.point(110, "up", 1)
    band = {"signal": "traces", "measure": "duration_p50_ratio", "service": "web-api", "band": [2, None]}
    case.episode(100, exposure={"kind": "host"}, footprint=[{**band, "user_facing": True}], technique="T1496")
    label(*case.write())
    return folder / "data", case.data


def examples(path: Path) -> dict[str, str]:
    """The first value of each column that is one."""
    table = pq.read_table(path)
    found = {}
    for name in table.column_names:
        values = table.column(name).drop_null()
        if len(values):
            found[name] = shown(values[0].as_py())
    return found


def shown(value: Any) -> str:
    """A value as a cell of a table."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
    text = " ".join(text.replace("|", "\\|").split())
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def columns(said: Iterable[Said], found: dict[str, str], *, source: bool) -> str:
    """The columns of a file, with where they come from when they are an event's."""
    heads = ["column", "type", "null", "unit", *(["source"] if source else []), "example", "meaning"]
    rows = []
    for one in said:
        row = [f"`{one.name}`", f"`{one.type}`", "yes" if one.nullable else "", unit(one.unit)]
        row += [source_of(one)] if source else []
        rows.append([*row, found.get(one.name, ""), one.says.replace("<", "\\<")])
    return table(heads, rows)


def unit(name: str) -> str:
    return "of `metric_unit`" if name == "metric_unit" else name


def source_of(one: Said) -> str:
    return (
        one.source if one.source == "computed" else ", else ".join(f"`{path}`" for path in one.source.split(", else "))
    )


def nested(data: Path) -> str:
    """Attributes of all classes in one table: their type in Parquet, their caption, and the classes that have them."""
    captions: dict[str, str] = {}
    kinds: dict[str, str] = {}
    holders: dict[str, set[str]] = {}
    by_folder = {key.rpartition("/")[2]: one["attributes"] for key, one in Schema("ext").data["classes"].items()}
    for path in sorted((data / "ocsf").glob("*/*.parquet")):
        for field in pq.read_schema(path):
            held = by_folder[path.parent.name].get(field.name)
            captions.setdefault(field.name, held["caption"] if held else "")
            kinds.setdefault(field.name, kind(field.type))
            holders.setdefault(field.name, set()).add(path.parent.name)
    classes = {path.name for path in (data / "ocsf").iterdir()}
    return table(
        ["attribute", "type", "caption", "classes"],
        (
            [
                f"`{name}`",
                f"`{kinds[name]}`",
                captions[name],
                "all" if holders[name] == classes else ", ".join(sorted(holders[name])),
            ]
            for name in sorted(kinds)
        ),
    )


def kind(of: pa.DataType) -> str:
    if pa.types.is_list(of):
        return f"list<{kind(of.value_type)}>"
    return "struct" if pa.types.is_struct(of) else {"bool": "boolean", "string": "string"}.get(str(of), str(of))


def text(data: Path, labelled: Path) -> str:
    """The whole document, with examples from a converted and a labelled folder."""
    parts = [HEAD]
    said = documented()
    for name in (f"ocsf_{signal}" for signal in SIGNALS):
        parts.append(f"\n## `{name}.parquet`\n\n{columns(said[name], examples(data / f'{name}.parquet'), source=True)}")
    parts += [NESTED, "\n", nested(data)]
    for name in (*FILES, SUBSET_FILE):
        own = said[name] if name in FILES else said[name][len(said["ocsf_logs"]) :]
        intro = "" if name in FILES else "All columns of `ocsf_logs.parquet`, then:\n\n"
        shown_columns = columns(own, examples(labelled / f"{name}.parquet"), source=False)
        parts.append(f"\n## `{name}.parquet`\n\n{intro}{shown_columns}")
        if name == "episodes":
            rows = ([f"`{one.name}`", f"`{one.type}`", "yes" if one.null else "", one.says] for one in FOOTPRINT)
            parts.append(f"\nEach struct of `footprint`:\n\n{table(['field', 'type', 'null', 'meaning'], rows)}")
    return "".join(parts)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        TARGET.write_text(text(*make(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
