"""What detectors see, and how learning is kept apart from judging."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars
import pytest
from evaluation_data import BEGIN, EPISODES, SECOND, write
from ocsfconv.evaluate.baseline import Baseline, Grouped, rarity
from ocsfconv.evaluate.catalogue import DETECTORS
from ocsfconv.evaluate.dataset import Episode, open_dataset
from ocsfconv.evaluate.folds import FOLDS, by_block, by_episode
from ocsfconv.evaluate.levels import FEATURES, join, read_case
from ocsfconv.evaluate.templates import template_sql
from ocsfconv.evaluate.units import LEVELS, Units, thin

DOCUMENTATION = Path(__file__).parents[1] / "docs" / "evaluation.md"


def read(folder: Path) -> dict[str, Units]:
    with duckdb.connect() as database:
        dataset = open_dataset(folder, database)
        return {
            level: join([units])
            for level, units in read_case(database, dataset, dataset.cases[0], list(LEVELS)).items()
        }


def matrix_of(units: Units) -> np.ndarray:
    (features,) = Baseline(units).matrices(np.ones(len(units), bool), np.arange(len(units)))
    return features


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("recording"))


def test_a_robust_z_is_learnt_from_its_group_in_training_alone() -> None:
    values = np.array([*np.arange(9.0), 1000.0, 50.0, np.nan])
    groups = np.array([0] * 10 + [1, 0])
    training = np.array([True] * 9 + [False, True, True])
    z = Grouped(values, groups).robust_z(training, np.arange(12))
    # Median 4, quartiles 2 and 6; the thousand is far off and cut at 20, group 1 has too few for itself.
    assert z[:9] == pytest.approx((np.arange(9) - 4) * 1.349 / 4)
    assert z[9] == 20
    assert z[10] == pytest.approx(
        (50 - np.median([*range(9), 50])) / (np.subtract(*np.quantile([*range(9), 50], [0.75, 0.25])) / 1.349)
    )
    assert np.isnan(z[11])


def test_a_group_of_one_value_does_not_make_all_others_extreme() -> None:
    values = np.concatenate([np.zeros(90), np.ones(10)])
    z = Grouped(values, np.zeros(100, int)).robust_z(np.ones(100, bool), np.array([0, 99]))
    assert z.tolist() == pytest.approx([0, 1 / (0.1 * 1.2533 / 2)])


def test_a_rarity_counts_training_alone() -> None:
    groups = np.array([0, 0, 0, 1, 2])
    training = np.array([True, True, True, True, False])
    assert rarity(groups, training, np.array([0, 3, 4])) == pytest.approx(-np.log([4 / 5, 2 / 5, 1 / 5]))


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("order 4711 of anna@shop.example placed in 12 ms", "order <n> of <mail> placed in <n> ms"),
        ("enqueued d90dc29a-b1fa-44ca-b7a7-84d1929d33dd", "enqueued <uuid>"),
        ("key 'a b' \"c\" deadbeef01 dead", "key <text> <text> <hex> dead"),
        ("first\nsecond 2", "first"),
    ],
)
def test_templates_hide_what_varies(message: str, template: str) -> None:
    assert duckdb.execute(f"SELECT {template_sql('?')}", [message]).fetchone() == (template,)


def test_features_are_what_they_say(recording: Path) -> None:
    levels = read(recording)
    spans, logs, traces = levels["spans"], levels["logs"], levels["traces"]
    held = polars.read_parquet(recording / "ocsf_traces.parquet")
    assert spans.values["duration_z"] == pytest.approx(np.log(held["duration_ns"].to_numpy() / 1e6))
    assert set(zip(held["span_kind"], spans.values["depth"], strict=True)) == {
        ("Server", 0),
        ("Internal", 1),
        ("Client", 2),
    }
    assert spans.values["self_time_z"][0] == pytest.approx(np.log(0.1 * held["duration_ns"][0] / 1e6), abs=1e-3)
    assert spans.values["wait_z"][1] == pytest.approx(np.log(0.1), abs=1e-6)
    assert np.isnan(spans.values["wait_z"][0])
    assert len(np.unique(spans.groups["operation"])) == 9
    assert len(logs) == len(traces) == len(spans) / 3
    assert logs.values["status"].sum() == traces.values["status"].sum() == (held["http_response_code"] >= 500).sum()
    assert len(np.unique(logs.groups["template"])) == 3
    assert traces.values["spans_z"] == pytest.approx(np.log(3))
    assert traces.values["database_z"] == pytest.approx(np.log(2))


def test_a_trace_is_seen_by_how_its_calls_went_and_how_others_of_the_time_did(recording: Path) -> None:
    levels = read(recording)
    held = polars.read_parquet(recording / "ocsf_traces.parquet")
    milliseconds = polars.col("duration_ns") / 1e6
    calls = held.filter(polars.col("span_kind") == "Client").with_columns(
        (polars.col("time_unix_nano") // (10 * SECOND)).alias("bin"), milliseconds.log().alias("slow")
    )
    usual = polars.col("slow").median().over("db_query_text")
    volume = polars.len().over("db_query_text", "bin")
    counts = calls.group_by("db_query_text", "bin").len().group_by("db_query_text").agg(polars.col("len").median())
    expected = (
        calls.with_columns(usual=usual, volume=volume)
        .join(counts, on="db_query_text", maintain_order="left")
        .select(
            "trace_id",
            longest=(1 + (polars.col("slow").exp() - polars.col("usual").exp()).clip(0)).log(),
            calls_slowness=(polars.col("slow") - polars.col("usual")).mean().over("db_query_text", "bin"),
            statements_volume=(polars.col("volume") / polars.col("len")).log(),
        )
    )
    begun = held.group_by("trace_id").agg(polars.col("time_unix_nano").min())
    in_order = expected.join(begun, on="trace_id").sort("time_unix_nano", "trace_id")
    spans = held.select("trace_id").join(expected, on="trace_id", maintain_order="left")
    for name in ("longest", "calls_slowness", "statements_volume"):
        assert levels["traces"].values[name] == pytest.approx(in_order[name].to_numpy(), abs=1e-5), name
        assert levels["spans"].values[f"trace_{name}"] == pytest.approx(spans[name].to_numpy(), abs=1e-5), name


def test_how_busy_the_host_was_is_told_by_its_metrics(tmp_path: Path) -> None:
    folder = write(tmp_path / "recording")
    assert not read(folder)["logs"].values["host_busy"].any()
    points = polars.read_parquet(folder / "ocsf_metrics.parquet")
    # Two processors; in the third minute nine tenths of their time are used, else two.
    rows, spent = [], {"idle": 0.0, "user": 0.0}
    for tick in range(-60, 660, 20):
        for state in ("idle", "user"):
            row = points.row(0, named=True) | {
                "service": "host",
                "metric_name": "system.cpu.time",
                "metric_value": spent[state],
                "time_unix_nano": BEGIN + tick * SECOND,
                "attributes": f'{{"cpu":"cpu0","state":"{state}"}}',
                "resource": '{"host.name":"shop-1"}',
            }
            rows.append(row)
        busy = 0.9 if 120 <= tick < 180 else 0.2
        spent = {"idle": spent["idle"] + 40 * (1 - busy), "user": spent["user"] + 40 * busy}
    polars.concat(
        [
            points.with_columns(polars.col("attributes").cast(polars.String)),
            polars.DataFrame(rows, schema=dict(points.schema) | {"attributes": polars.String}),
        ]
    ).write_parquet(folder / "ocsf_metrics.parquet")
    levels = read(folder)
    for level in ("logs", "spans", "traces"):
        second = (levels[level].start_ns - BEGIN) / SECOND
        assert levels[level].values["host_busy"] == pytest.approx(np.where((second >= 120) & (second < 180), 0.9, 0.2))


def test_labels_and_episodes_are_joined_by_row_and_trace(recording: Path) -> None:
    levels = read(recording)
    labels = polars.read_parquet(recording / "ocsf_labels.parquet")
    for level, signal in (("logs", "logs"), ("spans", "traces")):
        expected = labels.filter(polars.col("signal") == signal)["label"].replace_strict(
            {"normal": 0, "anomalous": 1, "gray": 2}
        )
        assert levels[level].label.tolist() == expected.to_list()
    assert np.bincount(levels["traces"].label).tolist() == np.bincount(levels["logs"].label).tolist()
    assert {EPISODES[number].name for number in np.unique(levels["traces"].episode[levels["traces"].label == 1])} == {
        "e1",
        "e3",
        "e5",
    }
    assert levels["windows"].label.sum() == 3


def test_names_of_traces_people_and_addresses_make_no_feature(recording: Path, tmp_path: Path) -> None:
    """Called otherwise, but as often and at the same times, everything looks the same."""
    renamed = tmp_path / "renamed"
    write(renamed)
    for signal in ("logs", "traces"):
        file = renamed / f"ocsf_{signal}.parquet"
        frame = polars.read_parquet(file)
        names = [
            name
            for name in ("trace_id", "span_id", "parent_span_id", "actor_user_uid", "src_endpoint_ip")
            if name in frame.columns
        ]
        frame.with_columns((polars.lit("x") + polars.col(name)).alias(name) for name in names).write_parquet(file)
    before, after = read(recording), read(renamed)
    for level in ("logs", "spans"):
        assert matrix_of(before[level]) == pytest.approx(matrix_of(after[level]))
    assert np.sort(matrix_of(before["traces"]), axis=0) == pytest.approx(np.sort(matrix_of(after["traces"]), axis=0))


def test_labels_make_no_feature(recording: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other")
    labels = polars.read_parquet(other / "ocsf_labels.parquet")
    labels.with_columns(label=polars.lit("normal"), episode=polars.lit(None, polars.String)).write_parquet(
        other / "ocsf_labels.parquet"
    )
    before, after = read(recording), read(other)
    for level in ("logs", "spans", "traces"):
        assert np.array_equal(matrix_of(before[level]), matrix_of(after[level]))


def test_a_metric_that_rises_shows_in_its_services_window(recording: Path) -> None:
    windows = read(recording)["windows"]
    training = windows.label == 0
    (features,) = Baseline(windows).matrices(training, np.arange(len(windows)))
    strongest = features[:, [f.name for f in windows.features].index("strongest")]
    assert strongest[windows.label == 1].min() > np.median(strongest[training])


@pytest.mark.parametrize("level", LEVELS)
def test_the_documentation_lists_every_feature(level: str) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for feature in FEATURES[level]:
        assert f"| {level} | `{feature.name}` | {feature.what} |" in text


def test_the_documentation_lists_every_detector() -> None:
    rows = [f"| `{one.name}` | {one.kind} | {one.what} |" for one in DETECTORS]
    section = DOCUMENTATION.read_text(encoding="utf-8").partition("\n## Detectors\n")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| `")] == rows


def episode(number: int, scenario: str, begin: int, end: int, *, case: int = 0, decoy: bool = False) -> Episode:
    return Episode(case, f"e{number}", scenario, "medium", decoy, "verified", begin, end, begin)


def test_no_fold_cuts_an_episode_and_a_scenarios_episodes_lie_in_different_ones() -> None:
    episodes = [episode(n, "abc"[n % 3], 100 * n + 10, 100 * n + 60, decoy=n % 4 == 3) for n in range(12)]
    for seed in range(20):
        folds = by_episode([(0, 1200)], episodes, np.random.default_rng(seed))
        assert folds.count == FOLDS
        for one in episodes:
            held = folds.of(np.zeros(51, int), np.arange(one.begin_ns, one.end_ns + 1))
            assert set(held.tolist()) == {folds.of_episode(one)}
        for scenario in "abc":
            mine = [folds.of_episode(one) for one in episodes if one.scenario == scenario and one.counts]
            assert len(set(mine)) == len(mine)


def test_one_episode_still_leaves_something_to_learn_from() -> None:
    folds = by_episode([(0, 1000)], [episode(1, "a", 400, 500)], np.random.default_rng(0))
    held = folds.of(np.zeros(1000, int), np.arange(1000))
    assert folds.count == 3
    assert len(set(held[400:501])) == 1
    assert set(held.tolist()) == {0, 1, 2}


def test_episodes_that_overlap_stay_together() -> None:
    episodes = [episode(1, "a", 100, 300), episode(2, "b", 200, 400), episode(3, "c", 600, 700)]
    folds = by_episode([(0, 1000)], episodes, np.random.default_rng(0))
    assert folds.of_episode(episodes[0]) == folds.of_episode(episodes[1]) != folds.of_episode(episodes[2])


def test_cases_are_folds_of_their_own() -> None:
    episodes = [episode(n, "a", 10, 20, case=n) for n in range(5)]
    folds = by_episode([(0, 100)] * 5, episodes, np.random.default_rng(0))
    held = [np.unique(folds.of(np.full(100, case), np.arange(100))).tolist() for case in range(5)]
    assert sorted(held) == [[fold] for fold in range(5)]


def test_time_blocks_go_to_the_folds_in_turn() -> None:
    times = BEGIN + np.arange(0, 60, 5) * SECOND
    assert np.diff(by_block(times, 10)[::2]).tolist() in (
        [1, 1, 1, 1, -4],
        [1, 1, 1, -4, 1],
        [1, 1, -4, 1, 1],
        [1, -4, 1, 1, 1],
        [-4, 1, 1, 1, 1],
    )


def test_thinning_keeps_what_is_rare_and_weighs_the_rest_back(recording: Path) -> None:
    spans = read(recording)["spans"]
    kept = thin(spans, 2000, np.random.default_rng(1))
    assert kept is not None
    thinned = spans.take(*kept)
    assert 2000 <= len(thinned) < 4500
    assert thinned.weight.sum() == pytest.approx(len(spans))
    for number in np.unique(spans.episode):
        mine, all_of = thinned.episode == number, spans.episode == number
        assert thinned.weight[mine].sum() == pytest.approx(all_of.sum())
        assert mine.sum() >= min(300, all_of.sum())
    assert thin(spans, len(spans), np.random.default_rng(1)) is None
