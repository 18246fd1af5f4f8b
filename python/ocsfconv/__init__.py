"""OpenTelemetry Collector files in, OCSF 1.8.0 events out.

    >>> import ocsfconv
    >>> report = ocsfconv.convert("logs/otel", out="data")
    >>> print(report)
    >>> tables = ocsfconv.read("logs/otel", signal="logs")

What is listed in `__all__` is the interface; everything else is private and may change.
"""

from ocsfconv._core import OcsfconvError, __version__
from ocsfconv.conversion import convert, read

TYPE_CHECKING = False  # typing itself takes a tenth of the command's start
if TYPE_CHECKING:
    from typing import Any

    from ocsfconv.report import Report

__all__ = ["OcsfconvError", "Report", "__version__", "convert", "read"]


def __getattr__(name: str) -> "Any":
    """`Report` when it is asked for."""
    if name == "Report":
        from ocsfconv.report import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
