//! Operations and their OCSF activities: HTTP methods, SQL and document operations, Redis commands, messaging.

/// HTTP methods with their `activity_id` in HTTP Activity; the only ones that `http_method` admits.
const HTTP_METHODS: &[(&str, i64)] = &[
    ("CONNECT", 1),
    ("DELETE", 2),
    ("GET", 3),
    ("HEAD", 4),
    ("OPTIONS", 5),
    ("POST", 6),
    ("PUT", 7),
    ("TRACE", 8),
    ("PATCH", 9),
];

/// `activity_id` of an HTTP method in HTTP Activity.
pub(crate) fn http_activity(method: &str) -> Option<i64> {
    HTTP_METHODS.iter().find(|(name, _)| *name == method).map(|(_, number)| *number)
}

/// `activity_id` of an HTTP method in API Activity.
pub(crate) fn api_activity(method: &str) -> Option<i64> {
    match method {
        "POST" => Some(1),
        "GET" | "HEAD" | "OPTIONS" => Some(2),
        "PUT" | "PATCH" => Some(3),
        "DELETE" => Some(4),
        _ => None,
    }
}

/// Datastore Activity's numbers.
mod datastore {
    pub const READ: i64 = 1;
    pub const UPDATE: i64 = 2;
    pub const CONNECT: i64 = 3;
    pub const QUERY: i64 = 4;
    pub const WRITE: i64 = 5;
    pub const CREATE: i64 = 6;
    pub const DELETE: i64 = 7;
    pub const LIST: i64 = 8;
}

/// `activity_id` of a database operation, compared without case.
pub(crate) fn database_activity(operation: &str) -> Option<i64> {
    Some(match operation.to_ascii_uppercase().as_str() {
        "SELECT" | "FIND" | "AGGREGATE" => datastore::QUERY,
        "INSERT" | "CREATE" => datastore::CREATE,
        "UPDATE" | "ALTER" => datastore::UPDATE,
        "UPSERT" | "MERGE" | "REPLACE" | "COPY" => datastore::WRITE,
        "DELETE" | "TRUNCATE" | "DROP" => datastore::DELETE,
        "SHOW" | "LIST" | "DESCRIBE" => datastore::LIST,
        "GETITEM" => datastore::READ,
        _ => return None,
    })
}

/// Number of a connect in Datastore Activity.
pub(crate) const CONNECT: i64 = datastore::CONNECT;

/// `activity_id` of a Redis command, compared without case. Commands that the mapping does not name follow the ACL
/// categories of Redis 7.2 (read, write, connection).
pub(crate) fn redis_activity(command: &str) -> Option<i64> {
    let command = command.to_ascii_uppercase();
    let name = command.as_str();
    Some(match name {
        "GET" | "MGET" | "LRANGE" | "SMEMBERS" | "EXISTS" | "TTL" | "TYPE" => datastore::READ,
        "HSET" | "LPUSH" | "RPUSH" | "SADD" | "ZADD" => datastore::WRITE,
        "EXPIRE" | "PERSIST" | "RENAME" => datastore::UPDATE,
        "DEL" | "UNLINK" | "HDEL" | "LPOP" | "RPOP" => datastore::DELETE,
        "KEYS" | "SCAN" => datastore::LIST,
        "AUTH" | "HELLO" | "SELECT" | "CLIENT" => datastore::CONNECT,
        _ if name.starts_with("HGET") => datastore::READ,
        _ if name.starts_with("SETBIT") => datastore::WRITE,
        _ if name.starts_with("SET") => datastore::WRITE,
        _ if name.starts_with("INCR") || name.starts_with("DECR") => datastore::UPDATE,
        _ if name.starts_with("FLUSH") => datastore::DELETE,
        _ if REDIS_READ.contains(&name) => datastore::READ,
        _ if REDIS_WRITE.contains(&name) => datastore::WRITE,
        _ if REDIS_CONNECTION.contains(&name) => datastore::CONNECT,
        _ => return None,
    })
}

/// Redis 7.2, ACL category `read`, without those named above.
const REDIS_READ: &[&str] = &[
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "DBSIZE",
    "DUMP",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXPIRETIME",
    "FCALL_RO",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "LCS",
    "LINDEX",
    "LLEN",
    "LOLWUT",
    "LPOS",
    "MEMORY",
    "OBJECT",
    "PEXPIRETIME",
    "PFCOUNT",
    "PTTL",
    "RANDOMKEY",
    "SCARD",
    "SDIFF",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMISMEMBER",
    "SORT_RO",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "SUNION",
    "TOUCH",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

/// Redis 7.2, ACL category `write`, without those named above.
const REDIS_WRITE: &[&str] = &[
    "APPEND",
    "BITFIELD",
    "BITOP",
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "COPY",
    "EXPIREAT",
    "FUNCTION",
    "GEOADD",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "GEOSEARCHSTORE",
    "GETDEL",
    "GETEX",
    "GETSET",
    "HINCRBY",
    "HINCRBYFLOAT",
    "HMSET",
    "HSETNX",
    "LINSERT",
    "LMOVE",
    "LMPOP",
    "LPUSHX",
    "LREM",
    "LSET",
    "LTRIM",
    "MIGRATE",
    "MOVE",
    "MSET",
    "MSETNX",
    "PEXPIRE",
    "PEXPIREAT",
    "PFADD",
    "PFDEBUG",
    "PFMERGE",
    "PSETEX",
    "RENAMENX",
    "RESTORE",
    "RESTORE-ASKING",
    "RPOPLPUSH",
    "RPUSHX",
    "SDIFFSTORE",
    "SINTERSTORE",
    "SMOVE",
    "SORT",
    "SPOP",
    "SREM",
    "SUNIONSTORE",
    "SWAPDB",
    "XACK",
    "XADD",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XGROUP",
    "XREADGROUP",
    "XSETID",
    "XTRIM",
    "ZDIFFSTORE",
    "ZINCRBY",
    "ZINTERSTORE",
    "ZMPOP",
    "ZPOPMAX",
    "ZPOPMIN",
    "ZRANGESTORE",
    "ZREM",
    "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "ZUNIONSTORE",
];

/// Redis 7.2, ACL category `connection`, without those named above.
const REDIS_CONNECTION: &[&str] =
    &["ASKING", "COMMAND", "ECHO", "PING", "QUIT", "READONLY", "READWRITE", "RESET", "WAIT", "WAITAOF"];

/// `database.type_id` of a system.
pub(crate) fn database_type(system: &str) -> Option<i64> {
    const RELATIONAL: &[&str] = &[
        "postgresql",
        "mysql",
        "mariadb",
        "microsoft.sql_server",
        "mssql",
        "oracle.db",
        "oracle",
        "sqlite",
        "cockroachdb",
        "ibm.db2",
        "db2",
        "cockroach",
        "firebirdsql",
        "hsqldb",
        "derby",
        "h2",
        "trino",
        "clickhouse",
        "aws.redshift",
        "gcp.spanner",
        "sap.hana",
        "sap.maxdb",
        "teradata",
        "other_sql",
        "actian.ingres",
        "ibm.informix",
        "ibm.netezza",
        "intersystems_cache",
        "softwareag.adabas",
    ];
    const NOSQL: &[&str] = &[
        "redis",
        "mongodb",
        "cassandra",
        "aws.dynamodb",
        "dynamodb",
        "couchbase",
        "couchdb",
        "memcached",
        "elasticsearch",
        "opensearch",
        "hbase",
        "azure.cosmosdb",
        "cosmosdb",
        "geode",
        "valkey",
        "influxdb",
    ];
    const VECTOR: &[&str] = &["pinecone", "weaviate", "milvus", "qdrant", "chroma"];
    const GRAPH: &[&str] = &["neo4j"];
    let system = system.to_ascii_lowercase();
    let held = |list: &[&str]| list.contains(&system.as_str());
    if held(RELATIONAL) {
        Some(1)
    } else if held(NOSQL) {
        Some(6)
    } else if held(VECTOR) {
        Some(7)
    } else if held(GRAPH) {
        Some(8)
    } else {
        None
    }
}

/// Whether a system's commands are Redis's.
pub(crate) fn is_redis(system: &str) -> bool {
    system.eq_ignore_ascii_case("redis") || system.eq_ignore_ascii_case("valkey")
}

/// `activity_id` in API Activity of a messaging operation's type.
pub(crate) fn messaging_activity(operation: &str) -> Option<i64> {
    match operation {
        "create" | "send" | "publish" => Some(1),
        "receive" | "process" => Some(2),
        "settle" => Some(3),
        _ => None,
    }
}

/// `activity_id` in API Activity of a remote method, by its verb.
pub(crate) fn method_activity(method: &str) -> Option<i64> {
    let name = method.rsplit(['/', '.']).next().unwrap_or(method);
    let verb: String = name
        .char_indices()
        .take_while(|(index, c)| c.is_ascii_alphabetic() && (*index == 0 || c.is_ascii_lowercase()))
        .map(|(_, c)| c.to_ascii_lowercase())
        .collect();
    match verb.as_str() {
        "create" | "insert" | "add" => Some(1),
        "get" | "list" | "read" | "search" | "find" => Some(2),
        "update" | "set" | "patch" | "replace" => Some(3),
        "delete" | "remove" => Some(4),
        _ => None,
    }
}

/// Names of the gRPC status codes, by number.
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// gRPC codes that a server's span leaves unset: the caller's fault, not the server's.
pub(crate) const GRPC_CALLER_FAULTS: &[i64] = &[3, 5, 6, 7, 9, 10, 11, 16];

/// The name of a gRPC status code.
pub(crate) fn grpc_name(code: i64) -> Option<&'static str> {
    usize::try_from(code).ok().and_then(|code| GRPC_CODES.get(code)).copied()
}

/// The number of a gRPC status name.
pub(crate) fn grpc_code(name: &str) -> Option<i64> {
    GRPC_CODES.iter().position(|known| *known == name).map(|code| code as i64)
}

/// Reason phrases of RFC 9110 (and RFC 6585, 4918, 8297, 8470, 7725 for the codes they register).
pub(crate) fn reason_phrase(code: i64) -> Option<&'static str> {
    Some(match code {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_commands_are_compared_without_case() {
        assert_eq!(redis_activity("get"), Some(1));
        assert_eq!(redis_activity("SETEX"), Some(5));
        assert_eq!(redis_activity("hgetall"), Some(1));
        assert_eq!(redis_activity("INCRBY"), Some(2));
        assert_eq!(redis_activity("PING"), Some(3));
        assert_eq!(redis_activity("PUBLISH"), None);
    }

    #[test]
    fn a_methods_verb_decides_its_activity() {
        assert_eq!(method_activity("shop.Cart/GetCart"), Some(2));
        assert_eq!(method_activity("Checkout"), None);
        assert_eq!(method_activity("deleteItem"), Some(4));
        assert_eq!(method_activity("Getaway"), None);
    }
}
