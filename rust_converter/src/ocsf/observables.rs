//! Observables: every scalar that the schema calls observable, by the path it stands at.

use bumpalo::Bump;

use super::event::{Builder, Field, Node};
use super::schema::{self, event as at, observable};
use crate::text::push_double;

/// The `observables` of an event, in the order of its attributes; nothing when there are none.
pub(crate) fn of<'a>(arena: &'a Bump, root: &Builder<'a>, fields: &[usize]) -> Option<Node<'a>> {
    let mut found = Vec::new();
    let mut path = String::new();
    for index in fields {
        if matches!(*index, at::OBSERVABLES | at::OTEL | at::METRIC_POINT | at::UNMAPPED) {
            continue;
        }
        if let Some(node) = root.get(*index) {
            visit(arena, &schema::EVENT.fields[*index], node, &mut path, &mut found);
        }
    }
    (!found.is_empty()).then(|| Node::List(arena.alloc_slice_copy(&found)))
}

fn visit<'a>(arena: &'a Bump, field: &Field, node: Node<'a>, path: &mut String, found: &mut Vec<Node<'a>>) {
    let start = path.len();
    if start > 0 {
        path.push('.');
    }
    path.push_str(field.name);
    value(arena, field, node, path, found);
    path.truncate(start);
}

fn value<'a>(arena: &'a Bump, field: &Field, node: Node<'a>, path: &mut String, found: &mut Vec<Node<'a>>) {
    match node {
        Node::Object(object) => {
            for (field, slot) in object.schema.fields.iter().zip(object.values) {
                if let Some(inner) = slot {
                    visit(arena, field, *inner, path, found);
                }
            }
        }
        Node::List(items) => {
            let start = path.len();
            for (index, item) in items.iter().enumerate() {
                path.push('.');
                path.push_str(itoa::Buffer::new().format(index));
                value(arena, field, *item, path, found);
                path.truncate(start);
            }
        }
        Node::Json(_) => {}
        scalar => {
            if let Some((number, caption)) = field.observable {
                let text = match scalar {
                    Node::Text(text) => text,
                    Node::Long(number) => arena.alloc_str(itoa::Buffer::new().format(number)),
                    Node::Bool(flag) => {
                        if flag {
                            "true"
                        } else {
                            "false"
                        }
                    }
                    Node::Double(number) => {
                        let mut out = String::new();
                        push_double(&mut out, number);
                        arena.alloc_str(&out)
                    }
                    _ => return,
                };
                let mut entry = Builder::new(arena, &schema::OBSERVABLE);
                entry.text(observable::NAME, &*arena.alloc_str(path));
                entry.long(observable::TYPE_ID, number);
                entry.text(observable::TYPE, caption);
                entry.set(observable::VALUE, Node::Text(text));
                found.push(Node::Object(entry.build()));
            }
        }
    }
}
