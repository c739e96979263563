//! One WebSocket connection. Dropping it closes it, and nothing is heard of it any more.

use gloo::events::EventListener;
use js_sys::ArrayBuffer;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

pub(super) enum Incoming {
    Text(String),
    Binary(ArrayBuffer),
    Closed { code: u16, was_open: bool },
}

pub(super) struct Socket {
    socket: WebSocket,
    /// Gone before the socket is closed.
    listeners: Vec<EventListener>,
}

impl Socket {
    /// `path` on this page's host; `wss` where the page is `https`. None: the browser refuses.
    pub fn open(path: &str, on_incoming: impl Fn(Incoming) + 'static) -> Option<Self> {
        let location = web_sys::window()?.location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&format!("{scheme}://{}{path}", location.host().ok()?)).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let was_open = Rc::new(Cell::new(false));
        let on_incoming = Rc::new(on_incoming);

        let opened = Rc::clone(&was_open);
        let open = EventListener::once(&socket, "open", move |_| opened.set(true));
        let hear = Rc::clone(&on_incoming);
        let message = EventListener::new(&socket, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
            let data = event.data();
            if let Some(text) = data.as_string() {
                hear(Incoming::Text(text));
            } else if let Ok(bytes) = data.dyn_into::<ArrayBuffer>() {
                hear(Incoming::Binary(bytes));
            }
        });
        let close = EventListener::once(&socket, "close", move |event| {
            let code = event.dyn_ref::<CloseEvent>().map_or(1006, CloseEvent::code);
            on_incoming(Incoming::Closed { code, was_open: was_open.get() });
        });
        Some(Self { socket, listeners: vec![open, message, close] })
    }

    pub fn is_open(&self) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.listeners.clear();
        // Closing a socket that is closed already does nothing.
        let _ = self.socket.close();
    }
}
