"""The small labelled sample of the logs: `ocsf_eval_subset.parquet`.

Strata are scenario, signal and class. A sample of logs has no rows of other signals, so `signal` says where a log's
event can be looked up: `traces` for one that belongs to a trace (its spans are found by `trace_id`), `logs` for one
that stands alone. Gray rows are left out.
"""

from __future__ import annotations

from typing import Any

from ocsfconv.labels.columns import SUBSET, arrow
from ocsfconv.labels.errors import need
from ocsfconv.labels.outputs import names
from ocsfconv.labels.store import Store, literal
from ocsfconv.labels.truth import Truth
from ocsfconv.labels.verdicts import ANOMALOUS, GRAY

ROWS = 2000
SHARE = 0.1
"""The most that anomalous rows make of the sample, and decoys' rows again."""

CANDIDATES = """
CREATE TABLE candidates AS
    SELECT l.row, v.label, v.cause, v.episode, v.phase, v.episode IS NOT NULL AS claimed,
           CASE WHEN l.trace_id IS NULL THEN 'logs' ELSE 'traces' END AS signal,
           concat_ws('/', {scenario}, signal, l.class_uid) AS stratum,
           md5({seed} || '/' || l.row) AS ticket
    FROM run.logs l JOIN verdicts v ON v.signal = 'logs' AND v.row = l.row WHERE v.label <> '{gray}'
"""
CHOSEN = """
SELECT row, label, cause, episode, phase FROM candidates JOIN wanted USING (label, claimed, stratum)
QUALIFY row_number() OVER (PARTITION BY label, claimed, stratum ORDER BY ticket) <= wanted ORDER BY row
"""


def take(store: Store, truth: Truth, size: int) -> Any:
    """The sample as an Arrow table, in the order of the logs; at most `size` rows.

    The same seed and data give the same sample.
    """
    scenario = names(truth)["scenario"]
    store.db.execute(CANDIDATES.format(seed=literal(str(truth.seed)), gray=GRAY, scenario=scenario))
    counts = store.rows("SELECT label, claimed, stratum, count(*) FROM candidates GROUP BY ALL ORDER BY ALL")
    positive = {row[2]: row[3] for row in counts if row[0] == ANOMALOUS}
    decoys = {row[2]: row[3] for row in counts if row[0] != ANOMALOUS and row[1]}
    rest = {row[2]: row[3] for row in counts if row[0] != ANOMALOUS and not row[1]}
    budget = int(size * SHARE)
    shares = [(ANOMALOUS, True, even(positive, budget)), ("normal", True, even(decoys, budget))]
    left = size - sum(sum(share.values()) for _, _, share in shares)
    shares.append(("normal", False, proportional(rest, left)))
    wanted = [(label, claimed, stratum, count) for label, claimed, share in shares for stratum, count in share.items()]
    store.db.execute("CREATE TABLE wanted (label VARCHAR, claimed BOOLEAN, stratum VARCHAR, wanted BIGINT)")
    if wanted:
        store.db.executemany("INSERT INTO wanted VALUES (?, ?, ?, ?)", wanted)
    return _table(store, truth, store.rows(CHOSEN))


def _table(store: Store, truth: Truth, chosen: list[tuple[Any, ...]]) -> Any:
    pa, parquet = need("pyarrow"), need("pyarrow.parquet")
    rows = [row for row, *_ in chosen]
    table = parquet.read_table(store.paths["run"]["logs"]).take(pa.array(rows, pa.int64()))
    reasons: list[str | None] = []
    kinds: list[str | None] = []
    for _, label, cause, index, phase in chosen:
        if label != ANOMALOUS:
            reasons.append(None)
            kinds.append(None)
            continue
        episode = truth.episodes[index]
        said = "sent by the actor" if cause == "actor" else "exposed to"
        root = f"{episode.root_service}: {episode.root_resource}"
        reasons.append(f"{said} {episode.scenario} ({episode.id}, {episode.severity}, {phase}; {root})")
        kinds.append(episode.scenario)
    schema = arrow(SUBSET)
    values = ([int(label == ANOMALOUS) for _, label, *_ in chosen], reasons, kinds, rows)
    for field, column in zip(schema, values, strict=True):
        table = table.append_column(field, pa.array(column, field.type))
    return table


def even(sizes: dict[str, int], budget: int) -> dict[str, int]:
    """Share a budget evenly: what a small stratum cannot fill goes to the larger ones."""
    shares: dict[str, int] = {}
    left = min(budget, sum(sizes.values()))
    for place, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: (item[1], item[0]))):
        shares[name] = min(size, -(-left // (len(sizes) - place)))
        left -= shares[name]
    return shares


def proportional(sizes: dict[str, int], budget: int) -> dict[str, int]:
    """Share a budget by size, at least one each while it lasts, the largest remainders first."""
    total = sum(sizes.values())
    if total <= budget:
        return dict(sizes)
    exact = {name: budget * size / total for name, size in sizes.items()}
    shares = {name: max(1, int(share)) for name, share in exact.items()}
    order = sorted(sizes, key=lambda name: (int(exact[name]) - exact[name], name))
    for name in order[: max(0, budget - sum(shares.values()))]:
        shares[name] += 1
    for name in sorted(shares, key=lambda name: (-shares[name], name)):
        over = sum(shares.values()) - budget
        if over <= 0:
            break
        shares[name] -= min(over, shares[name])
    return shares
