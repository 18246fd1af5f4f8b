//! Datastore Activity (6005): SQL, document stores and Redis.

use sha2::{Digest as _, Sha256};

use super::draft::{Activity, Draft};
use super::event::Builder;
use super::operations::{CONNECT, database_activity, database_type, is_redis, redis_activity};
use super::parties::{ActorParts, actor_of, own_endpoint, server_endpoint};
use super::remembered::{Remembered, remembered};
use super::schema::{self, database, event as at, query_info, table};
use super::traces::Chosen;
use crate::otlp::Value;
use crate::semconv::{Name, Resolved};

/// `type_id` of a database, as against a bucket or a table.
const DATABASE: i64 = 1;

/// Makes the event one of a datastore; nothing when neither database nor table has a name.
pub(super) fn put<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>, name: &'a str) -> Option<Chosen<'a>> {
    let (arena, group) = (draft.arena, draft.group);
    let system = attrs.text(Name::DbSystemName);
    let redis = system.is_some_and(is_redis);
    let namespace = namespace(draft, attrs);
    let database_name = if redis {
        Some(namespace.unwrap_or("0"))
    } else {
        namespace.or_else(|| attrs.text(Name::ServerAddress)).or(system)
    };
    let collection = attrs.text(Name::DbCollectionName);
    if database_name.is_none() && collection.is_none() {
        return None;
    }
    if let Some(name) = database_name {
        let mut node = Builder::new(arena, &schema::DATABASE);
        node.text(database::NAME, name);
        match system.map(|system| (system, database_type(system))) {
            Some((_, Some(kind))) => node.choice(database::TYPE_ID, kind),
            Some((system, None)) => node.other(database::TYPE_ID, system),
            None => node.choice(database::TYPE_ID, 0),
        }
        draft.root.put(at::DATABASE, node.finish());
    }
    if let Some(collection) = collection {
        let mut node = Builder::new(arena, &schema::TABLE);
        node.text(table::NAME, collection);
        draft.root.put(at::TABLE, node.finish());
    }
    draft.root.choice(at::TYPE_ID, DATABASE);
    draft.root.set(at::SRC_ENDPOINT, own_endpoint(arena, group));
    draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, system, true, true));
    let who = ActorParts { app_name: Some(group.service_or_unknown()), process: true, principal: true };
    draft.root.put(at::ACTOR, actor_of(arena, group, attrs, who));

    let text = attrs.text(Name::DbQueryText);
    let operation = operation(attrs, text);
    let activity = activity(operation, redis, name);
    let mut chosen = Chosen::new(&schema::DATASTORE_ACTIVITY, activity);
    if let Some(text) = text {
        let mut node = Builder::new(arena, &schema::QUERY_INFO);
        let label = match (attrs.text(Name::DbQuerySummary), operation, collection) {
            (Some(summary), _, _) => Some(summary),
            (None, Some(operation), Some(collection)) => {
                Some(bumpalo::format!(in arena, "{} {}", operation, collection).into_bump_str())
            }
            (None, operation, _) => operation,
        };
        node.text(query_info::NAME, label);
        node.text(query_info::UID, draft.hex(&remembered(&QUERY_UIDS, text, query_uid)));
        node.text(query_info::QUERY_STRING, text);
        draft.root.put(at::QUERY_INFO, node.finish());
        if let Some((index, _)) = attrs.sole(Name::DbQueryText) {
            chosen.moved.add(index);
        }
    }
    Some(chosen)
}

thread_local! {
    static QUERY_UIDS: Remembered<[u8; 8]> = Remembered::default();
}

/// The first bytes of a query's SHA-256.
fn query_uid(text: &str) -> [u8; 8] {
    Sha256::digest(text.as_bytes()).first_chunk().copied().unwrap_or_default()
}

/// `db.namespace`; Redis instrumentation gives the index of the database as a number.
fn namespace<'a>(draft: &Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<&'a str> {
    match attrs.get(Name::DbNamespace)? {
        Value::Int(number) => Some(draft.arena.alloc_str(itoa::Buffer::new().format(number))),
        _ => attrs.text(Name::DbNamespace),
    }
}

/// `db.operation.name`, else the first word of the summary, else of the text.
fn operation<'a>(attrs: &Resolved<'a>, text: Option<&'a str>) -> Option<&'a str> {
    attrs
        .text(Name::DbOperationName)
        .or_else(|| first_word(attrs.text(Name::DbQuerySummary)?))
        .or_else(|| first_word(text?))
}

fn first_word(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || c == '(' || c == ';').find(|word| !word.is_empty())
}

fn activity<'a>(operation: Option<&'a str>, redis: bool, name: &str) -> Activity<'a> {
    let Some(operation) = operation else {
        let connects = name.to_ascii_lowercase().contains("connect");
        return Activity::Known(if connects { CONNECT } else { 0 });
    };
    // Of a pipeline the first command counts.
    let first = first_word(operation).unwrap_or(operation);
    let number = if redis { redis_activity(first) } else { database_activity(first) };
    Activity::of(number, if redis { first } else { operation })
}
