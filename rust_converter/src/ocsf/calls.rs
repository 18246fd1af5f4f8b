//! API Activity (6003) of spans and logs that call: messaging, remote procedures, functions.

use super::draft::{Activity, Draft};
use super::event::{Builder, Node};
use super::operations::{messaging_activity, method_activity};
use super::parties::{ActorParts, actor_of, agent_product, client_endpoint, own_endpoint, server_endpoint};
use super::schema::{self, api, event as at, request, resource_details as res, response, service};
use super::status::{grpc, rpc_name};
use super::traces::{CLIENT, CONSUMER, Chosen, PRODUCER, SERVER};
use crate::semconv::{Name, Resolved, find_text};

/// `resources.role_id`: the resource is what the call aims at.
const TARGET: i64 = 1;

/// API Activity numbers.
const CREATE: i64 = 1;
const READ: i64 = 2;

/// An `api` with its operation; the service when it has a name.
pub(super) fn api_of<'a>(draft: &Draft<'a, '_>, operation: &'a str, service_name: Option<&'a str>) -> Builder<'a> {
    let mut node = Builder::new(draft.arena, &schema::API);
    node.text(api::OPERATION, operation);
    if let Some(name) = service_name {
        let mut called = Builder::new(draft.arena, &schema::SERVICE);
        called.text(service::NAME, name);
        node.put(api::SERVICE, called.finish());
    }
    node
}

/// `api.request` with an id.
pub(super) fn put_request<'a>(draft: &Draft<'a, '_>, node: &mut Builder<'a>, uid: Option<&'a str>) {
    if let Some(uid) = uid {
        let mut held = Builder::new(draft.arena, &schema::REQUEST);
        held.text(request::UID, uid);
        node.put(api::REQUEST, held.finish());
    }
}

/// `api.response` with a code.
pub(super) fn put_response<'a>(
    draft: &Draft<'a, '_>,
    node: &mut Builder<'a>,
    code: Option<i64>,
    error: Option<&'a str>,
) {
    let mut held = Builder::new(draft.arena, &schema::RESPONSE);
    held.long(response::CODE, code);
    held.text(response::ERROR, error);
    node.put(api::RESPONSE, held.finish());
}

/// A message sent or taken. Celery's instrumentation names no system and gives the task instead of an operation.
pub(super) fn messaging<'a>(
    draft: &mut Draft<'a, '_>,
    attrs: &Resolved<'a>,
    name: &'a str,
    kind: i32,
) -> Option<Chosen<'a>> {
    let (arena, group) = (draft.arena, draft.group);
    let task = attrs.text(Name::CeleryTaskName).filter(|_| !attrs.has(Name::MessagingSystem));
    let system = attrs.text(Name::MessagingSystem).or(task.map(|_| "celery"));
    let kind_of_operation = attrs.text(Name::MessagingOperationType);
    let operation = task
        .or_else(|| attrs.text(Name::MessagingOperationName))
        .or(kind_of_operation)
        .or(Some(name))
        .filter(|operation| !operation.is_empty())?;
    let number = kind_of_operation.and_then(messaging_activity).or(match kind {
        PRODUCER => Some(CREATE),
        CONSUMER => Some(READ),
        _ => None,
    });
    let mut node = api_of(draft, operation, system);
    put_request(draft, &mut node, attrs.text(Name::MessagingMessageId));
    draft.root.put(at::API, node.finish());
    if let Some(destination) = attrs.text(Name::MessagingDestinationName) {
        let mut held = Builder::new(arena, &schema::RESOURCE_DETAILS);
        held.text(res::NAME, destination);
        held.text(
            res::TYPE,
            attrs.text(Name::MessagingDestinationKind).filter(|kind| matches!(*kind, "queue" | "topic")),
        );
        held.choice(res::ROLE_ID, TARGET);
        draft.root.set(at::RESOURCES, Node::List(arena.alloc_slice_copy(&[Node::Object(held.build())])));
    }
    draft.root.set(at::SRC_ENDPOINT, own_endpoint(arena, group));
    draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, system, true, true));
    let who = ActorParts { app_name: Some(group.service_or_unknown()), process: true, principal: true };
    draft.root.put(at::ACTOR, actor_of(arena, group, attrs, who));
    Some(Chosen::new(&schema::API_ACTIVITY, Activity::of(number, operation)))
}

/// A remote procedure call. A server that knows neither its caller's address nor who calls makes no API Activity.
pub(super) fn rpc<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>, kind: i32) -> Option<Chosen<'a>> {
    let method = attrs.text(Name::RpcMethod)?;
    let called = attrs.text(Name::RpcService);
    let operation = match called {
        Some(service) if !method.contains('/') => {
            bumpalo::format!(in draft.arena, "{}/{}", service, method).into_bump_str()
        }
        _ => method,
    };
    put_parties(draft, attrs, kind, called)?;
    let mut node = api_of(draft, operation, called);
    let code = grpc(attrs);
    let error = rpc_name(draft.arena, attrs).filter(|_| code != Some(0));
    put_response(draft, &mut node, code, error);
    draft.root.put(at::API, node.finish());
    let last = method.rsplit('/').next().unwrap_or(method);
    Some(Chosen::new(&schema::API_ACTIVITY, Activity::of(method_activity(method), last)))
}

/// A function or a GraphQL operation.
pub(super) fn function<'a>(
    draft: &mut Draft<'a, '_>,
    attrs: &Resolved<'a>,
    name: &'a str,
    kind: i32,
) -> Option<Chosen<'a>> {
    let text = |key| find_text(attrs.all, key);
    let operation = text("graphql.operation.name")
        .or_else(|| text("faas.invoked_name"))
        .or_else(|| text("faas.name"))
        .or(Some(name))
        .filter(|operation| !operation.is_empty())?;
    put_parties(draft, attrs, kind, None)?;
    let node = api_of(draft, operation, None);
    draft.root.put(at::API, node.finish());
    let number = match text("graphql.operation.type") {
        Some("query") => Some(READ),
        _ => method_activity(operation),
    };
    Some(Chosen::new(&schema::API_ACTIVITY, Activity::of(number, operation)))
}

/// Actor and endpoints of a call, as its side of it knows them.
fn put_parties<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>, kind: i32, called: Option<&'a str>) -> Option<()> {
    let (arena, group) = (draft.arena, draft.group);
    if kind == SERVER {
        let source = client_endpoint(arena, attrs)?;
        let app_name = attrs.text(Name::UserAgentOriginal).and_then(agent_product);
        let who = ActorParts { app_name, process: false, principal: true };
        let actor = actor_of(arena, group, attrs, who)?;
        draft.root.set(at::ACTOR, actor);
        draft.root.set(at::SRC_ENDPOINT, source);
        draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, Some(group.service_or_unknown()), false, false));
        return Some(());
    }
    let who = ActorParts { app_name: Some(group.service_or_unknown()), process: true, principal: true };
    draft.root.put(at::ACTOR, actor_of(arena, group, attrs, who));
    draft.root.set(at::SRC_ENDPOINT, own_endpoint(arena, group));
    let service_name = attrs.text(Name::ServicePeerName).or(called.filter(|_| kind == CLIENT));
    draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, service_name, true, true));
    Some(())
}
