"""What a user can cause, as one sentence each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ocsfconv import OcsfconvError


class LabelError(OcsfconvError):
    """Truth or data that cannot be used; the message names file, line, cause and what to do."""


def need(module: str) -> Any:
    """Import a package that only labelling needs.

    Raises:
        LabelError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        message = f'labelling needs {module}, which is not installed: pip install "ocsfconv[label]"'
        raise LabelError(message) from error
