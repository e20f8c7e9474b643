//! A connection to `/ws/echo`, and a timer that ends with what it is for.
//!
//! The browser's own socket, without a library above it: what is measured should be the way, not what waits at its ends.

use gloo_timers::callback::Interval;
use wasm_bindgen::{JsCast as _, prelude::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::diagnostics::Echoed;

/// A connection, open or being opened. Dropping it closes it.
pub(crate) struct Echo(Option<Open>);

struct Open {
    socket: WebSocket,
    /// What the socket calls; gone with it.
    _calls: Calls,
}

struct Calls {
    _open: Closure<dyn Fn(Event)>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _close: Closure<dyn Fn(CloseEvent)>,
}

impl Echo {
    /// Opens a connection; `hears` is told what happens with it, later.
    pub(crate) fn open(hears: impl Fn(Echoed) + Copy + 'static) -> Self {
        let Ok(socket) = WebSocket::new(&super::socket::address("/ws/echo")) else {
            super::later(move || hears(Echoed::Closed(None)));
            return Self(None);
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let open = Closure::new(move |_: Event| hears(Echoed::Opened));
        let message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            match data.as_string() {
                Some(text) => hears(Echoed::Text(text)),
                None => hears(Echoed::Bytes(js_sys::Uint8Array::new(&data).to_vec())),
            }
        });
        // Later: whoever hears of it drops the socket, and with it this.
        let close = Closure::new(move |event: CloseEvent| {
            let code = event.code();
            super::later(move || hears(Echoed::Closed(Some(code))));
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Self(Some(Open { socket, _calls: Calls { _open: open, _message: message, _close: close } }))
    }

    // On a connection that is gone a frame is lost, which is what is being measured.

    pub(crate) fn send_text(&self, text: &str) {
        self.0.as_ref().map(|open| open.socket.send_with_str(text));
    }

    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        self.0.as_ref().map(|open| open.socket.send_with_u8_array(bytes));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        _ = self.socket.close();
    }
}

/// Something that is done again and again. Dropping it ends that.
pub(crate) struct Ticking {
    _timer: Interval,
}

impl Ticking {
    pub(crate) fn every(ms: u32, action: impl FnMut() + 'static) -> Self {
        Self { _timer: Interval::new(ms, action) }
    }
}
