"""What a score is worth: against scikit-learn, and against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from ocsfconv.evaluate import alerts
from ocsfconv.evaluate.measures import EDGES, Scored, figures, shuffled_auroc
from sklearn.metrics import average_precision_score, roc_auc_score


def scored(
    values: list[float] | np.ndarray, blocks: list[int] | None = None, weights: np.ndarray | None = None
) -> Scored:
    score = np.asarray(values, float)
    block = np.zeros(len(score), np.int64) if blocks is None else np.asarray(blocks)
    return Scored(score, np.ones(len(score)) if weights is None else weights, block)


@pytest.mark.parametrize("distinct", [3, 50, 100_000])
def test_auroc_and_ap_are_scikit_learns_also_with_ties_and_weights(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    score = rng.integers(0, distinct, 4000) / distinct
    label = rng.random(4000) < 0.1 + 0.2 * score
    weight = rng.integers(1, 5, 4000).astype(float)
    found = figures(
        scored(score[label], weights=weight[label]), scored(score[~label], weights=weight[~label]), prevalences=[0.01]
    )
    assert found.auroc == pytest.approx(roc_auc_score(label, score, sample_weight=weight))
    assert found.ap == pytest.approx(average_precision_score(label, score, sample_weight=weight))
    scale = weight[label].sum() * 0.99 / (0.01 * weight[~label].sum())
    thinned = np.where(label, weight, weight * scale)
    assert found.ap_at[0.01] == pytest.approx(average_precision_score(label, score, sample_weight=thinned))
    assert found.prevalence == pytest.approx(weight[label].sum() / weight.sum())


def test_auroc_and_ap_by_hand() -> None:
    # In order: anomalous 4, normal 3, both 2, normal 1.
    found = figures(scored([4, 2]), scored([3, 2, 1]))
    assert found.auroc == pytest.approx((3 + 1.5) / 6)
    assert found.ap == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert (found.positives, found.negatives, found.prevalence) == (2, 3, 0.4)


def test_a_constant_is_worth_nothing() -> None:
    found = figures(scored([0.0] * 10), scored([0.0] * 90), prevalences=[0.001])
    assert (found.auroc, found.ap, found.ap_at[0.001]) == pytest.approx((0.5, 0.1, 0.001))


def test_what_is_no_number_or_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        figures(scored([1]), scored([]))
    with pytest.raises(ValueError, match="NaN"):
        figures(scored([1, np.nan]), scored([1]))


def test_intervals_come_from_whole_episodes() -> None:
    rng = np.random.default_rng(1)
    normal = scored(rng.random(500), blocks=list(range(5)) * 100)
    # One episode is always found, the other never: with two, any draw may hold one of them alone.
    found = figures(scored([2.0] * 300 + [-1.0] * 300, [1] * 300 + [2] * 300), normal, rng=np.random.default_rng(2))
    assert found.auroc == pytest.approx(0.5)
    assert found.auroc_interval == pytest.approx((0, 1))
    # By rows 600 would have given half a hundredth.
    mixed = figures(scored([2.0, -1.0] * 300, [1] * 300 + [2] * 300), normal, rng=np.random.default_rng(2))
    assert mixed.auroc_interval == pytest.approx((0.5, 0.5))


def test_one_episode_has_no_interval_and_a_seed_gives_the_same_one() -> None:
    rng = np.random.default_rng(3)
    values, normal = rng.normal(1, 1, 900), scored(rng.normal(0, 1, 5000), blocks=list(range(50)) * 100)
    assert figures(scored(values), normal, rng=rng).auroc_interval is None
    positives = scored(values, blocks=[number // 100 for number in range(900)])
    assert len(np.unique(values)) > EDGES
    one, two = (figures(positives, normal, rng=np.random.default_rng(4)) for _ in range(2))
    assert one == two
    assert one.auroc_interval is not None and one.ap_interval is not None
    assert one.auroc_interval[0] < one.auroc < one.auroc_interval[1]
    assert one.ap_interval[0] < one.ap < one.ap_interval[1]


def test_shuffled_labels_give_a_half_whatever_the_scores() -> None:
    rng = np.random.default_rng(5)
    for score in (rng.random(3000), np.repeat([0.0, 1.0], 1500), np.zeros(3000), np.arange(3000.0)):
        mean, error = shuffled_auroc(score, 300, rng, times=40)
        assert abs(mean - 0.5) <= max(4 * error, 1e-9)


def test_a_threshold_leaves_the_other_folds_minutes_within_the_budget_and_ignores_its_own() -> None:
    # Twelve minutes in each of two folds: at ten alerts an hour two of twelve may alert.
    minute = np.repeat(np.arange(24), 2)
    fold = np.repeat([0, 1], 24)
    score = np.concatenate([np.repeat(np.arange(12.0), 2), np.repeat(np.arange(100.0, 112.0), 2)])
    assert alerts.thresholds(score, minute, fold, 10).tolist() == [109, 9]
    score[fold == 0] = 1000
    assert alerts.thresholds(score, minute, fold, 10)[0] == 109


def test_too_few_minutes_allow_no_alert() -> None:
    assert alerts.thresholds(np.arange(4.0), np.arange(4), np.array([0, 0, 1, 1]), 10).tolist() == [3, 1]


def test_found_episodes_and_their_delay_by_hand() -> None:
    second = 1_000_000_000
    found = alerts.episodes_found(
        alert=np.array([False, True, True, False]),
        episode=np.array([3, 3, 3, 4]),
        known_ns=np.array([1, 7, 5, 2]) * second,
        begins={3: 2 * second, 4: 0},
    )
    assert [(one.episode, one.delay_s) for one in found] == [(3, 3.0), (4, None)]


def test_false_alarms_are_minutes() -> None:
    assert alerts.alarms_per_hour(np.array([True, True, False, True]), np.array([1, 1, 2, 3])) == pytest.approx(40)
    assert np.isnan(alerts.alarms_per_hour(np.array([], bool), np.array([], int)))
