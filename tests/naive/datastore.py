"""Datastore Activity (6005)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from .http import server_endpoint
from .parties import Source
from .semconv import Known
from .values import WHITE_SPACE, first_word, lower, plain_text, put, upper

Json = dict[str, Any]
WORD_ENDS = rf"{WHITE_SPACE}|[(;]"
SYSTEMS = {
    1: """
    postgresql mysql mariadb microsoft.sql_server mssql oracle.db oracle sqlite cockroachdb ibm.db2 db2
    cockroach firebirdsql hsqldb derby h2 trino clickhouse aws.redshift gcp.spanner sap.hana sap.maxdb
    teradata other_sql actian.ingres ibm.informix ibm.netezza intersystems_cache softwareag.adabas
    """,
    6: """
    redis mongodb cassandra aws.dynamodb dynamodb couchbase couchdb memcached elasticsearch opensearch hbase
    azure.cosmosdb cosmosdb geode valkey influxdb
    """,
    7: """
    pinecone weaviate milvus qdrant chroma
    """,
    8: "neo4j",
}
SQL = {
    "SELECT": 4, "FIND": 4, "AGGREGATE": 4, "INSERT": 6, "CREATE": 6, "UPDATE": 2, "ALTER": 2, "UPSERT": 5, "MERGE": 5,
    "REPLACE": 5, "COPY": 5, "DELETE": 7, "TRUNCATE": 7, "DROP": 7, "SHOW": 8, "LIST": 8, "DESCRIBE": 8, "GETITEM": 1,
}  # fmt: skip
REDIS = {
    1: "GET MGET LRANGE SMEMBERS EXISTS TTL TYPE",
    5: "HSET LPUSH RPUSH SADD ZADD",
    2: "EXPIRE PERSIST RENAME",
    7: "DEL UNLINK HDEL LPOP RPOP",
    8: "KEYS SCAN",
    3: "AUTH HELLO SELECT CLIENT",
}
REDIS_STARTS = {"HGET": 1, "SET": 5, "INCR": 2, "DECR": 2, "FLUSH": 7}
# The ACL categories read, write and connection of Redis 7.2.
REDIS_CATEGORIES = {
    1: """
    BITCOUNT BITFIELD_RO BITPOS DBSIZE DUMP EVALSHA_RO EVAL_RO EXPIRETIME FCALL_RO GEODIST GEOHASH GEOPOS
    GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GETBIT GETRANGE HEXISTS HKEYS HLEN HMGET HRANDFIELD HSCAN
    HSTRLEN HVALS LCS LINDEX LLEN LOLWUT LPOS MEMORY OBJECT PEXPIRETIME PFCOUNT PTTL RANDOMKEY SCARD SDIFF
    SINTER SINTERCARD SISMEMBER SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TOUCH XINFO XLEN
    XPENDING XRANGE XREAD XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE
    ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION
    """,
    5: """
    APPEND BITFIELD BITOP BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN COPY EXPIREAT FUNCTION
    GEOADD GEORADIUS GEORADIUSBYMEMBER GEOSEARCHSTORE GETDEL GETEX GETSET HINCRBY HINCRBYFLOAT HMSET HSETNX
    LINSERT LMOVE LMPOP LPUSHX LREM LSET LTRIM MIGRATE MOVE MSET MSETNX PEXPIRE PEXPIREAT PFADD PFDEBUG
    PFMERGE PSETEX RENAMENX RESTORE RESTORE-ASKING RPOPLPUSH RPUSHX SDIFFSTORE SINTERSTORE SMOVE SORT SPOP
    SREM SUNIONSTORE SWAPDB XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XREADGROUP XSETID XTRIM ZDIFFSTORE ZINCRBY
    ZINTERSTORE ZMPOP ZPOPMAX ZPOPMIN ZRANGESTORE ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE
    ZUNIONSTORE
    """,
    3: """
    ASKING COMMAND ECHO PING QUIT READONLY READWRITE RESET WAIT WAITAOF
    """,
}


def operation_of(known: Known) -> str | None:
    """Return the operation: by its name, else the first word of the summary or the text."""
    for name in ("db.operation.name", "db.query.summary", "db.query.text"):
        held = known.text(name)
        if held and name == "db.operation.name":
            return held
        if held and first_word(held, WORD_ENDS):
            return first_word(held, WORD_ENDS)
    return None


def is_redis(system: str | None) -> bool:
    return lower(system or "") in ("redis", "valkey")


def activity_of(operation: str | None, system: str | None, span_name: str) -> Json:
    if operation is None:
        return {"activity_id": 3 if "connect" in lower(span_name) else 0}
    first = first_word(operation, WORD_ENDS) or operation
    word = upper(first)
    number = SQL.get(word)
    if is_redis(system):
        number = next((id_ for id_, held in REDIS.items() if word in held.split()), None)
        if number is None:
            number = next((id_ for start, id_ in REDIS_STARTS.items() if word.startswith(start)), None)
        operation = first
        if number is None:
            number = next((id_ for id_, held in REDIS_CATEGORIES.items() if word in held.split()), None)
    return {"activity_id": 99, "activity_name": operation} if number is None else {"activity_id": number}


def database_of(known: Known) -> Json:
    system = known.text("db.system.name")
    namespace = known.get("db.namespace")
    name = plain_text(namespace) if namespace and namespace[0] in ("str", "int") else None
    name = name or None
    if is_redis(system):
        name = name or "0"
    name = name or known.text("server.address") or system
    if not name:
        return {}
    kind = lower(system or "")
    for number, systems in SYSTEMS.items():
        if kind in systems.split():
            return {"name": name, "type_id": number}
    return {"name": name, "type_id": 99, "type": system} if system else {"name": name, "type_id": 0}


def query_of(known: Known, operation: str | None) -> Json:
    text = known.text("db.query.text")
    if text is None:
        return {}
    collection = known.text("db.collection.name")
    name = known.text("db.query.summary")
    if name is None and operation:
        name = f"{operation} {collection}" if collection else operation
    return put({"query_string": text, "uid": sha256(text.encode()).hexdigest()[:16]}, name=name)


def datastore_activity(known: Known, source: Source, span_name: str) -> Json | None:
    """Return what Datastore Activity adds; None when there is no database."""
    if not known.any("db."):
        return None
    database, table = database_of(known), put({}, name=known.text("db.collection.name"))
    if not database and not table:
        return None
    system = known.text("db.system.name")
    operation = operation_of(known)
    end = server_endpoint(known, system, known.text("network.peer.address"), only_addressed=True)
    event = {"class_uid": 6005, "type_id": 1, **activity_of(operation, system, span_name)}
    return put(
        event,
        actor=source.actor(known),
        src_endpoint=source.endpoint(),
        dst_endpoint=end,
        database=database,
        table=table,
        query_info=query_of(known, operation),
    )
