"""`python -m ocsfconv evaluate` as a whole, on a small recording whose difficulty is known."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from evaluation_data import EPISODES, write
from ocsfconv import evaluate
from ocsfconv.cli import main
from ocsfconv.evaluate import catalogue, detectors
from ocsfconv.evaluate.evaluation import Evaluation
from ocsfconv.evaluate.judge import Judged

Run = Callable[..., subprocess.CompletedProcess[str]]
SLOW = tuple(one for one in EPISODES if one.scenario == "slow-search")
QUICK = ["random", "constant", "duration", "status", "metric", "bound"]


def judged(run: Evaluation, level: str, detector: str, scenario: str = "", regime: str = "") -> Judged:
    """The figures of one detector; without a regime of the first that there is."""
    found = [
        one
        for result in run.results
        if (result.level, result.detector.name) == (level, detector) and regime in ("", result.regime)
        for one in result.judged
        if (one.scenario, one.severity) == (scenario, "")
    ]
    return found[0]


def strata(run: Evaluation, detector: str, level: str) -> list[dict[str, Any]]:
    results = evaluate.to_dict(run)["results"]
    return next(one["strata"] for one in results if (one["detector"], one["level"]) == (detector, level))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def whole(recording: Path) -> Evaluation:
    return evaluate.evaluate(recording, names=QUICK, regimes=["natural"])


@pytest.mark.parametrize("level", ["logs", "spans", "traces"])
def test_what_was_planted_is_found_by_what_should_find_it(whole: Evaluation, level: str) -> None:
    slow = judged(whole, level, "duration", "slow-search")
    assert slow.figures.auroc > 0.98
    assert (slow.found, slow.episodes) == (2, 2)
    assert slow.delay_s is not None and slow.delay_s < 10
    assert judged(whole, level, "status", "slow-search").figures.auroc == pytest.approx(0.5)
    broken = judged(whole, level, "status", "bad-cart")
    # Six in ten fail: on a span only the root's says so.
    assert broken.figures.auroc == pytest.approx(0.6 if level == "spans" else 0.8, abs=0.1)
    assert broken.found == 1
    assert judged(whole, level, "duration", "bad-cart").figures.auroc < 0.6


def test_windows_are_judged_by_metrics(whole: Evaluation) -> None:
    found = judged(whole, "windows", "metric", "slow-search")
    assert found.figures.auroc > 0.8
    assert found.found == 2


@pytest.mark.parametrize("level", ["logs", "spans", "traces"])
def test_controls_say_that_nothing_is_given_away(whole: Evaluation, level: str) -> None:
    chance = judged(whole, level, "random").figures
    assert chance.auroc == pytest.approx(0.5, abs=0.05)
    assert chance.ap == pytest.approx(chance.prevalence, abs=0.03)
    nothing = judged(whole, level, "constant")
    assert (nothing.figures.auroc, nothing.figures.ap) == pytest.approx((0.5, nothing.figures.prevalence))
    assert (nothing.found, nothing.decoys_alarmed, nothing.false_alarms_per_hour) == (0, 0, 0)
    for result in whole.results:
        if result.level == level and result.shuffled:
            mean, error = result.shuffled
            assert abs(mean - 0.5) <= max(5 * error, 1e-9)


def test_the_bound_is_cross_validated_by_episode_where_that_can_be_done(whole: Evaluation) -> None:
    ways = {
        (result.folds, one.scenario)
        for result in whole.results
        if result.detector.name == "bound"
        for one in result.judged
    }
    assert ("episode", "slow-search") in ways
    assert ("time block", "bad-cart") in ways
    assert ("time block", "slow-search") not in ways
    assert judged(whole, "traces", "bound", "slow-search").figures.auroc > 0.95
    assert any("one episode only of bad-cart" in note for note in whole.notes)


def test_what_is_too_easy_is_marked(whole: Evaluation) -> None:
    marks = {mark.scenario: mark for mark in whole.marks}
    assert marks["slow-search"].mark == "sanity"
    assert marks["slow-search"].one_liner is not None
    assert marks["slow-search"].one_liner.detector == "duration"
    assert marks["bad-cart"].mark == "ok"


def test_what_has_labels_but_no_effect_is_marked(tmp_path: Path) -> None:
    # Everyone on /search is exposed for a while, and nothing whatever differs.
    data = write(tmp_path, slower=1, failing=0)
    run = evaluate.evaluate(data, names=["duration", "status", "bound"], signal="traces", regimes=["natural"])
    assert {mark.mark for mark in run.marks} == {"check"}
    assert all(
        judged(run, "spans", "duration", scenario).figures.auroc < 0.6 for scenario in ("bad-cart", "slow-search")
    )


def test_decoys_that_alarm_are_counted(tmp_path: Path) -> None:
    # What is labelled a decoy here is as slow as the fault.
    data = write(tmp_path, episodes=tuple(replace(one, decoy=False) for one in EPISODES))
    frame = polars.read_parquet(data / "episodes.parquet")
    decoy = polars.col("episode") == "e2"
    frame.with_columns(decoy=decoy).write_parquet(data / "episodes.parquet")
    labels = polars.read_parquet(data / "ocsf_labels.parquet")
    normal = polars.when(decoy).then(polars.lit("normal")).otherwise("label").alias("label")
    labels.with_columns(normal).write_parquet(data / "ocsf_labels.parquet")
    run = evaluate.evaluate(data, names=["duration", "constant"], signal="traces", regimes=["clean"])
    assert judged(run, "spans", "duration").decoys == 1
    assert judged(run, "spans", "duration").decoys_alarmed == 1
    assert judged(run, "spans", "constant").decoys_alarmed == 0


def test_an_episode_without_impact_counts_for_nothing(tmp_path: Path) -> None:
    episodes = tuple(replace(one, status="no_impact") if one.name == "e3" else one for one in EPISODES)
    run = evaluate.evaluate(write(tmp_path, episodes=episodes), names=["duration"], signal="logs", regimes=["natural"])
    assert {one.scenario for result in run.results for one in result.judged} == {"", "slow-search"}
    assert judged(run, "logs", "duration").episodes == 2
    assert "1 without impact or not executed" in evaluate.render(run)


def test_the_same_seed_gives_the_same_figures_and_another_one_others(recording: Path, tmp_path: Path) -> None:
    def results(data: Path, names: list[str], seed: int) -> Any:
        run = evaluate.evaluate(data, names=names, signal="logs", regimes=["5%"], seed=seed)
        return evaluate.to_dict(run)["results"]

    slow = write(tmp_path, episodes=SLOW)
    assert results(slow, ["iforest", "bound"], 1) == results(slow, ["iforest", "bound"], 1)
    assert results(recording, ["random"], 1) != results(recording, ["random"], 2)


def test_regimes_learn_from_what_they_say(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: dict[str, list[int]] = {}

    class Counted(detectors.Fitted):
        def __init__(self, sample: Any, seed: int) -> None:
            sizes.setdefault(regime, []).append(len(sample))
            super().__init__(sample, seed)

    monkeypatch.setattr(detectors, "Fitted", Counted)
    for regime in evaluate.REGIMES:
        evaluate.evaluate(recording, names=["pca"], signal="logs", regimes=[regime])
    total = {regime: sum(counts) for regime, counts in sizes.items()}
    labels = polars.read_parquet(recording / "ocsf_labels.parquet").filter(signal="logs")["label"]
    folds = len(sizes["clean"])
    assert total["natural"] == (folds - 1) * len(labels)
    assert total["clean"] == (folds - 1) * (labels == "normal").sum()
    assert total["1%"] / total["clean"] == pytest.approx(1 / 0.99, abs=1e-3)
    assert total["5%"] / total["clean"] == pytest.approx(1 / 0.95, abs=1e-3)


def test_what_grows_faster_than_its_records_learns_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard of the run time: no detector is given more than it may have, however long the recording."""
    given: dict[str, int] = {}

    class Model:
        def __init__(self, name: str) -> None:
            self.name = name

        def fit(self, rows: Any) -> None:
            given[self.name] = len(rows)

        def decision_function(self, rows: Any) -> Any:
            return np.zeros(len(rows))

    for name in detectors.MODELS:
        monkeypatch.setitem(detectors.MODELS, name, lambda count, seed, name=name: Model(name))
    chosen = [one for one in catalogue.DETECTORS if one.kind == "unsupervised"]
    rows = np.random.default_rng(1).random((catalogue.SAMPLE + 5000, 3))
    detectors.Fitted(rows, 1).score(chosen, rows[:10])
    assert given == {one.name: one.sample for one in chosen}
    assert max(given["knn"], given["lof"]) <= 5000
    drawn = detectors.training_sample(np.arange(10**5) < 5 * 10**4, np.ones(10**5, bool), np.random.default_rng(1))
    assert drawn is not None and len(drawn) == 2 * catalogue.BOUND_SAMPLE


def test_no_episode_is_most_of_what_the_bound_learns_from() -> None:
    counts = {0: 5000, 1: 400, 2: 350}
    episode = np.repeat([*counts, -1], [*counts.values(), 10_000])
    anomalous, everything = episode >= 0, np.ones(len(episode), bool)
    drawn = detectors.training_sample(anomalous, everything, np.random.default_rng(1), episode)
    assert drawn is not None
    learnt = {number: int((episode[drawn] == number).sum()) for number in (*counts, -1)}
    assert learnt == {0: 400, 1: 400, 2: 350, -1: 10_000}
    assert len(np.unique(drawn)) == len(drawn)


def test_a_long_recording_is_thinned_out_and_says_so(recording: Path) -> None:
    run = evaluate.evaluate(recording, names=["duration"], signal="traces", regimes=["natural"], most=3000)
    spans = run.counts["spans"]
    assert spans.scored < spans.units == len(polars.read_parquet(recording / "ocsf_traces.parquet"))
    assert any("are scored, drawn by the seed" in note for note in run.notes)
    full = evaluate.evaluate(recording, names=["duration"], signal="traces", regimes=["natural"])
    assert spans.prevalence == pytest.approx(full.counts["spans"].prevalence, rel=0.02)
    one, other = (judged(each, "spans", "duration").figures for each in (run, full))
    assert (one.auroc, one.ap) == pytest.approx((other.auroc, other.ap), abs=0.05)


def test_every_model_tells_an_outlier() -> None:
    rng = np.random.default_rng(1)
    sample = np.column_stack([rng.normal(0, 1, (600, 4)), np.zeros(600)])
    wanted = np.vstack([sample[:50], [[9, -9, 9, -9, 0]]])
    for detector in (one for one in catalogue.DETECTORS if one.kind == "unsupervised"):
        score = detectors.Fitted(sample, 3).score([detector], wanted)[detector.name]
        assert score.argmax() == 50, detector.name


# What a user's own detector says.


def test_own_scores_give_the_figures_of_the_detector_that_made_them(recording: Path, tmp_path: Path) -> None:
    run = evaluate.evaluate(recording, names=["pca"], regimes=["natural"])
    (file,) = evaluate.save_scores(run, tmp_path)
    assert file.name == "pca.parquet"
    frame = polars.read_parquet(file)
    frame.sample(fraction=1, shuffle=True, seed=1).write_csv(tmp_path / "mine.csv")
    labels = polars.read_parquet(recording / "ocsf_labels.parquet")
    frame.join(labels, on=["signal", "row"])["event_uid", "score"].write_parquet(tmp_path / "uid.parquet")
    for scores in (file, tmp_path / "mine.csv", tmp_path / "uid.parquet"):
        mine = evaluate.evaluate(recording, names=[], scores=scores, regimes=["natural"])
        for level in ("logs", "spans"):
            assert strata(mine, "own", level) == strata(run, "pca", level)


def test_gray_records_count_for_nothing(recording: Path, tmp_path: Path) -> None:
    labels = polars.read_parquet(recording / "ocsf_labels.parquet").filter(signal="logs")
    assert (labels["label"] == "gray").sum() > 50
    frame = labels.with_columns(score=polars.col("row") % 97)
    figures = []
    for gray in (-1e9, 1e9):
        score = polars.when(polars.col("label") == "gray").then(gray).otherwise("score")
        frame.select("signal", "row", score=score).write_parquet(tmp_path / "mine.parquet")
        run = evaluate.evaluate(recording, names=[], scores=tmp_path / "mine.parquet", signal="logs")
        figures.append(judged(run, "logs", "own").figures)
    assert figures[0] == figures[1]
    assert run.counts["logs"].gray == (labels["label"] == "gray").sum()


def test_own_scores_of_metrics_are_judged_by_window(recording: Path, tmp_path: Path) -> None:
    points = polars.read_parquet(recording / "ocsf_metrics.parquet")
    frame = points.select(signal=polars.lit("metrics"), row=polars.int_range(len(points)), score="metric_value")
    frame.write_parquet(tmp_path / "mine.parquet")
    run = evaluate.evaluate(recording, names=[], scores=tmp_path / "mine.parquet", signal="metrics")
    assert judged(run, "windows", "own").figures.auroc == pytest.approx(1)


@pytest.fixture
def mine(recording: Path) -> polars.DataFrame:
    labels = polars.read_parquet(recording / "ocsf_labels.parquet").filter(signal="logs")
    return labels.select("signal", "row", score=polars.col("row") / 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.filter(polars.col("row") != 5), "has no score for 1 rows of logs, the first row 5"),
        (lambda f: polars.concat([f, f.head(2)]), "scores 2 records more than once, the first logs, row 0"),
        (
            lambda f: f.with_columns(score=polars.when(polars.col("row") == 3).then(float("nan")).otherwise("score")),
            "1 scores that are no number",
        ),
        (
            lambda f: f.with_columns(score=polars.when(polars.col("row") == 3).then(None).otherwise("score")),
            "the first for logs, row 3",
        ),
        (
            lambda f: f.with_columns(row=polars.col("row") + 1),
            "scores 1 rows of logs that are not there, the first row ",
        ),
        (lambda f: f.with_columns(signal=polars.lit("log")), "has the signal log; there are logs, traces, metrics"),
        (
            lambda f: f.rename({"score": "value"}),
            "has the columns row, signal, value; it needs signal, row, score, or event_uid, score",
        ),
        (lambda f: f.with_columns(score=polars.lit("high")), "a row or a score is not a number"),
        (lambda f: f.select("score", event_uid=polars.lit("logs-x")), "records more than once, the first logs-x"),
        (
            lambda f: f.select("score", event_uid="x" + polars.col("row").cast(str)),
            "events that the data does not have",
        ),
    ],
    ids=["missing", "twice", "nan", "null", "beyond", "signal", "columns", "text", "uid", "unknown"],
)
def test_scores_that_cannot_be_compared_are_refused(
    recording: Path,
    tmp_path: Path,
    mine: polars.DataFrame,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[polars.DataFrame], polars.DataFrame],
    message: str,
) -> None:
    file = tmp_path / "mine.parquet"
    change(mine).write_parquet(file)
    assert (
        main(["evaluate", str(recording), "--detectors", "none", "--scores", str(file), "-o", str(tmp_path / "e.json")])
        == 2
    )
    error = capsys.readouterr().err
    assert error.startswith(f"ocsfconv: error: {file}")
    assert message in error


def test_a_file_that_is_none_is_refused(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.parquet").write_text("no", encoding="utf-8")
    for name in ("mine.parquet", "absent.csv"):
        with pytest.raises(evaluate.EvaluationError, match=name):
            evaluate.evaluate(recording, names=[], scores=tmp_path / name)


# Sets of cases.


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases of two scenarios and a control; one more is not labelled yet."""
    folder = tmp_path_factory.mktemp("reference")
    slow, cart = EPISODES[0], EPISODES[2]
    cases = {
        "cart-1": (cart,),
        "cart-2": (replace(cart, begin=300, end=350),),
        "control-1": (),
        "slow-1": (slow,),
        "slow-2": (slow,),
    }
    for seed, (name, episodes) in enumerate(cases.items()):
        write(folder / f"case={name}", episodes=tuple(replace(one, name="e1") for one in episodes), seed=seed)
    shutil.copytree(folder / "case=slow-2", folder / "case=slow-3")
    (folder / "case=slow-3" / "ocsf_labels.parquet").unlink()
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    return folder


def test_a_reference_set_is_one_data_set(reference: Path, tmp_path: Path) -> None:
    run = evaluate.evaluate(reference, names=["duration", "status", "bound"], signal="logs", regimes=["natural"])
    assert [case.name for case in run.dataset.cases] == ["cart-1", "cart-2", "control-1", "slow-1", "slow-2"]
    assert any("slow-3" in note and "label the data first" in note for note in run.notes)
    slow = judged(run, "logs", "duration", "slow-search")
    assert (slow.found, slow.episodes) == (2, 2)
    assert slow.figures.auroc_interval is not None
    # A scenario is told from the normal records of its own cases.
    assert slow.figures.negatives < judged(run, "logs", "duration").figures.negatives
    assert {result.folds for result in run.results if result.detector.name == "bound"} == {"episode"}
    assert judged(run, "logs", "bound", "bad-cart").figures.auroc > 0.8
    (file, *_) = evaluate.save_scores(run, tmp_path)
    again = evaluate.evaluate(reference, names=[], scores=file, signal="logs", regimes=["natural"])
    assert strata(again, "own", "logs") == strata(run, "duration", "logs")


def test_own_scores_of_a_set_name_their_cases(reference: Path, tmp_path: Path, mine: polars.DataFrame) -> None:
    mine.write_parquet(tmp_path / "mine.parquet")
    with pytest.raises(evaluate.EvaluationError, match="no column case"):
        evaluate.evaluate(reference, names=[], scores=tmp_path / "mine.parquet")
    mine.with_columns(case=polars.lit("slow-9")).write_parquet(tmp_path / "mine.parquet")
    with pytest.raises(evaluate.EvaluationError, match="not there: slow-9"):
        evaluate.evaluate(reference, names=[], scores=tmp_path / "mine.parquet")


# The command.


def test_the_command_prints_tables_and_writes_all_figures(recording: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(recording, tmp_path / "data")
    result = run("evaluate", "--detectors", "constant,duration,status", "--regimes", "natural")
    assert result.returncode == 0, result.stderr
    assert "slow-search" in result.stdout and "sanity: a one-liner is enough" in result.stdout
    assert "all figures: data/evaluation.json" in result.stdout
    written = json.loads((tmp_path / "data" / "evaluation.json").read_text())
    first = written["results"][0]["strata"][0]
    assert {
        "auroc",
        "ap",
        "prevalence",
        "ap_at",
        "found",
        "delay_s",
        "decoys_alarmed",
        "auroc_interval",
    } <= first.keys()
    assert first["ap_at"].keys() == {"0.001", "0.005", "0.01", "0.05"}
    assert written["seed"] == 7 and written["episodes"][1]["decoy"] is True
    quiet = run("evaluate", "data", "--json", "-q", "--signal", "logs", "--detectors", "constant", "--out", "e.json")
    assert json.loads(quiet.stdout)["levels"].keys() == {"logs"}
    assert (tmp_path / "e.json").exists()


def complain(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["evaluate", *map(str, arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ocsfconv: error: ") and error.count("\n") == 1
    return error


def test_what_is_missing_is_said_with_the_next_step(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no such directory" in complain(capsys, tmp_path / "absent")
    data = tmp_path / "data"
    shutil.copytree(recording, data)
    (data / "windows.parquet").unlink()
    assert "label the data first: python -m ocsfconv label" in complain(capsys, data)
    (data / "ocsf_logs.parquet").unlink()
    assert "convert all signals first" in complain(capsys, data)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert "no finished case" in complain(capsys, tmp_path)


def test_a_recording_without_anything_to_find_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing went wrong" in complain(capsys, write(tmp_path / "clean", episodes=()))
    missed = tuple(replace(one, status="no_impact") for one in EPISODES)
    assert "no verified episode (no_impact)" in complain(capsys, write(tmp_path / "missed", episodes=missed))


def test_labels_of_other_data_are_refused(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    shutil.copytree(recording, data)
    labels = polars.read_parquet(data / "ocsf_labels.parquet")
    labels.filter(polars.col("row") > 0).write_parquet(data / "ocsf_labels.parquet")
    count = (labels["signal"] == "logs").sum()
    assert f"has {count - 1:,} rows of logs, ocsf_logs.parquet has {count:,}; label again" in complain(capsys, data)
    labels.with_columns(episode=polars.col("episode") + "x").write_parquet(data / "ocsf_labels.parquet")
    assert "names the episode e1x, which episodes.parquet does not" in complain(capsys, data)
    labels.with_columns(label=polars.lit("odd")).write_parquet(data / "ocsf_labels.parquet")
    assert "has the label odd; there are normal, anomalous, gray" in complain(capsys, data)
    (data / "ocsf_labels.parquet").write_text("no", encoding="utf-8")
    assert "cannot be read" in complain(capsys, data)


def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyod'] = None; from ocsfconv.cli import main; sys.exit(main(['evaluate']))"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        "ocsfconv: error: evaluation needs pyod, which is not installed: pip install 'ocsfconv[evaluate]'\n"
    )


def test_help_shows_examples_and_unknown_names_are_refused(run: Run) -> None:
    told = run("evaluate", "--help").stdout
    assert "evaluate --scores mine.parquet" in told and "iforest" in told
    result = run("evaluate", "--detectors", "magic")
    assert result.returncode == 2 and "there is no 'magic'; there are random, constant" in result.stderr
    assert "there is no '2%'" in run("evaluate", "--regimes", "2%").stderr
