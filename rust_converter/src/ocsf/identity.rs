//! Identity: Authentication (3002) and Entity Management (3004).

use super::draft::{Activity, Draft};
use super::event::{Builder, Node};
use super::group::{UNKNOWN, plain_text};
use super::parties::{client_endpoint, session_of, unknown_user, user_by_id, user_of};
use super::schema::{
    self, actor, authentication_token as token, event as at, managed_entity as entity, network_endpoint as end,
};
use super::time::rfc3339_millis;
use super::traces::Chosen;
use super::words::Authentication;
use crate::otlp::Value;
use crate::semconv::{Name, Resolved, integer};
use crate::text::{push_json_string, push_value};

/// `logon_type_id` of a logon over the network.
const NETWORK: i64 = 3;

/// Makes the event an authentication. `succeeded` is the outcome where it is known.
pub(super) fn authentication<'a>(
    draft: &mut Draft<'a, '_>,
    attrs: &Resolved<'a>,
    kind: Authentication,
    succeeded: Option<bool>,
) -> Option<Chosen<'a>> {
    let (arena, group) = (draft.arena, draft.group);
    let root = &mut draft.root;
    root.set(at::USER, user_of(arena, attrs).unwrap_or_else(|| unknown_user(arena)));
    root.put(at::SESSION, session_of(arena, attrs));
    match group.service {
        Some(service) => root.set(at::SERVICE, service),
        None => {
            let mut own = Builder::new(arena, &schema::NETWORK_ENDPOINT);
            own.text(end::SVC_NAME, UNKNOWN);
            root.set(at::DST_ENDPOINT, Node::Object(own.build()));
        }
    }
    let client = client_endpoint(arena, attrs);
    root.put(at::SRC_ENDPOINT, client);
    if client.is_some() {
        root.choice(at::LOGON_TYPE_ID, NETWORK);
        root.set(at::IS_REMOTE, Node::Bool(true));
    }
    if let Some(protocol) = attrs.text(Name::AuthProtocol).or_else(|| attrs.text(Name::AuthMethod)) {
        match protocol_id(protocol) {
            Some(id) => root.choice(at::AUTH_PROTOCOL_ID, id),
            None => root.other(at::AUTH_PROTOCOL_ID, protocol),
        }
    }
    if let Some(Value::Bool(flag)) = attrs.get(Name::AuthMfa) {
        root.set(at::IS_MFA, Node::Bool(flag));
    }
    if kind == Authentication::Logon && succeeded == Some(true) {
        root.set(at::IS_NEW_LOGON, Node::Bool(true));
    }
    put_token(draft, attrs);
    let activity = match kind {
        Authentication::Logon => Activity::Known(1),
        Authentication::Logoff => Activity::Known(2),
        Authentication::Preauth => Activity::Known(6),
        Authentication::TokenValidation => Activity::Other("Token Validation"),
        Authentication::TokenIssue => Activity::Other("Token Issue"),
        Authentication::TokenRefresh => Activity::Other("Token Refresh"),
    };
    Some(Chosen::new(&schema::AUTHENTICATION, activity))
}

/// `auth_protocol_id` of a protocol or method.
fn protocol_id(text: &str) -> Option<i64> {
    Some(match text.to_ascii_lowercase().as_str() {
        "password" | "basic" => 11,
        "bearer" | "jwt" | "oauth" | "oauth2" | "oauth 2.0" => 6,
        "openid" | "oidc" => 4,
        "saml" => 5,
        "ldap" => 12,
        _ => return None,
    })
}

/// The token by its id, never the token itself.
fn put_token<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>) {
    let mut node = Builder::new(draft.arena, &schema::AUTHENTICATION_TOKEN);
    match attrs.text(Name::AuthTokenType).map(str::to_ascii_lowercase).as_deref() {
        Some("client" | "access" | "bearer") => node.choice(token::TYPE_ID, 6),
        Some("identity" | "id") => node.choice(token::TYPE_ID, 3),
        Some("refresh") => node.choice(token::TYPE_ID, 4),
        _ => {}
    }
    node.text(token::UID, attrs.text(Name::AuthTokenId));
    let expiration = match attrs.get(Name::AuthTokenExpiration) {
        Some(Value::Str(text)) => rfc3339_millis(text),
        Some(value) => integer(value),
        None => None,
    };
    node.long(token::EXPIRATION_TIME, expiration);
    draft.root.put(at::AUTHENTICATION_TOKEN, node.finish());
}

/// `entity.type_id` Other: configurations and flags have no number of their own.
fn entity_of<'a>(draft: &Draft<'a, '_>, kind: &'static str, name: &'a str) -> Builder<'a> {
    let mut node = Builder::new(draft.arena, &schema::MANAGED_ENTITY);
    node.text(entity::NAME, name);
    node.other(entity::TYPE_ID, kind);
    node
}

fn data<'a>(draft: &Draft<'a, '_>, pairs: &[(&str, Option<Value<'a>>)]) -> Option<Node<'a>> {
    let mut out = String::from("{");
    for (key, value) in pairs {
        if let Some(value) = value {
            if out.len() > 1 {
                out.push(',');
            }
            push_json_string(&mut out, key);
            out.push(':');
            push_value(&mut out, value);
        }
    }
    out.push('}');
    (out.len() > 2).then(|| Node::Json(draft.arena.alloc_str(&out)))
}

/// A configuration or a flag was changed.
pub(super) fn configuration_change<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<Chosen<'a>> {
    let (name, kind) = match attrs.text(Name::ConfigKey) {
        Some(key) => (key, "Configuration"),
        None => (attrs.text(Name::FeatureFlagKey)?, "Feature Flag"),
    };
    let mut before = entity_of(draft, kind, name);
    before.put(entity::DATA, data(draft, &[("old", attrs.get(Name::ConfigValueOld))]));
    draft.root.put(at::ENTITY, before.finish());
    if let Some(new) = data(draft, &[("new", attrs.get(Name::ConfigValueNew))]) {
        let mut after = entity_of(draft, kind, name);
        after.set(entity::DATA, new);
        draft.root.put(at::ENTITY_RESULT, after.finish());
    }
    Some(Chosen::new(&schema::ENTITY_MANAGEMENT, Activity::Known(3)))
}

/// A feature flag was evaluated.
pub(super) fn flag_evaluation<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<Chosen<'a>> {
    let arena = draft.arena;
    let key = attrs.text(Name::FeatureFlagKey)?;
    let mut node = entity_of(draft, "Feature Flag", key);
    if let Some(set) = attrs.text(Name::FeatureFlagSetId) {
        node.text(entity::UID, bumpalo::format!(in arena, "{}/{}", set, key).into_bump_str());
    }
    node.text(entity::VERSION, attrs.get(Name::FeatureFlagVersion).map(|version| plain_text(arena, version)));
    let pairs = [
        ("variant", attrs.get(Name::FeatureFlagVariant)),
        ("value", attrs.get(Name::FeatureFlagValue)),
        ("reason", attrs.get(Name::FeatureFlagReason)),
        ("provider", attrs.get(Name::FeatureFlagProvider)),
    ];
    node.put(entity::DATA, data(draft, &pairs));
    draft.root.put(at::ENTITY, node.finish());
    if let Some(user) = attrs.text(Name::FeatureFlagContextId) {
        let mut who = Builder::new(arena, &schema::ACTOR);
        who.set(actor::USER, user_by_id(arena, user));
        who.put(actor::SESSION, session_of(arena, attrs));
        draft.root.put(at::ACTOR, who.finish());
    }
    Some(Chosen::new(&schema::ENTITY_MANAGEMENT, Activity::Known(2)))
}
