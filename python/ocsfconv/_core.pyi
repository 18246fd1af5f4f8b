"""The converter, compiled from Rust. Private: use what `ocsfconv` itself exports."""

from collections.abc import Callable
from typing import final

__all__ = ["Events", "OcsfconvError", "Table", "__version__", "convert", "events", "read"]

__version__: str

class OcsfconvError(Exception):
    """The conversion could not run; the message says why and names the file or the option."""

@final
class Table:
    """An Arrow table in memory, handed to other libraries through the Arrow PyCapsule interface.

    `pyarrow.table(table)`, `polars.from_arrow(table)` and DuckDB take it as it is, without a copy.
    """

    @property
    def num_rows(self) -> int:
        """Number of rows."""

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an `arrow_array_stream` capsule; `requested_schema` is ignored, as the interface allows."""

    def __arrow_c_schema__(self) -> object:
        """The schema as an `arrow_schema` capsule."""

@final
class Events:
    """Iterator over the OCSF events of some files: each item is a block of JSON Lines, ending in a newline."""

    @property
    def rejected(self) -> int:
        """Lines that could not be read; known when the iterator has ended."""

    def __iter__(self) -> Events: ...
    def __next__(self) -> bytes: ...

def convert(
    paths: list[str],
    out: str,
    *,
    signal: str,
    schema: str,
    layout: str,
    threads: int | None,
    strict: bool,
    progress: Callable[[int, int, int], None] | None,
) -> str:
    """Convert files into Parquet under `out` and return the report as JSON.

    `progress` is called about ten times a second with the bytes read, the bytes in all (0: unknown) and the records
    so far; an exception in it stops the run, and nothing is written.
    """

def read(
    paths: list[str],
    *,
    signal: str,
    schema: str,
    layout: str,
    threads: int | None,
    range: tuple[int, int | None] | None,
) -> dict[str, Table]:
    """Convert files into Arrow tables, without writing anything.

    `range` is of bytes of the one file: the lines that begin in it; to the file's end without its second number.
    """

def events(paths: list[str], *, signal: str, schema: str) -> Events:
    """The OCSF events of files, as blocks of JSON Lines."""
