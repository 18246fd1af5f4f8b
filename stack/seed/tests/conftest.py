"""Tests run from anywhere: the packages are found from this file."""

import os
import sys
from pathlib import Path

STACK = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(STACK))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(STACK), os.environ.get("PYTHONPATH", ""))))
