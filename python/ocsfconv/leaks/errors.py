"""What a user can cause, as one sentence each."""

from __future__ import annotations

from importlib import import_module

from ocsfconv import OcsfconvError

PACKAGES = ("numpy", "pyarrow", "scipy", "sklearn")


class LeakError(OcsfconvError):
    """Data that cannot be tested; the message names the file, what is wrong and what to do."""


def need_packages() -> None:
    """Make sure that what only evaluation needs is there.

    Raises:
        LeakError: a package is not installed.
    """
    for name in PACKAGES:
        try:
            import_module(name)
        except ImportError as error:
            raise LeakError(
                f'evaluation needs {name}, which is not installed: pip install "ocsfconv[evaluate]"'
            ) from error
