//! Moments in the API: RFC 3339, told in UTC, read in any offset.

use crate::error::{AppError, AppResult};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// As the API tells it.
pub fn told(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// As a client wrote it. `field` is its place in the body or query.
///
/// # Errors
/// 422 with the field.
pub fn read(written: &str, field: &str) -> AppResult<OffsetDateTime> {
    let wrong = || AppError::invalid(field, "invalid_value", "Write a moment as in 2030-01-31T12:00:00Z.");
    OffsetDateTime::parse(written, &Rfc3339).map_err(|_| wrong())
}
