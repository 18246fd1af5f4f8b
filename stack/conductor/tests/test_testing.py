from __future__ import annotations

from conductor.places import STACK
from conductor.testing import LISTED, PARTS, Part, parts


def test_a_service_that_has_tests_is_a_part_without_being_listed(tmp_path):
    for name in ("of-python/tests", "of-node/test", "of-others/conf", "web-api/tests"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "of-python" / "requirements.txt").touch()
    assert list(parts(tmp_path).items()) == [
        *LISTED.items(),
        ("of-node", Part("services/of-node")),
        ("of-python", Part("services/of-python", "services/of-python/requirements.txt")),
    ]


def test_every_part_is_there():
    for name, part in PARTS.items():
        assert (STACK / part.folder).is_dir() and (part.lock is None or (STACK / part.lock).is_file()), name
