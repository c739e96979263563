//! Moments in the viewer's time zone, which only the browser knows.

use crate::hooks::heartbeat::browser_now_ms;
use crate::view::history::LocalTime;
use crate::view::time::parse_rfc3339;
use js_sys::Date;
use wasm_bindgen::JsValue;

/// A moment, milliseconds since 1970. Browser only.
pub fn local_time(utc_ms: i64) -> LocalTime {
    let date = date(utc_ms);
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

/// A moment as it is read: the day if it is another than today, and the minute. Browser only.
pub fn when(rfc3339: &str) -> String {
    parse_rfc3339(rfc3339).map(|at| local_time(at).short(&local_time(browser_now_ms()))).unwrap_or_default()
}

/// A moment so many seconds from now, negative for the past, as the API takes it. Browser only.
pub fn from_now(seconds: i64) -> String {
    iso(browser_now_ms().saturating_add(seconds.saturating_mul(1000)))
}

/// A moment, milliseconds since 1970, as the API takes it. Browser only.
pub fn iso(utc_ms: i64) -> String {
    String::from(date(utc_ms).to_iso_string())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double for 280 000 years")]
fn date(utc_ms: i64) -> Date {
    Date::new(&JsValue::from_f64(utc_ms as f64))
}

/// When a day such as `2026-11-21` begins and ends on the viewer's clock, as the API takes it. None: there is no such day. Browser only.
pub fn day_bounds(day: &str) -> Option<(String, String)> {
    let at_ms = parse_rfc3339(&format!("{day}T00:00:00Z"))?;
    let utc = date(at_ms);
    let midnight = |later: i32| {
        let local = Date::new_with_year_month_day(
            utc.get_utc_full_year(),
            i32::try_from(utc.get_utc_month()).unwrap_or(0),
            i32::try_from(utc.get_utc_date()).unwrap_or(0) + later,
        );
        String::from(local.to_iso_string())
    };
    Some((midnight(0), midnight(1)))
}
