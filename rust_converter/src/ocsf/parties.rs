//! Who and where: principals, endpoints, connections, HTTP requests and responses, shared by spans and logs.

use bumpalo::Bump;

use super::address::{Host, UrlParts, is_email, is_ip, parse_ip, port, split_host, split_target, split_url};
use super::draft::Draft;
use super::event::{Builder, Node};
use super::group::{Group, UNKNOWN, plain_text};
use super::operations::{http_activity, reason_phrase};
use super::schema::{
    self, actor, event as at, http_header, http_request as req, http_response as resp, network_connection_info as conn,
    network_endpoint as end, network_traffic as traffic, session, url, user,
};
use crate::otlp::Value;
use crate::semconv::{Name, Resolved};

/// `user.type_id` of a regular user.
const USER: i64 = 1;

/// The user that the attributes name; OCSF wants an id or a name.
pub(crate) fn user_of<'a>(arena: &'a Bump, attrs: &Resolved<'a>) -> Option<Node<'a>> {
    let (id, name) = (attrs.text(Name::UserId), attrs.text(Name::UserName));
    if id.is_none() && name.is_none() {
        return None;
    }
    let mut node = Builder::new(arena, &schema::USER);
    node.text(user::UID, id);
    node.text(user::NAME, name);
    node.text(user::EMAIL_ADDR, attrs.text(Name::UserEmail).filter(|email| is_email(email)));
    node.text(user::FULL_NAME, attrs.text(Name::UserFullName));
    if let Some(Value::List(roles)) = attrs.get(Name::UserRoles) {
        let groups: Vec<Node<'a>> = roles
            .iter()
            .filter_map(|role| match role {
                Value::Str(role) if !role.is_empty() => {
                    let mut group = Builder::new(arena, &schema::GROUP);
                    group.text(schema::group::NAME, *role);
                    group.finish()
                }
                _ => None,
            })
            .collect();
        if !groups.is_empty() {
            node.set(user::GROUPS, Node::List(arena.alloc_slice_copy(&groups)));
        }
    }
    node.choice(user::TYPE_ID, USER);
    node.finish()
}

/// The user where OCSF requires one and none is known.
pub(crate) fn unknown_user(arena: &Bump) -> Node<'_> {
    let mut node = Builder::new(arena, &schema::USER);
    node.text(user::NAME, UNKNOWN);
    node.choice(user::TYPE_ID, 0);
    Node::Object(node.build())
}

/// A user known by id alone.
pub(crate) fn user_by_id<'a>(arena: &'a Bump, id: &'a str) -> Node<'a> {
    let mut node = Builder::new(arena, &schema::USER);
    node.text(user::UID, id);
    node.choice(user::TYPE_ID, USER);
    Node::Object(node.build())
}

/// The session that the attributes name.
pub(crate) fn session_of<'a>(arena: &'a Bump, attrs: &Resolved<'a>) -> Option<Node<'a>> {
    let mut node = Builder::new(arena, &schema::SESSION);
    node.text(session::UID, attrs.text(Name::SessionId));
    node.finish()
}

/// Which principals an `actor` is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ActorParts<'a> {
    pub app_name: Option<&'a str>,
    pub process: bool,
    pub principal: bool,
}

/// An actor; nothing when no part of it is known.
pub(crate) fn actor_of<'a>(
    arena: &'a Bump,
    group: &Group<'a>,
    attrs: &Resolved<'a>,
    parts: ActorParts<'a>,
) -> Option<Node<'a>> {
    let mut node = Builder::new(arena, &schema::ACTOR);
    if parts.process {
        node.put(actor::PROCESS, group.process);
    }
    if parts.principal {
        node.put(actor::USER, user_of(arena, attrs));
        node.put(actor::SESSION, session_of(arena, attrs));
    }
    node.text(actor::APP_NAME, parts.app_name);
    node.finish()
}

/// The service's own endpoint.
pub(crate) fn own_endpoint<'a>(arena: &'a Bump, group: &Group<'a>) -> Node<'a> {
    let mut node = Builder::new(arena, &schema::NETWORK_ENDPOINT);
    node.text(end::HOSTNAME, group.hostname);
    node.text(end::SVC_NAME, group.service_or_unknown());
    node.text(end::INSTANCE_UID, group.instance);
    Node::Object(node.build())
}

fn place<'a>(node: &mut Builder<'a>, host: Option<Host<'a>>) {
    match host {
        Some(Host::Ip(ip)) if !node.has(end::IP) => node.text(end::IP, ip),
        Some(Host::Name(name)) => node.text(end::HOSTNAME, name),
        Some(Host::Path(path)) => node.text(end::NAME, path),
        _ => {}
    }
}

/// The client's endpoint as a server saw it.
pub(crate) fn client_endpoint<'a>(arena: &'a Bump, attrs: &Resolved<'a>) -> Option<Node<'a>> {
    let address = attrs.text(Name::ClientAddress).or_else(|| attrs.text(Name::NetworkPeerAddress))?;
    let (host, cut_port) = split_host(address);
    host?;
    let mut node = Builder::new(arena, &schema::NETWORK_ENDPOINT);
    place(&mut node, host);
    let number = attrs.long(Name::ClientPort).and_then(port).or(cut_port);
    node.long(end::PORT, number);
    node.finish()
}

/// A server's endpoint; `peer` tells whether `network.peer.address` is the server's.
pub(crate) fn server_endpoint<'a>(
    arena: &'a Bump,
    attrs: &Resolved<'a>,
    service: Option<&'a str>,
    peer: bool,
    needs_address: bool,
) -> Option<Node<'a>> {
    let mut node = Builder::new(arena, &schema::NETWORK_ENDPOINT);
    if peer {
        node.text(end::IP, attrs.text(Name::NetworkPeerAddress).filter(|address| is_ip(address)));
    }
    let (host, cut_port) = attrs.text(Name::ServerAddress).map_or((None, None), split_host);
    place(&mut node, host);
    if needs_address && !node.has(end::IP) && !node.has(end::HOSTNAME) && !node.has(end::NAME) {
        return None;
    }
    node.long(end::PORT, attrs.long(Name::ServerPort).and_then(port).or(cut_port));
    node.text(end::SVC_NAME, service);
    let known = [end::IP, end::HOSTNAME, end::NAME, end::SVC_NAME].iter().any(|index| node.has(*index));
    if known { node.finish() } else { None }
}

/// `connection_info`
pub(crate) fn connection<'a>(arena: &'a Bump, attrs: &Resolved<'a>, direction: i64) -> Option<Node<'a>> {
    let mut node = Builder::new(arena, &schema::NETWORK_CONNECTION_INFO);
    node.choice(conn::DIRECTION_ID, direction);
    node.text(conn::PROTOCOL_NAME, attrs.text(Name::NetworkTransport));
    let version = match attrs.text(Name::NetworkType) {
        Some("ipv4") => Some(4),
        Some("ipv6") => Some(6),
        _ => [Name::NetworkPeerAddress, Name::ClientAddress, Name::ServerAddress]
            .iter()
            .find_map(|name| match split_host(attrs.text(*name)?).0 {
                Some(Host::Ip(ip)) => parse_ip(ip),
                _ => None,
            })
            .map(|ip| if ip.is_ipv4() { 4 } else { 6 }),
    };
    if let Some(version) = version {
        node.choice(conn::PROTOCOL_VER_ID, version);
    }
    node.finish()
}

/// What HTTP attributes make: the request, the response, and what left the attributes for them.
pub(crate) struct Http<'a> {
    pub request: Option<Node<'a>>,
    pub response: Option<Node<'a>>,
    pub traffic: Option<Node<'a>>,
    /// Positions of attributes that need not stand in the map.
    pub moved: Moved,
}

/// Positions of attributes that moved to a path which gives them back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved([Option<usize>; 4]);

impl Moved {
    /// Adds a position.
    pub fn add(&mut self, index: usize) {
        if let Some(slot) = self.0.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(index);
        }
    }

    /// Whether the attribute at this position moved.
    pub fn has(&self, index: usize) -> bool {
        self.0.contains(&Some(index))
    }

    /// Whether none did.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

/// The text of an HTTP method attribute.
pub(crate) fn method<'a>(attrs: &Resolved<'a>) -> Option<&'a str> {
    attrs.text(Name::HttpRequestMethod)
}

/// The HTTP status code, in any of its forms.
pub(crate) fn status_code(attrs: &Resolved<'_>) -> Option<i64> {
    attrs.long(Name::HttpResponseStatusCode)
}

/// Builds request, response and traffic. `latency` is the exchange's duration in ms; the texts that no flat file has a
/// column for are made where `whole` events are wanted.
pub(crate) fn http<'a>(
    arena: &'a Bump,
    attrs: &Resolved<'a>,
    latency: Option<i64>,
    is_client: bool,
    whole: bool,
) -> Http<'a> {
    let mut moved = Moved::default();
    let mut request = Builder::new(arena, &schema::HTTP_REQUEST);
    if let Some(method) = method(attrs).filter(|method| http_activity(method).is_some()) {
        request.text(req::HTTP_METHOD, method);
        if let Some((index, _)) = attrs.sole(Name::HttpRequestMethod) {
            moved.add(index);
        }
    }
    request.text(req::VERSION, attrs.text(Name::NetworkProtocolVersion));
    request.text(req::USER_AGENT, attrs.text(Name::UserAgentOriginal));
    request.long(req::BODY_LENGTH, attrs.long(Name::HttpRequestBodySize));
    request.long(req::LENGTH, attrs.long(Name::HttpRequestSize));
    headers(arena, attrs, &mut request);
    let (url_node, path_moved) = url_of(arena, attrs, whole);
    request.put(req::URL, url_node);
    if let Some(index) = path_moved {
        moved.add(index);
    }

    let code = status_code(attrs);
    let mut response = None;
    if let Some(code) = code {
        let mut node = Builder::new(arena, &schema::HTTP_RESPONSE);
        node.long(resp::CODE, code);
        node.text(resp::STATUS, reason_phrase(code));
        node.long(resp::LATENCY, latency);
        node.long(resp::BODY_LENGTH, attrs.long(Name::HttpResponseBodySize));
        let kind = attrs.raw("http.response.header.content-type");
        node.text(resp::CONTENT_TYPE, kind.and_then(|value| header_values(value).next()));
        response = node.finish();
        if let Some((index, Value::Int(_))) = attrs.sole(Name::HttpResponseStatusCode) {
            moved.add(index);
        }
    }
    Http { request: request.finish(), response, traffic: traffic_of(arena, attrs, is_client), moved }
}

fn traffic_of<'a>(arena: &'a Bump, attrs: &Resolved<'a>, is_client: bool) -> Option<Node<'a>> {
    let (sent, answered) = (attrs.long(Name::HttpRequestBodySize), attrs.long(Name::HttpResponseBodySize));
    let (bytes_in, bytes_out) = if is_client { (answered, sent) } else { (sent, answered) };
    if bytes_in.is_none() && bytes_out.is_none() {
        return None;
    }
    let mut node = Builder::new(arena, &schema::NETWORK_TRAFFIC);
    node.long(traffic::BYTES_IN, bytes_in);
    node.long(traffic::BYTES_OUT, bytes_out);
    node.long(traffic::BYTES, bytes_in.unwrap_or(0).checked_add(bytes_out.unwrap_or(0)));
    node.finish()
}

/// A header attribute holds a text or a list of texts.
fn header_values<'a>(value: Value<'a>) -> impl Iterator<Item = &'a str> {
    let (one, many) = match value {
        Value::Str(text) => (Some(text), &[][..]),
        Value::List(items) => (None, items),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(|item| match item {
        Value::Str(text) => Some(*text),
        _ => None,
    }))
}

fn headers<'a>(arena: &'a Bump, attrs: &Resolved<'a>, request: &mut Builder<'a>) {
    const PREFIX: &str = "http.request.header.";
    let mut list = Vec::new();
    for entry in attrs.all {
        let Some(name) = entry.key.strip_prefix(PREFIX).filter(|name| !name.is_empty()) else {
            continue;
        };
        for value in header_values(entry.value) {
            let mut header = Builder::new(arena, &schema::HTTP_HEADER);
            header.text(http_header::NAME, name);
            header.set(http_header::VALUE, Node::Text(value));
            list.push(Node::Object(header.build()));
        }
        let first = header_values(entry.value).next();
        match name {
            "x-request-id" => request.text(req::UID, first),
            "referer" => request.text(req::REFERRER, first),
            "x-forwarded-for" => {
                let hops: Vec<Node<'a>> = header_values(entry.value)
                    .flat_map(|value| value.split(','))
                    .map(str::trim)
                    .filter(|hop| is_ip(hop))
                    .map(Node::Text)
                    .collect();
                if !hops.is_empty() {
                    request.set(req::X_FORWARDED_FOR, Node::List(arena.alloc_slice_copy(&hops)));
                }
            }
            _ => {}
        }
    }
    if !list.is_empty() {
        request.set(req::HTTP_HEADERS, Node::List(arena.alloc_slice_copy(&list)));
    }
}

/// The URL, and the position of `url.path` when the URL alone gives it back. OCSF wants a path or the whole text.
fn url_of<'a>(arena: &'a Bump, attrs: &Resolved<'a>, whole: bool) -> (Option<Node<'a>>, Option<usize>) {
    let full = attrs.text(Name::UrlFull);
    let parts = full.map_or(UrlParts::default(), split_url);
    let target = attrs.text(Name::UrlTarget).map_or((None, None), split_target);
    let path = attrs.text(Name::UrlPath).or(target.0).or(parts.path);
    if path.is_none() && full.is_none() {
        return (None, None);
    }
    let query = attrs.text(Name::UrlQuery).or(target.1).or(parts.query);
    let scheme = attrs.text(Name::UrlScheme).or(parts.scheme);
    let (host, cut_port) = attrs.text(Name::ServerAddress).map_or((None, None), split_host);
    let hostname = match host {
        Some(Host::Ip(host) | Host::Name(host) | Host::Path(host)) => Some(host),
        None => parts.host,
    };
    let number = attrs.long(Name::ServerPort).and_then(port).or(cut_port).or(parts.port);
    let mut node = Builder::new(arena, &schema::URL);
    node.text(url::SCHEME, scheme);
    node.text(url::HOSTNAME, hostname);
    node.long(url::PORT, number);
    node.text(url::PATH, path);
    node.text(url::QUERY_STRING, query);
    let composed = || if whole { compose(arena, scheme?, hostname?, number, path?, query) } else { None };
    node.text(url::URL_STRING, full.or_else(composed));
    let moved = attrs.sole(Name::UrlPath).filter(|(_, value)| {
        let alone = !attrs.occurs(Name::UrlFull) && !attrs.occurs(Name::UrlTarget);
        alone && matches!(value, Value::Str(text) if !text.is_empty())
    });
    (node.finish(), moved.map(|(index, _)| index))
}

fn compose<'a>(
    arena: &'a Bump,
    scheme: &str,
    host: &str,
    number: Option<i64>,
    path: &str,
    query: Option<&str>,
) -> Option<&'a str> {
    if host.starts_with('/') {
        return None;
    }
    let mut out = String::with_capacity(scheme.len() + host.len() + path.len() + 16);
    out.push_str(scheme);
    out.push_str("://");
    if host.contains(':') {
        out.push('[');
        out.push_str(host);
        out.push(']');
    } else {
        out.push_str(host);
    }
    if let Some(number) = number {
        out.push(':');
        out.push_str(itoa::Buffer::new().format(number));
    }
    if !path.starts_with('/') {
        out.push('/');
    }
    out.push_str(path);
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    Some(arena.alloc_str(&out))
}

/// Puts what HTTP Activity and API Activity share into the event.
pub(crate) fn put_http<'a>(draft: &mut Draft<'a, '_>, http: &Http<'a>) {
    draft.root.put(at::HTTP_REQUEST, http.request);
    draft.root.put(at::HTTP_RESPONSE, http.response);
}

/// The product of a user agent: its first word.
pub(crate) fn agent_product(agent: &str) -> Option<&str> {
    agent.split_whitespace().next()
}

/// A text or a number as text, for codes that come as either.
pub(crate) fn any_text<'a>(arena: &'a Bump, attrs: &Resolved<'a>, name: Name) -> Option<&'a str> {
    attrs
        .get(name)
        .filter(|value| matches!(value, Value::Str(_) | Value::Int(_) | Value::Double(_)))
        .map(|value| plain_text(arena, value))
        .filter(|text| !text.is_empty())
}
