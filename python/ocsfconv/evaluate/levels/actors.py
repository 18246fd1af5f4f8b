"""Who is behind a record: what its address and its person did in the same minute, and how new these are to each other.

Addresses and people are only what is counted by; none is a feature.
"""

from __future__ import annotations

from ..units import Feature

LOOPBACK = "('127.0.0.1', '::1')"
# As new as nothing: what a record without a person or an address gets, older than any pair of a recording.
NO_PAIR = -15

FEATURES = (
    Feature("address_traces", "ln(1 + traces of the client's address in this minute)"),
    Feature("address_people", "ln(1 + people from the client's address in this minute)"),
    Feature("address_denied", "ln(1 + traces of the client's address with a 401 or 403 in this minute)"),
    Feature("person_traces", "ln(1 + traces of the person in this minute)"),
    Feature("person_addresses", "ln(1 + addresses of the person in this minute)"),
    Feature("person_bytes", "ln(1 + bytes sent to the person in this minute)"),
    Feature("pair_newness", "-ln(1 + seconds since this person was first seen at this address)", one_liner="pair"),
)

# One row a trace; `spans` and `logs` must exist.
TABLE = f"""
CREATE OR REPLACE TEMP TABLE actors AS
WITH seen AS (
    SELECT trace_id, time_unix_nano AS seen_ns, nullif(src_endpoint_ip, '') AS address, NULL AS person, 0 AS bytes,
        http_response_code IN (401, 403) AS denied
    FROM spans WHERE trace_id IS NOT NULL
    UNION ALL
    SELECT trace_id, time_unix_nano, nullif(src_endpoint_ip, ''), actor_user_uid, traffic_bytes_out,
        http_response_code IN (401, 403)
    FROM logs WHERE trace_id IS NOT NULL
), traced AS (
    SELECT trace_id, min(seen_ns) AS seen_ns, min(seen_ns) // 60000000000 AS minute,
        arg_min(address, seen_ns) FILTER (address NOT IN {LOOPBACK}) AS address,
        arg_min(person, seen_ns) FILTER (person IS NOT NULL) AS person,
        coalesce(sum(bytes), 0) AS bytes, coalesce(bool_or(denied), false) AS denied
    FROM seen GROUP BY trace_id
), addresses AS (
    SELECT address, minute, count(*) AS traces, count(DISTINCT person) AS people, count(*) FILTER (denied) AS denied
    FROM traced WHERE address IS NOT NULL GROUP BY ALL
), people AS (
    SELECT person, minute, count(*) AS traces, count(DISTINCT address) AS addresses, sum(bytes) AS bytes
    FROM traced WHERE person IS NOT NULL GROUP BY ALL
), pairs AS (
    SELECT person, address, min(seen_ns) AS first
    FROM traced WHERE person IS NOT NULL AND address IS NOT NULL GROUP BY ALL
)
SELECT trace_id,
    ln(1 + coalesce(a.traces, 0)) AS address_traces,
    ln(1 + coalesce(a.people, 0)) AS address_people,
    ln(1 + coalesce(a.denied, 0)) AS address_denied,
    ln(1 + coalesce(p.traces, 0)) AS person_traces,
    ln(1 + coalesce(p.addresses, 0)) AS person_addresses,
    ln(1 + coalesce(p.bytes, 0)) AS person_bytes,
    coalesce(-ln(1 + (seen_ns - first) / 1e9), {NO_PAIR}) AS pair_newness
FROM traced LEFT JOIN addresses a USING (address, minute) LEFT JOIN people p USING (person, minute)
    LEFT JOIN pairs USING (person, address)
"""

# For a table joined with `actors`: what a record without a trace has, too.
COLUMNS = ", ".join(
    f"coalesce(actors.{one.name}, {NO_PAIR if one.one_liner == 'pair' else 0}) AS {one.name}" for one in FEATURES
)
