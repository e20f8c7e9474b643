//! The program that the browser loads: it takes over the page that the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script once the program is there.
#[wasm_bindgen]
pub fn hydrate() {
    app::start();
}
