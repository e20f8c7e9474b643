//! What a tree is drawn into.

use leptos::prelude::document;
use web_sys::{Element, Node};

/// Takes elements and letters, in the order in which HTML has them.
pub(super) trait Canvas {
    /// An element begins. Its name and the names of its attributes are ours.
    fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]);
    /// Letters from people.
    fn letters(&mut self, text: &str);
    /// The element that was opened last ends.
    fn close(&mut self, name: &'static str);
}

/// HTML, on the server.
#[derive(Default)]
pub(super) struct Html(pub(super) String);

impl Canvas for Html {
    fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.0.extend(["<", name]);
        for (name, value) in attributes {
            self.0.extend([" ", name, "=\""]);
            html_escape::encode_double_quoted_attribute_to_string(value, &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
    }

    fn letters(&mut self, text: &str) {
        html_escape::encode_text_to_string(text, &mut self.0);
    }

    fn close(&mut self, name: &'static str) {
        self.0.extend(["</", name, ">"]);
    }
}

/// Elements, in the browser.
#[derive(Default)]
pub(super) struct Dom {
    /// Those that are open, innermost last.
    open: Vec<Element>,
    /// The outermost, when it was closed.
    pub(super) done: Option<Element>,
}

impl Dom {
    fn put(&self, node: &Node) {
        if let Some(parent) = self.open.last() {
            _ = parent.append_child(node);
        }
    }
}

impl Canvas for Dom {
    fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        // No name of ours is refused; and were it, its letters would stand in the element around it.
        let Ok(element) = document().create_element(name) else { return };
        for (name, value) in attributes {
            _ = element.set_attribute(name, value);
        }
        self.put(&element);
        self.open.push(element);
    }

    fn letters(&mut self, text: &str) {
        self.put(&document().create_text_node(text));
    }

    fn close(&mut self, _: &'static str) {
        self.done = self.open.pop();
    }
}
