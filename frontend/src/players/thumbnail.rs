//! Small copies of what is on the screen, for the health monitor's look at it. One canvas for all players of the page.

use app::health::sample::{BYTES, HEIGHT, WIDTH};
use js_sys::{JSON, Object};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, HtmlMediaElement, HtmlVideoElement};

#[derive(Default)]
pub(crate) struct Thumbnails {
    canvas: RefCell<Option<CanvasRenderingContext2d>>,
}

impl Thumbnails {
    pub fn of_video(&self, video: &HtmlVideoElement) -> Option<Vec<u8>> {
        let shows = video.ready_state() >= HtmlMediaElement::HAVE_CURRENT_DATA && video.video_width() > 0;
        let draw = |canvas: &CanvasRenderingContext2d| {
            canvas.draw_image_with_html_video_element_and_dw_and_dh(video, 0.0, 0.0, f64::from(WIDTH), f64::from(HEIGHT))
        };
        shows.then(|| self.read(draw)).flatten()
    }

    pub fn of_image(&self, image: &HtmlImageElement) -> Option<Vec<u8>> {
        let shows = image.complete() && image.natural_width() > 0;
        let draw = |canvas: &CanvasRenderingContext2d| {
            canvas.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, f64::from(WIDTH), f64::from(HEIGHT))
        };
        shows.then(|| self.read(draw)).flatten()
    }

    fn read(&self, draw: impl FnOnce(&CanvasRenderingContext2d) -> Result<(), JsValue>) -> Option<Vec<u8>> {
        let kept = self.canvas.borrow_mut().take();
        let canvas = kept.or_else(canvas)?;
        draw(&canvas).ok()?;
        // A picture of another origin taints the canvas for good: it is not kept, and what it showed is left unread.
        let pixels = canvas.get_image_data(0.0, 0.0, f64::from(WIDTH), f64::from(HEIGHT)).ok()?.data().0;
        *self.canvas.borrow_mut() = Some(canvas);
        (pixels.len() == BYTES).then_some(pixels)
    }
}

fn canvas() -> Option<CanvasRenderingContext2d> {
    let canvas: HtmlCanvasElement = web_sys::window()?.document()?.create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(WIDTH);
    canvas.set_height(HEIGHT);
    // It is read after every drawing: kept in main memory.
    let options: Object = JSON::parse(r#"{"willReadFrequently": true, "alpha": false}"#).ok()?.unchecked_into();
    canvas.get_context_with_context_options("2d", &options).ok()??.dyn_into().ok()
}
