"""What a user can cause, as one sentence each."""

from __future__ import annotations

from importlib import import_module

from ocsfconv import OcsfconvError

PACKAGES = ("duckdb", "numpy", "pyarrow", "sklearn", "pyod", "threadpoolctl")


class EvaluationError(OcsfconvError):
    """Data or scores that cannot be evaluated; the message says why and what to do."""


def need_packages() -> None:
    """Make sure that what only evaluation needs is there.

    Raises:
        EvaluationError: a package is not installed.
    """
    for name in PACKAGES:
        try:
            import_module(name)
        except ImportError as error:
            message = f"evaluation needs {name}, which is not installed: pip install 'ocsfconv[evaluate]'"
            raise EvaluationError(message) from error
