"""The table of scenarios says what their files say."""

from pathlib import Path

from scenario_files import facts, write

from load.scenario_table import document
from load.scenarios import load_all

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "scenarios.md"


def test_docs_scenarios_is_in_step_with_the_files() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(load_all().values()), "run: make scenarios-doc"


def test_a_scenario_is_a_row_and_a_section(tmp_path: Path) -> None:
    text = document(write(tmp_path, facts(technique="T1110.004", **{"class": "security"})).values())
    assert "| 1 | [held-rows](#held-rows): Rows are held | security | [T1110.004](https://attack.mitre.org/" in text
    assert "## held-rows\n\nA second session holds the rows of some products.\n" in text
    assert "| rows | 1 – 3 | 4 – 9 | 10 or 20 |" in text and "| table | `stock` |" in text
    assert "| expected: traces, duration_ratio, felt by visitors | 1.2 – 3 | ≥ 2 | ≥ 4.0 |" in text
    assert "**Decoy: A short migration.** It holds rows as well" in text
