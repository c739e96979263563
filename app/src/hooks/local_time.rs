//! Moments in the viewer's time zone, which only the browser knows.

use crate::view::history::LocalTime;
use js_sys::Date;
use wasm_bindgen::JsValue;

/// A moment, milliseconds since 1970. Browser only.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double for 280 000 years")]
pub fn local_time(utc_ms: i64) -> LocalTime {
    let date = Date::new(&JsValue::from_f64(utc_ms as f64));
    LocalTime {
        year: date.get_full_year(),
        month: date.get_month(),
        day: date.get_date(),
        weekday: date.get_day(),
        hour: date.get_hours(),
        minute: date.get_minutes(),
        second: date.get_seconds(),
    }
}
