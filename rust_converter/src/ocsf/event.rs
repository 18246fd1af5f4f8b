//! An OCSF event as a tree over the declared schema, built once and read by every sink.
//!
//! Objects are dense slices in the arena of the chunk: one slot per declared attribute, so a path is a list of indexes
//! and absent stays absent. Setting an enum attribute sets its caption too.

use bumpalo::Bump;

use super::schema::event as at;
use crate::semconv::Resolved;
use crate::text::{push_double, push_json_string};

/// What an attribute holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `boolean_t`
    Bool,
    /// `integer_t`, `long_t`, `timestamp_t`, `port_t`
    Long,
    /// `float_t`
    Double,
    /// `string_t` and what derives from it
    Text,
    /// `json_t`, and `unmapped`: JSON text in Parquet, the value itself in JSON
    Json,
    /// An object
    Object(&'static Schema),
    /// A list
    List(&'static Kind),
}

/// A declared attribute.
#[derive(Debug)]
pub struct Field {
    /// OCSF name
    pub name: &'static str,
    /// Type
    pub kind: Kind,
    /// Index of the attribute that holds the caption
    pub sibling: Option<usize>,
    /// Enum values with their captions
    pub captions: &'static [(i64, &'static str)],
    /// Observable type and its caption
    pub observable: Option<(i64, &'static str)>,
}

/// The attributes of an object that the mapping can fill, in the order they are written.
#[derive(Debug)]
pub struct Schema {
    /// Its attributes
    pub fields: &'static [Field],
}

/// An OCSF event class.
#[derive(Debug)]
pub struct Class {
    /// `class_uid`
    pub uid: i64,
    /// `class_name`
    pub name: &'static str,
    /// Folder of the nested layout
    pub key: &'static str,
    /// `category_uid`
    pub category_uid: i64,
    /// `category_name`
    pub category_name: &'static str,
    /// Captions of `activity_id`
    pub activities: &'static [(i64, &'static str)],
    /// `type_name` by `activity_id`
    pub type_names: &'static [(i64, &'static str)],
    /// Its place in [`super::schema::CLASSES`]
    pub index: usize,
    /// Whether `actor` needs the profile `host`
    pub actor_by_profile: bool,
    /// Whether vanilla OCSF admits `trace`
    pub trace_in_core: bool,
    /// Attributes (indexes into the event) in ext mode
    pub fields: &'static [usize],
    /// Attributes in core mode
    pub core_fields: &'static [usize],
}

/// A column of a flat file.
#[derive(Debug)]
pub struct Column {
    /// Column name
    pub name: &'static str,
    /// Type
    pub kind: ColumnKind,
    /// Whether it may be null
    pub nullable: bool,
    /// Where the value comes from: the first that is present
    pub sources: &'static [Source],
    /// A rule of its own instead
    pub rule: Option<super::schema::Rule>,
}

/// Types of flat columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ColumnKind {
    Long,
    Double,
    Text,
    Bool,
    LongList,
    DoubleList,
}

/// Source of a flat column.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Path in the event, as indexes
    Path(&'static [usize]),
    /// Attribute of the record under its new name
    Attribute(&'static str),
    /// Attribute of the resource
    Resource(&'static str),
}

/// A value in the tree.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// Boolean
    Bool(bool),
    /// Integer
    Long(i64),
    /// Finite floating-point number
    Double(f64),
    /// Text
    Text(&'a str),
    /// Compact JSON text
    Json(&'a str),
    /// Object
    Object(Object<'a>),
    /// List
    List(&'a [Node<'a>]),
}

/// A finished object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Declared attributes
    pub schema: &'static Schema,
    /// One slot per attribute
    pub values: &'a [Option<Node<'a>>],
}

impl<'a> Object<'a> {
    /// The value of an attribute by index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a Node<'a>> {
        self.values.get(index)?.as_ref()
    }

    /// Follows a path of attribute and list indexes.
    #[inline]
    pub fn at(&self, path: &[usize]) -> Option<&'a Node<'a>> {
        let (first, rest) = path.split_first()?;
        let mut node = self.get(*first)?;
        for step in rest {
            node = match node {
                Node::Object(object) => object.get(*step)?,
                Node::List(items) => items.get(*step)?,
                _ => return None,
            };
        }
        Some(node)
    }
}

/// An object under construction.
#[derive(Debug)]
pub struct Builder<'a> {
    schema: &'static Schema,
    values: &'a mut [Option<Node<'a>>],
    used: bool,
}

impl<'a> Builder<'a> {
    /// An object without attributes.
    pub fn new(arena: &'a Bump, schema: &'static Schema) -> Self {
        Self { schema, values: arena.alloc_slice_fill_copy(schema.fields.len(), None), used: false }
    }

    /// Sets an attribute.
    pub fn set(&mut self, index: usize, node: Node<'a>) {
        self.used = true;
        self.values[index] = Some(node);
    }

    /// Sets an attribute when there is a value.
    pub fn put(&mut self, index: usize, node: Option<Node<'a>>) {
        if let Some(node) = node {
            self.set(index, node);
        }
    }

    /// Sets a text attribute when there is a text; an empty one counts as absent.
    pub fn text(&mut self, index: usize, text: impl Into<Option<&'a str>>) {
        if let Some(text) = text.into()
            && !text.is_empty()
        {
            self.set(index, Node::Text(text));
        }
    }

    /// Sets an integer attribute.
    pub fn long(&mut self, index: usize, value: impl Into<Option<i64>>) {
        if let Some(value) = value.into() {
            self.set(index, Node::Long(value));
        }
    }

    /// Sets an integer attribute unless it is zero.
    pub fn nonzero(&mut self, index: usize, value: i64) {
        if value != 0 {
            self.set(index, Node::Long(value));
        }
    }

    /// Sets an enum attribute and its caption.
    pub fn choice(&mut self, index: usize, value: i64) {
        let field = &self.schema.fields[index];
        self.set(index, Node::Long(value));
        if let (Some(sibling), Some(caption)) = (field.sibling, caption(field.captions, value)) {
            self.set(sibling, Node::Text(caption));
        }
    }

    /// Sets an enum attribute to Other (99) with a text of its own; a text that says no more than that is Unknown (0).
    pub fn other(&mut self, index: usize, text: &'a str) {
        if says_other(text) {
            self.choice(index, 0);
            return;
        }
        self.set(index, Node::Long(99));
        if let Some(sibling) = self.schema.fields[index].sibling {
            self.set(sibling, Node::Text(text));
        }
    }

    /// Whether an attribute has been set.
    pub fn has(&self, index: usize) -> bool {
        self.values[index].is_some()
    }

    /// The value so far.
    pub fn get(&self, index: usize) -> Option<Node<'a>> {
        self.values[index]
    }

    /// The object, or nothing when no attribute was set.
    pub fn finish(self) -> Option<Node<'a>> {
        self.used.then(|| Node::Object(self.build()))
    }

    /// The object, also when it is empty.
    pub fn build(self) -> Object<'a> {
        Object { schema: self.schema, values: self.values }
    }
}

/// The caption of an enum value.
pub fn caption(captions: &'static [(i64, &'static str)], value: i64) -> Option<&'static str> {
    captions.iter().find(|(number, _)| *number == value).map(|(_, caption)| *caption)
}

/// A finished event with its class.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Class
    pub class: &'static Class,
    /// Attributes over [`super::schema::EVENT`]
    pub root: Object<'a>,
    /// Whether it is written as vanilla OCSF: the attributes that need the extension stand in `unmapped`
    pub core: bool,
    /// Whether it stands beside its record's own event, as an exception inside a span does
    pub derived: bool,
    /// The record's attributes under their new names; points have none
    pub attrs: Option<&'a Resolved<'a>>,
}

impl<'a> Event<'a> {
    /// The attributes that are written, in order.
    pub fn fields(&self) -> &'static [usize] {
        if self.core { self.class.core_fields } else { self.class.fields }
    }

    /// Appends the event as one JSON object.
    pub fn push_json(&self, out: &mut String) {
        out.push('{');
        let mut first = true;
        for index in self.fields() {
            if let Some(node) = self.root.get(*index) {
                if !first {
                    out.push(',');
                }
                first = false;
                push_json_string(out, self.root.schema.fields[*index].name);
                out.push(':');
                push_node(out, *node);
            }
        }
        out.push('}');
    }
}

/// The value of `unmapped` in core mode: what vanilla OCSF has no place for, as JSON text.
pub fn unmapped<'a>(arena: &'a Bump, root: &Builder<'a>, class: &Class) -> Option<Node<'a>> {
    let mut out = String::from("{");
    for index in [at::OTEL, at::TRACE, at::METRIC_POINT, at::SERVICE] {
        let held = class.core_fields.contains(&index);
        if let (false, Some(node)) = (held, root.get(index)) {
            if out.len() > 1 {
                out.push(',');
            }
            push_json_string(&mut out, super::schema::EVENT.fields[index].name);
            out.push(':');
            push_node(&mut out, node);
        }
    }
    out.push('}');
    (out.len() > 2).then(|| Node::Json(arena.alloc_str(&out)))
}

/// Whether a text is the caption of 99, which OCSF does not allow beside it.
pub fn says_other(text: &str) -> bool {
    text.eq_ignore_ascii_case("Other")
}

/// Appends a value as compact JSON.
pub fn push_node(out: &mut String, node: Node<'_>) {
    match node {
        Node::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Node::Long(value) => out.push_str(itoa::Buffer::new().format(value)),
        Node::Double(value) => push_double(out, value),
        Node::Text(text) => push_json_string(out, text),
        Node::Json(text) => out.push_str(text),
        Node::Object(object) => {
            out.push('{');
            let mut first = true;
            for (field, value) in object.schema.fields.iter().zip(object.values) {
                if let Some(value) = value {
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    push_json_string(out, field.name);
                    out.push(':');
                    push_node(out, *value);
                }
            }
            out.push('}');
        }
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_node(out, *item);
            }
            out.push(']');
        }
    }
}
