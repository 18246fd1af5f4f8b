//! What the records of one resource and scope share: resolved once, referred to by each event.

use bumpalo::Bump;

use super::address::{is_ip, is_mac, is_uuid};
use super::event::{Builder, Node};
use super::schema;
use crate::otlp::canonical::Canonical;
use crate::otlp::write_json::Surroundings;
use crate::otlp::{Resource, ResourceGroup, Scope, ScopeGroup, Value, copy};
use crate::semconv::{find, find_text, integer};
use crate::text::{push_map, push_plain, written};

/// Stands in where OCSF requires a name and the resource gives none.
pub(crate) const UNKNOWN: &str = "unknown";

/// `file.type_id` of a regular file.
const REGULAR_FILE: i64 = 1;
/// `device.type_id` of a server.
const SERVER: i64 = 1;
/// `os.type_id` by `os.type`.
const OS_TYPES: &[(&str, i64)] = &[("windows", 100), ("linux", 200), ("darwin", 300)];

/// Resource and scope, ready for use.
pub(crate) struct Group<'a> {
    /// Tells groups of a unit apart.
    pub serial: u64,
    pub resource: Resource<'a>,
    pub resource_schema_url: &'a str,
    pub scope: Scope<'a>,
    pub schema_url: &'a str,
    pub resource_hash: u128,
    /// `service.name`
    pub service_name: Option<&'a str>,
    pub service_version: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub hostname: Option<&'a str>,
    pub instance: Option<&'a str>,
    /// `metadata.product`
    pub product: Node<'a>,
    pub service: Option<Node<'a>>,
    /// `trace.span.service`: the name alone
    pub service_by_name: Option<Node<'a>>,
    pub tags: Option<Node<'a>>,
    pub device: Option<Node<'a>>,
    pub has_container: bool,
    pub cloud: Option<Node<'a>>,
    pub process: Option<Node<'a>>,
    pub resource_map: Option<Node<'a>>,
    pub scope_node: Option<Node<'a>>,
    pub extensions: Node<'a>,
    pub log_provider: &'a str,
    pub log_version: Option<&'a str>,
    pub log_source: Option<&'a str>,
    pub is_scrape: bool,
}

impl<'a> Group<'a> {
    /// Resolves a resource and a scope.
    pub fn new(
        arena: &'a Bump,
        canonical: &mut Canonical,
        resource: Resource<'a>,
        resource_schema_url: &'a str,
        scope: Scope<'a>,
        schema_url: &'a str,
    ) -> Self {
        let attributes = resource.attributes;
        let text = |key| find_text(attributes, key);
        let service_name = text("service.name");
        let service_version = text("service.version");
        let namespace = text("service.namespace");
        let instance = text("service.instance.id");
        let container = container(arena, &resource);
        let device = device(arena, &resource, service_name.is_some(), container);
        let schema_version_url = if schema_url.is_empty() { resource_schema_url } else { schema_url };
        Self {
            serial: 0,
            resource,
            resource_schema_url,
            scope,
            schema_url,
            resource_hash: canonical.resource(&resource, resource_schema_url),
            service_name,
            service_version,
            namespace,
            hostname: text("host.name"),
            instance,
            product: product(arena, service_name.unwrap_or(UNKNOWN), service_version, namespace),
            service: service(arena, service_name, service_version),
            service_by_name: service_name.map(|name| {
                let mut service = Builder::new(arena, &schema::SERVICE_NAME);
                service.text(schema::service_name::NAME, name);
                Node::Object(service.build())
            }),
            tags: tags(arena, &resource),
            device,
            has_container: device.is_some() && container.is_some(),
            cloud: cloud(arena, &resource),
            process: process(arena, &resource),
            resource_map: json_map(arena, attributes),
            scope_node: scope_node(arena, &scope),
            extensions: extensions(arena),
            log_provider: text("telemetry.sdk.name").unwrap_or("opentelemetry"),
            log_version: schema_version_url.rsplit('/').next().filter(|version| !version.is_empty()),
            log_source: text("log.file.path").or(instance),
            is_scrape: scope.name.ends_with("prometheusreceiver"),
        }
    }

    /// Resource and scope for the request that holds one record.
    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            resource: &self.resource,
            resource_schema_url: self.resource_schema_url,
            scope: &self.scope,
            schema_url: self.schema_url,
        }
    }

    /// The service name, or its stand-in.
    pub fn service_or_unknown(&self) -> &'a str {
        self.service_name.unwrap_or(UNKNOWN)
    }
}

/// The groups of a unit: each resolved once, however many requests repeat it.
pub(crate) struct Groups<'u> {
    arena: &'u Bump,
    held: Vec<&'u Group<'u>>,
    resolved: u64,
}

impl<'u> Groups<'u> {
    /// How many are kept; those that come later are resolved each time.
    const MOST: usize = 64;

    /// None yet; they will live in `arena`.
    pub fn new(arena: &'u Bump) -> Self {
        Self { arena, held: Vec::new(), resolved: 0 }
    }

    /// The group of a resource and a scope; in `own` where there are too many to keep it.
    pub fn get<'a, R>(
        &mut self,
        own: &'a Bump,
        canonical: &mut Canonical,
        resource: &ResourceGroup<'a, R>,
        scope: &ScopeGroup<'a, R>,
    ) -> &'a Group<'a>
    where
        'u: 'a,
    {
        let found = self.held.iter().position(|group| {
            group.schema_url == scope.schema_url
                && group.resource_schema_url == resource.schema_url
                && group.scope.name == scope.scope.name
                && group.scope.version == scope.scope.version
                && group.scope.dropped_attributes_count == scope.scope.dropped_attributes_count
                && group.resource.dropped_attributes_count == resource.resource.dropped_attributes_count
                && copy::is_same(group.scope.attributes, scope.scope.attributes)
                && copy::is_same(group.resource.attributes, resource.resource.attributes)
        });
        if let Some(found) = found {
            // What came last comes next, mostly.
            self.held.swap(0, found);
            return self.held[0];
        }
        self.resolved += 1;
        if self.held.len() == Self::MOST {
            let (held, scope_held) = (resource.resource, scope.scope);
            let group = Group::new(own, canonical, held, resource.schema_url, scope_held, scope.schema_url);
            return own.alloc(Group { serial: self.resolved, ..group });
        }
        let arena = self.arena;
        let group = Group::new(
            arena,
            canonical,
            copy::resource(arena, &resource.resource),
            arena.alloc_str(resource.schema_url),
            copy::scope(arena, &scope.scope),
            arena.alloc_str(scope.schema_url),
        );
        let group: &'u Group<'u> = arena.alloc(Group { serial: self.resolved, ..group });
        self.held.push(group);
        group
    }
}

/// Attributes as JSON text; nothing when there are none.
pub(crate) fn json_map<'a>(arena: &'a Bump, attributes: crate::otlp::Attributes<'a>) -> Option<Node<'a>> {
    if attributes.is_empty() {
        return None;
    }
    Some(Node::Json(written(arena, |out| push_map(out, attributes))))
}

/// A product: `metadata.product`, `app`.
pub(crate) fn product<'a>(
    arena: &'a Bump,
    name: &'a str,
    version: Option<&'a str>,
    namespace: Option<&'a str>,
) -> Node<'a> {
    let mut product = Builder::new(arena, &schema::PRODUCT);
    product.text(schema::product::NAME, name);
    product.text(schema::product::VERSION, version);
    product.text(schema::product::VENDOR_NAME, namespace.unwrap_or(UNKNOWN));
    Node::Object(product.build())
}

/// A service; nothing without a name.
fn service<'a>(arena: &'a Bump, name: Option<&'a str>, version: Option<&'a str>) -> Option<Node<'a>> {
    let mut service = Builder::new(arena, &schema::SERVICE);
    service.text(schema::service::NAME, name?);
    service.text(schema::service::VERSION, version);
    service.finish()
}

fn extensions(arena: &Bump) -> Node<'_> {
    let mut extension = Builder::new(arena, &schema::EXTENSION);
    extension.text(schema::extension::NAME, "ocsfconv");
    extension.text(schema::extension::UID, "999");
    extension.text(schema::extension::VERSION, "0.1.0");
    Node::List(arena.alloc_slice_copy(&[Node::Object(extension.build())]))
}

fn scope_node<'a>(arena: &'a Bump, scope: &Scope<'a>) -> Option<Node<'a>> {
    let mut node = Builder::new(arena, &schema::OTEL_SCOPE);
    node.text(schema::otel_scope::NAME, scope.name);
    node.text(schema::otel_scope::VERSION, scope.version);
    node.put(schema::otel_scope::ATTRIBUTE_MAP, json_map(arena, scope.attributes));
    node.nonzero(schema::otel_scope::DROPPED_ATTRIBUTES_COUNT, i64::from(scope.dropped_attributes_count));
    node.finish()
}

/// `metadata.tags`, under the attributes' new names.
fn tags<'a>(arena: &'a Bump, resource: &Resource<'a>) -> Option<Node<'a>> {
    let environment = find_text(resource.attributes, "deployment.environment.name")
        .or_else(|| find_text(resource.attributes, "deployment.environment"));
    let pairs = [
        ("deployment.environment.name", environment),
        ("service.namespace", find_text(resource.attributes, "service.namespace")),
        ("service.instance.id", find_text(resource.attributes, "service.instance.id")),
    ];
    let tags: Vec<Node<'a>> =
        pairs.into_iter().filter_map(|(name, value)| Some(key_value(arena, name, value?))).collect();
    (!tags.is_empty()).then(|| Node::List(arena.alloc_slice_copy(&tags)))
}

/// A `key_value_object`.
pub(crate) fn key_value<'a>(arena: &'a Bump, name: &'a str, value: &'a str) -> Node<'a> {
    let mut pair = Builder::new(arena, &schema::KEY_VALUE_OBJECT);
    pair.set(schema::key_value_object::NAME, Node::Text(name));
    pair.set(schema::key_value_object::VALUE, Node::Text(value));
    Node::Object(pair.build())
}

/// The text, or the first text of a list.
pub(crate) fn first_text<'a>(value: Option<Value<'a>>) -> Option<&'a str> {
    match value? {
        Value::Str(text) => Some(text),
        Value::List([Value::Str(text), ..]) => Some(*text),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

fn container<'a>(arena: &'a Bump, resource: &Resource<'a>) -> Option<Node<'a>> {
    let text = |key| find_text(resource.attributes, key);
    let mut container = Builder::new(arena, &schema::CONTAINER);
    container.text(schema::container::UID, text("container.id"));
    container.text(schema::container::NAME, text("container.name"));
    if !container.has(schema::container::UID) && !container.has(schema::container::NAME) {
        return None;
    }
    let image_uid =
        text("container.image.id").or_else(|| first_text(find(resource.attributes, "container.image.repo_digests")));
    if image_uid.is_some() {
        let mut image = Builder::new(arena, &schema::IMAGE);
        image.text(schema::image::UID, image_uid);
        image.text(schema::image::NAME, text("container.image.name"));
        container.put(schema::container::IMAGE, image.finish());
    }
    container.text(schema::container::POD_UUID, text("k8s.pod.uid").filter(|uid| is_uuid(uid)));
    if resource.attributes.iter().any(|entry| entry.key.starts_with("k8s.")) {
        container.text(schema::container::ORCHESTRATOR, "kubernetes");
    }
    container.finish()
}

fn device<'a>(
    arena: &'a Bump,
    resource: &Resource<'a>,
    is_service: bool,
    container: Option<Node<'a>>,
) -> Option<Node<'a>> {
    use schema::device as at;
    let text = |key| find_text(resource.attributes, key);
    let mut device = Builder::new(arena, &schema::DEVICE);
    device.text(at::HOSTNAME, text("host.name"));
    device.text(at::UID, text("host.id"));
    device.text(at::IP, first_text(find(resource.attributes, "host.ip")).filter(|ip| is_ip(ip)));
    if !device.has(at::HOSTNAME) && !device.has(at::UID) && !device.has(at::IP) {
        device.text(at::UID, text("container.id"));
        if !device.has(at::UID) {
            return None;
        }
    }
    let mac = first_text(find(resource.attributes, "host.mac")).map(|mac| mac.replace('-', ":"));
    device.text(at::MAC, mac.filter(|mac| is_mac(mac)).map(|mac| &*arena.alloc_str(&mac)));
    device.choice(at::TYPE_ID, if is_service { SERVER } else { 0 });
    device.put(at::OS, operating_system(arena, resource));
    device.put(at::CONTAINER, container);
    device.finish()
}

fn operating_system<'a>(arena: &'a Bump, resource: &Resource<'a>) -> Option<Node<'a>> {
    let text = |key| find_text(resource.attributes, key);
    let kind = text("os.type");
    let name = text("os.name").or(kind)?;
    let mut os = Builder::new(arena, &schema::OS);
    os.text(schema::os::NAME, name);
    match kind.map(|kind| (kind, OS_TYPES.iter().find(|(name, _)| kind.eq_ignore_ascii_case(name)))) {
        Some((_, Some((_, number)))) => os.choice(schema::os::TYPE_ID, *number),
        Some((other, None)) => os.other(schema::os::TYPE_ID, other),
        None => os.choice(schema::os::TYPE_ID, 0),
    }
    os.text(schema::os::VERSION, text("os.version"));
    os.text(schema::os::BUILD, text("os.build_id"));
    os.finish()
}

fn cloud<'a>(arena: &'a Bump, resource: &Resource<'a>) -> Option<Node<'a>> {
    let text = |key| find_text(resource.attributes, key);
    let mut cloud = Builder::new(arena, &schema::CLOUD);
    cloud.text(schema::cloud::PROVIDER, text("cloud.provider")?);
    cloud.text(schema::cloud::REGION, text("cloud.region"));
    cloud.text(schema::cloud::ZONE, text("cloud.availability_zone"));
    if let Some(uid) = text("cloud.account.id") {
        let mut account = Builder::new(arena, &schema::ACCOUNT);
        account.text(schema::account::UID, uid);
        cloud.put(schema::cloud::ACCOUNT, account.finish());
    }
    cloud.finish()
}

/// `actor.process`; OCSF wants an id, so nothing without a pid.
fn process<'a>(arena: &'a Bump, resource: &Resource<'a>) -> Option<Node<'a>> {
    let text = |key| find_text(resource.attributes, key);
    let pid = find(resource.attributes, "process.pid").and_then(integer)?;
    let mut process = Builder::new(arena, &schema::PROCESS);
    process.long(schema::process::PID, pid);
    process.text(schema::process::NAME, text("process.executable.name"));
    if let Some(path) = text("process.executable.path") {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        if !name.is_empty() {
            let mut file = Builder::new(arena, &schema::FILE);
            file.text(schema::file::NAME, name);
            file.text(schema::file::PATH, path);
            file.choice(schema::file::TYPE_ID, REGULAR_FILE);
            process.put(schema::process::FILE, file.finish());
        }
    }
    process.text(schema::process::CMD_LINE, text("process.command_line"));
    process.long(schema::process::CREATED_TIME, text("process.creation.time").and_then(super::time::rfc3339_millis));
    process.finish()
}

/// A value as plain text in the arena.
pub(crate) fn plain_text<'a>(arena: &'a Bump, value: Value<'a>) -> &'a str {
    match value {
        Value::Str(text) => text,
        other => written(arena, |out| push_plain(out, &other)),
    }
}
