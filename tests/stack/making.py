"""Runs a target of the Makefile for a test."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNTIME = os.environ.get("RUNTIME", "local")
SETUP_SECONDS = 1200


def make(target: str, words: Sequence[str], seconds: float) -> tuple[int, str]:
    """Run a target as a person would; its exit status and all that it said."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    process = subprocess.Popen(
        ["make", "--no-print-directory", target, f"RUNTIME={RUNTIME}", *words],
        cwd=ROOT,
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    timer = threading.Timer(seconds, process.terminate)
    timer.start()
    try:
        output, _ = process.communicate()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode, output


def last_words(output: str) -> str:
    """The line that says what went wrong: the conductor's, else the last one that is not make's."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("make: ")]
    told = [line for line in lines if line.startswith("conductor: ")]
    return (told or lines or ["make said nothing"])[-1]
