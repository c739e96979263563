//! The media source of one element and its single SourceBuffer: appends in order, one at a time, within a byte limit.

use crate::players::bindings::FrameVideo;
use crate::players::browser::{error_name, media_source_class, new_media_source, ranges, unload, warn};
use app::live::buffer::{AppendQueue, Work, as_many_tracks, trim, trim_hard};
use gloo::events::EventListener;
use js_sys::{ArrayBuffer, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsCast;
use web_sys::{HtmlVideoElement, MediaSource, MediaSourceReadyState, SourceBuffer, SourceBufferAppendMode, Url};

/// Most bytes that wait to be appended: about 16 s of 8 Mbit/s. The server keeps its own limit before it.
const QUEUE_LIMIT: usize = 16 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceEvent {
    /// Media was appended and nothing waits behind it.
    Appended,
    Unsupported,
    /// Sound came or went: this media source can't follow.
    OtherTracks,
    /// The browser refused data or lost the decoder: a new media source is needed.
    Broken,
    Overflow {
        lost: u64,
    },
}

type OnEvent = Rc<dyn Fn(SourceEvent)>;

pub(super) struct Source(Rc<Inner>);

struct Inner {
    video: HtmlVideoElement,
    source: MediaSource,
    /// Of the media source, until the element has opened it.
    object_url: Cell<Option<String>>,
    buffer: RefCell<Option<Buffer>>,
    queue: RefCell<AppendQueue<ArrayBuffer>>,
    /// What the browser had no room for; tried once more after a cut.
    again: RefCell<Option<Uint8Array>>,
    /// The running operation is an append of media.
    appending: Cell<bool>,
    on_event: RefCell<Option<OnEvent>>,
    listeners: RefCell<Vec<EventListener>>,
}

struct Buffer {
    buffer: SourceBuffer,
    mime: String,
    _listeners: [EventListener; 2],
}

impl Source {
    /// Whether a MIME type with codecs can be played by the media source at all.
    pub fn supports(mime: &str) -> bool {
        media_source_class().is_some_and(|(class, _)| class.is_type_supported(mime))
    }

    /// None: there is no media source in this browser, or it refuses to make one.
    pub fn new(video: &HtmlVideoElement) -> Option<Self> {
        let (source, managed) = new_media_source()?;
        if managed {
            // Without it a ManagedMediaSource never opens. Its `endstreaming` is advice that live video can't take: what is not
            // appended now is never shown.
            video.unchecked_ref::<FrameVideo>().set_disable_remote_playback(true);
        }
        let object_url = Url::create_object_url_with_source(&source).ok()?;
        video.set_src(&object_url);
        Some(Self(Rc::new(Inner {
            video: video.clone(),
            source,
            object_url: Cell::new(Some(object_url)),
            buffer: RefCell::default(),
            queue: RefCell::new(AppendQueue::new(QUEUE_LIMIT)),
            again: RefCell::default(),
            appending: Cell::new(false),
            on_event: RefCell::default(),
            listeners: RefCell::default(),
        })))
    }

    /// Listens from now on.
    pub fn start(&self, on_event: impl Fn(SourceEvent) + 'static) {
        let inner = &self.0;
        *inner.on_event.borrow_mut() = Some(Rc::new(on_event));
        let on = |target: &web_sys::EventTarget, name: &'static str, run: fn(&Rc<Inner>)| {
            let weak: Weak<Inner> = Rc::downgrade(inner);
            EventListener::new(target, name, move |_| {
                if let Some(inner) = weak.upgrade() {
                    run(&inner);
                }
            })
        };
        let open = on(&inner.source, "sourceopen", |inner| {
            inner.revoke();
            inner.pump();
        });
        let error = on(&inner.video, "error", |inner| inner.tell(SourceEvent::Broken));
        inner.listeners.borrow_mut().extend([open, error]);
    }

    /// A new epoch. `clear`: of a new connection, what is buffered belongs to another timeline.
    pub fn push_init(&self, mime: String, segment: ArrayBuffer, clear: bool) {
        let len = byte_len(&segment);
        let mut queue = self.0.queue.borrow_mut();
        if clear {
            queue.push_clear();
        }
        queue.push_init(mime, segment, len);
        drop(queue);
        self.0.pump();
    }

    pub fn push_media(&self, segment: ArrayBuffer) {
        let len = byte_len(&segment);
        let pushed = self.0.queue.borrow_mut().push_media(segment, len);
        match pushed {
            Ok(()) => self.0.pump(),
            Err(overflow) => self.0.tell(SourceEvent::Overflow { lost: overflow.lost }),
        }
    }

    pub fn forget_queue(&self) {
        self.0.queue.borrow_mut().forget();
        self.0.again.borrow_mut().take();
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let inner = &self.0;
        inner.on_event.borrow_mut().take();
        inner.listeners.borrow_mut().clear();
        inner.buffer.borrow_mut().take();
        inner.revoke();
        unload(&inner.video);
    }
}

fn byte_len(segment: &ArrayBuffer) -> usize {
    // wasm32: usize is 32 bits, as byte_length is.
    segment.byte_length() as usize
}

impl Inner {
    fn tell(&self, event: SourceEvent) {
        let on_event = self.on_event.borrow().clone();
        if let Some(on_event) = on_event {
            on_event(event);
        }
    }

    fn revoke(&self) {
        if let Some(url) = self.object_url.take() {
            // Fails only for a malformed URL, and this one is the browser's own.
            let _ = Url::revoke_object_url(&url);
        }
    }

    /// Does the next thing, unless something is under way.
    fn pump(self: &Rc<Self>) {
        if self.source.ready_state() != MediaSourceReadyState::Open {
            return;
        }
        loop {
            let buffer = self.buffer.borrow().as_ref().map(|buffer| buffer.buffer.clone());
            if buffer.as_ref().is_some_and(SourceBuffer::updating) {
                return;
            }
            // Bound first: an append may want to borrow either again.
            let again = self.again.borrow_mut().take();
            if let (Some(buffer), Some(data)) = (&buffer, again) {
                return self.append(buffer, &data, true);
            }
            let work = self.queue.borrow_mut().next_work();
            let Some(work) = work else { return };
            match (work, buffer) {
                // Nothing can be buffered without a buffer, and media without an init can't be appended.
                (Work::Clear | Work::Media(_), None) => {}
                (Work::Clear, Some(buffer)) => {
                    if !ranges(&self.video).is_empty() && buffer.remove(0.0, f64::INFINITY).is_ok() {
                        return;
                    }
                }
                (Work::Init { mime, .. }, Some(_)) if !self.has_tracks_of(&mime) => {
                    self.queue.borrow_mut().forget();
                    return self.tell(SourceEvent::OtherTracks);
                }
                (Work::Init { mime, segment }, buffer) => {
                    let Some(buffer) = self.buffer_for(buffer, &mime) else {
                        self.queue.borrow_mut().forget();
                        return self.tell(SourceEvent::Unsupported);
                    };
                    return self.append(&buffer, &Uint8Array::new(&segment), false);
                }
                (Work::Media(segments), Some(buffer)) => return self.append(&buffer, &joined(&segments), true),
            }
        }
    }

    fn has_tracks_of(&self, mime: &str) -> bool {
        self.buffer.borrow().as_ref().is_none_or(|held| as_many_tracks(&held.mime, mime))
    }

    /// The source buffer, made or changed for this type.
    fn buffer_for(self: &Rc<Self>, buffer: Option<SourceBuffer>, mime: &str) -> Option<SourceBuffer> {
        if let Some(buffer) = buffer {
            let same = self.buffer.borrow().as_ref().is_some_and(|held| held.mime == mime);
            if !same {
                buffer.change_type(mime).ok()?;
                if let Some(held) = &mut *self.buffer.borrow_mut() {
                    mime.clone_into(&mut held.mime);
                }
            }
            return Some(buffer);
        }
        let buffer = self.source.add_source_buffer(mime).ok()?;
        buffer.set_mode(SourceBufferAppendMode::Segments);
        let on = |name: &'static str, run: fn(&Rc<Inner>)| {
            let weak: Weak<Inner> = Rc::downgrade(self);
            EventListener::new(&buffer, name, move |_| {
                if let Some(inner) = weak.upgrade() {
                    run(&inner);
                }
            })
        };
        let _listeners = [on("updateend", Inner::update_ended), on("error", |inner| inner.tell(SourceEvent::Broken))];
        *self.buffer.borrow_mut() = Some(Buffer { buffer: buffer.clone(), mime: mime.to_owned(), _listeners });
        Some(buffer)
    }

    fn append(&self, buffer: &SourceBuffer, data: &Uint8Array, media: bool) {
        self.appending.set(media);
        match buffer.append_buffer_with_array_buffer_view(data) {
            Ok(()) => {}
            Err(error) if error_name(&error) == "QuotaExceededError" => self.make_room(buffer, data),
            Err(error) => {
                warn("append refused:", &error);
                self.tell(SourceEvent::Broken);
            }
        }
    }

    /// No room: cut hard and try the same data again; if nothing can be cut, start over.
    fn make_room(&self, buffer: &SourceBuffer, data: &Uint8Array) {
        self.appending.set(false);
        let cut = trim_hard(&ranges(&self.video), self.video.current_time());
        match cut {
            Some((start, end)) if buffer.remove(start, end).is_ok() => *self.again.borrow_mut() = Some(data.clone()),
            _ => {
                self.queue.borrow_mut().forget();
                self.tell(SourceEvent::Overflow { lost: 1 });
            }
        }
    }

    fn update_ended(self: &Rc<Self>) {
        let appended = self.appending.replace(false);
        if self.source.ready_state() == MediaSourceReadyState::Open && self.source.duration().is_finite() {
            // An init with a duration would end the stream there, and take Chromium out of its low-delay rendering.
            self.source.set_duration(f64::INFINITY);
        }
        if appended {
            if self.queue.borrow().is_empty() {
                self.tell(SourceEvent::Appended);
            }
            self.cut_back_buffer();
        }
        self.pump();
    }

    fn cut_back_buffer(&self) {
        let Some(buffer) = self.buffer.borrow().as_ref().map(|buffer| buffer.buffer.clone()) else { return };
        if let Some((start, end)) = trim(&ranges(&self.video), self.video.current_time())
            && !buffer.updating()
            && let Err(error) = buffer.remove(start, end)
        {
            warn("cut refused:", &error);
        }
    }
}

/// Several segments as one piece: one append costs less than many.
fn joined(segments: &[ArrayBuffer]) -> Uint8Array {
    if let [only] = segments {
        return Uint8Array::new(only);
    }
    let all = Uint8Array::new_with_length(segments.iter().map(ArrayBuffer::byte_length).sum());
    let mut at = 0;
    for segment in segments {
        all.set(&Uint8Array::new(segment), at);
        at += segment.byte_length();
    }
    all
}
