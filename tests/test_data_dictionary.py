"""docs/data-dictionary.md says what real output holds: every column of every file, with its type."""

from __future__ import annotations

from pathlib import Path

import data_dictionary
import pyarrow.parquet as pq
import pytest
from ocsfconv.card.columns import SIGNALS, documented

FLAT = [f"ocsf_{signal}" for signal in SIGNALS]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return data_dictionary.make(tmp_path_factory.mktemp("output"))


@pytest.mark.parametrize("name", documented())
def test_each_column_is_documented_as_it_is_written(name: str, output: tuple[Path, Path]) -> None:
    converted, labelled = output
    path = (converted if name in FLAT else labelled) / f"{name}.parquet"
    assert [(field.name, data_dictionary.kind(field.type), field.nullable) for field in pq.read_schema(path)] == [
        (one.name, one.type, one.nullable) for one in documented()[name]
    ]


def test_the_document_is_up_to_date(output: tuple[Path, Path]) -> None:
    """`make data-dictionary` writes it anew."""
    assert data_dictionary.TARGET.read_text(encoding="utf-8") == data_dictionary.text(*output)


def test_the_readme_says_how_many_columns_a_row_has() -> None:
    lines = (data_dictionary.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for name in (*FLAT, "ocsf_labels"):
        (line,) = (line for line in lines if line.startswith(f"| `data/{name}.parquet` |"))
        assert line.endswith(f" {len(documented()[name])} |"), name
