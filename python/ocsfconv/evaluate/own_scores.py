"""A user's own scores: Parquet or CSV with `signal, row, score` or `event_uid, score`; `case`, too, for a set.

Every record of a signal that is scored must have one score: what is missing, scored twice or not a number is refused,
because a figure over the rest would not be comparable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dataset import LABELS, SIGNALS
from .errors import EvaluationError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from .dataset import Case, Dataset
    from .evaluation import Evaluation
    from .units import Floats

LEVEL_OF = {"logs": "logs", "traces": "spans", "metrics": "windows"}
TABLES = {"logs": "logs", "traces": "spans", "metrics": "points"}


class OwnScores:
    """The scores in a file, in the table `own`."""

    def __init__(self, database: duckdb.DuckDBPyConnection, file: Path, dataset: Dataset) -> None:
        self._database, self._file, self._reference = database, file, dataset.is_reference
        columns = self._open()
        if {"signal", "row", "score"} <= columns:
            key = "signal::VARCHAR AS signal, row::BIGINT AS row, NULL::VARCHAR AS event_uid"
        elif {"event_uid", "score"} <= columns:
            key = "NULL::VARCHAR AS signal, NULL::BIGINT AS row, event_uid::VARCHAR AS event_uid"
        else:
            raise EvaluationError(
                f"{file} has the columns {', '.join(sorted(columns))}; it needs signal, row, score, or event_uid, score"
            )
        if self._reference and "case" not in columns:
            raise EvaluationError(
                f"{file} has no column case, which tells the recordings of {dataset.path} apart (bad-deploy-1, …)"
            )
        case = '"case"::VARCHAR' if self._reference else "''"
        import duckdb

        try:
            database.execute(
                f"CREATE TEMP TABLE own AS SELECT {case} AS recording, {key}, score::DOUBLE AS score FROM own_file"
            )
        except duckdb.Error as error:
            raise EvaluationError(f"{file}: a row or a score is not a number: {_first_line(error)}") from error
        self._by_uid = "event_uid" in columns and "row" not in columns
        self._check(dataset)

    def of(self, case: Case) -> dict[str, Floats]:
        """Return the scores of a recording, whose tables are open: by row for logs and spans, by unit for windows.

        A window's score is the largest of its service's points. Raises EvaluationError for rows without a score.
        """
        name = case.name.replace("'", "''")
        if self._by_uid:
            labels = f"read_parquet({case.file(LABELS)})"
            mine = (
                f"SELECT l.signal, l.row, score FROM own JOIN {labels} l USING (event_uid) WHERE recording = '{name}'"
            )
        else:
            mine = f"SELECT signal, row, score FROM own WHERE recording = '{name}'"
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE mine AS {mine}")
        result = {}
        for (signal,) in self._database.execute("SELECT DISTINCT signal FROM own_signals ORDER BY ALL").fetchall():
            self._check_rows(signal, case)
            if signal == "metrics":
                query = """
                    SELECT coalesce(highest, 0) AS score FROM known_windows LEFT JOIN (
                        SELECT unit, max(score) AS highest
                        FROM (
                            SELECT service, time_unix_nano, score
                            FROM points JOIN mine USING (row) WHERE signal = 'metrics'
                        ) p
                        ASOF JOIN known_windows w ON p.service = w.service AND p.time_unix_nano >= w.start_ns
                        GROUP BY unit
                    ) USING (unit) ORDER BY unit
                """
            else:
                query = f"SELECT score FROM mine WHERE signal = '{signal}' ORDER BY row"
            result[LEVEL_OF[signal]] = np.asarray(self._database.execute(query).fetchnumpy()["score"], np.float64)
        return result

    def _open(self) -> set[str]:
        import duckdb

        if not self._file.exists():
            raise EvaluationError(f"{self._file}: no such file; give Parquet or CSV with signal, row, score")
        name = "'" + str(self._file).replace("'", "''") + "'"
        reader = f"read_csv({name}, header = true)" if self._file.suffix.lower() == ".csv" else f"read_parquet({name})"
        try:
            self._database.execute(f"CREATE TEMP TABLE own_file AS FROM {reader}")
        except duckdb.Error as error:
            raise EvaluationError(
                f"{self._file} can be read neither as Parquet nor, by the name *.csv, as CSV: {_first_line(error)}"
            ) from error
        return {row[0] for row in self._database.execute("SELECT column_name FROM (DESCRIBE own_file)").fetchall()}

    def _check(self, dataset: Dataset) -> None:
        """Refuse what is wrong with the file by itself, and note the signals that it scores in `own_signals`."""
        key = "event_uid" if self._by_uid else "signal || ', row ' || row"
        self._refuse(
            f"SELECT count(*), min({key}) FROM own WHERE score IS NULL OR isnan(score)",
            "has {count:,} scores that are no number, the first for {first}",
        )
        self._refuse(
            f"SELECT count(*), min(k) FROM (SELECT {key} AS k FROM own GROUP BY recording, {key} HAVING count(*) > 1)",
            "scores {count:,} records more than once, the first {first}",
        )
        known = ", ".join(f"'{case.name}'" for case in dataset.cases)
        self._refuse(
            f"SELECT count(*), min(recording) FROM own WHERE recording NOT IN ({known})",
            "names a case that is not there: {first}",
        )
        if self._by_uid:
            # What each recording labels under these names; several files are one relation.
            files = ", ".join(case.file(LABELS) for case in dataset.cases)
            self._database.execute(
                "CREATE TEMP TABLE uids AS SELECT DISTINCT event_uid, signal "
                f"FROM read_parquet([{files}]) WHERE event_uid IS NOT NULL"
            )
            self._refuse(
                "SELECT count(*), min(event_uid) FROM own ANTI JOIN uids USING (event_uid)",
                "scores {count:,} events that the data does not have, the first {first}",
            )
            signals = "SELECT DISTINCT uids.signal FROM own JOIN uids USING (event_uid)"
        else:
            expected = ", ".join(f"'{signal}'" for signal in SIGNALS)
            self._refuse(
                f"SELECT count(*), min(signal) FROM own WHERE signal NOT IN ({expected})",
                f"has the signal {{first}}; there are {', '.join(SIGNALS)}",
            )
            signals = "SELECT DISTINCT signal FROM own"
        self._database.execute(f"CREATE TEMP TABLE own_signals AS {signals}")

    def _check_rows(self, signal: str, case: Case) -> None:
        of = f" of case {case.name}" if case.name else ""
        scored, there = f"(SELECT row FROM mine WHERE signal = '{signal}')", TABLES[signal]
        self._refuse(
            f"SELECT count(*), min(row) FROM {scored} ANTI JOIN {there} USING (row)",
            f"scores {{count:,}} rows of {signal}{of} that are not there, the first row {{first}}",
        )
        self._refuse(
            f"SELECT count(*), min(row) FROM {there} ANTI JOIN {scored} USING (row)",
            f"has no score for {{count:,}} rows of {signal}{of}, the first row {{first}}; gray ones need one, too",
        )

    def _refuse(self, query: str, message: str) -> None:
        row: Any = self._database.execute(query).fetchone()
        if row and row[0]:
            raise EvaluationError(f"{self._file} " + message.format(count=row[0], first=row[1]))


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def save(run: Evaluation, folder: Path) -> list[Path]:
    """Write each detector's scores of logs and spans as FOLDER/NAME.parquet, in the form that is read here."""
    import duckdb
    import pyarrow as pa

    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for name, _ in run.scores))
    case = '"case", ' if run.dataset.is_reference else ""
    written = []
    with duckdb.connect() as database:
        for name in names:
            parts = []
            for signal, level in (("logs", "logs"), ("traces", "spans")):
                if (name, level) not in run.scores:
                    continue
                units, score = run.scores[name, level]
                if len(units) < round(float(units.weight.sum())):
                    raise EvaluationError(
                        f"{level} were thinned out, so {name} has no score for every row; give a larger --most"
                    )
                cases = np.array([case.name for case in run.dataset.cases], object)[units.case]
                table = f"scores_{level}"
                database.register(table, pa.table({"case": cases, "row": units.row, "score": score}))
                parts.append(f"SELECT {case}'{signal}' AS signal, row, score FROM {table}")
            if parts:
                file = folder / f"{name}.parquet"
                target = str(file).replace("'", "''")
                database.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{target}' (FORMAT parquet)")
                written.append(file)
    return written
