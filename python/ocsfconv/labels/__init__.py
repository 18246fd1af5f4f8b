"""`python -m ocsfconv label`: join what really happened with the data that it left, and write labels beside them.

Needs the extra `[label]`. What is listed in `__all__` is the interface.
"""

from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.report import LabelReport, render
from ocsfconv.labels.sets import cases_of, label, to_dict

__all__ = ["LabelError", "LabelReport", "cases_of", "label", "render", "to_dict"]
