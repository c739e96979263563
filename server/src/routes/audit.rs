//! The audit log: `/api/v1/audit`. For admins.

use crate::db::Db;
use crate::entities::audit::Model;
use crate::error::{AppError, AppResult};
use crate::extract::{ApiJson, ApiQuery};
use crate::guard::{Admin, Gate, Permit};
use crate::moment;
use crate::people::audit::{Entry, Filter, list as read_log, retention as read_retention, set_retention};
use app::model::{AuditEntry, AuditFormat, AuditQuery, AuditRetention};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use futures::{Stream, stream};
use serde::Deserialize;
use serde_json::json;
use std::ops::RangeInclusive;
use time::OffsetDateTime;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Entries of a page without `limit`.
const PAGE: u32 = 100;
/// How many may be asked for.
const PAGES: RangeInclusive<u32> = 1..=500;
/// Characters of what is looked for.
const TEXT_CHARS: usize = 100;
/// Entries of one piece of an export, and of an export as a whole.
const PIECE: u64 = 1000;
const LARGEST_EXPORT: usize = 200_000;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(export)).routes(routes!(retention, keep))
}

fn told(row: Model) -> AuditEntry {
    AuditEntry {
        id: row.id,
        at: moment::told(row.at),
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_name: row.actor_name,
        address: row.address,
        action: row.action,
        outcome: row.outcome,
        target_kind: row.target_kind,
        target_id: row.target_id,
        target_name: row.target_name,
        details: row.details,
    }
}

fn filter(permit: &Permit<Admin>, query: AuditQuery) -> AppResult<Filter> {
    let limit = query.limit.unwrap_or(PAGE);
    if !PAGES.contains(&limit) {
        return Err(AppError::out_of_range("limit", &PAGES, "entries"));
    }
    if query.outcome.as_deref().is_some_and(|outcome| outcome != "ok" && outcome != "refused") {
        return Err(AppError::invalid("outcome", "invalid_value", "Either ok or refused."));
    }
    let bounded = |words: Option<String>, field: &str| {
        let words = words.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
        match words {
            // A database may not take a NUL.
            Some(words) if words.chars().count() > TEXT_CHARS || words.chars().any(char::is_control) => {
                Err(AppError::invalid(field, "invalid_value", format!("At most {TEXT_CHARS} characters, without line breaks.")))
            }
            words => Ok(words),
        }
    };
    let directory = permit.people.directory();
    Ok(Filter {
        from: query.from.as_deref().map(|at| moment::read(at, "from")).transpose()?,
        to: query.to.as_deref().map(|at| moment::read(at, "to")).transpose()?,
        person: query.person.map(|id| (id, directory.people.get(&id).map(|person| person.name.clone()))),
        action: bounded(query.action, "action")?,
        outcome: query.outcome,
        text: bounded(query.text, "text")?,
        before: query.before,
        limit: u64::from(limit),
    })
}

/// Who did what, when and from where, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(AuditQuery),
    responses((status = OK, body = Vec<AuditEntry>), (status = UNPROCESSABLE_ENTITY))
)]
async fn list(permit: Permit<Admin>, ApiQuery(query): ApiQuery<AuditQuery>) -> AppResult<Json<Vec<AuditEntry>>> {
    let rows = read_log(&permit.db, &filter(&permit, query)?).await?;
    Ok(Json(rows.into_iter().map(told).collect()))
}

/// The form of an export.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ExportQuery {
    /// `csv` without it.
    format: AuditFormat,
}

/// The same as a file, as a whole: CSV for spreadsheets, or a JSON list. The newest 200 000 entries at most.
#[utoipa::path(
    get,
    path = "/api/v1/audit/export",
    tag = "audit",
    params(AuditQuery, ExportQuery),
    responses((status = OK, content((String = "text/csv"), (Vec<AuditEntry> = "application/json"))), (status = UNPROCESSABLE_ENTITY))
)]
async fn export(
    permit: Permit<Admin>,
    ApiQuery(query): ApiQuery<AuditQuery>,
    ApiQuery(ExportQuery { format }): ApiQuery<ExportQuery>,
) -> AppResult<impl IntoResponse> {
    let filter = Filter { limit: PIECE, ..filter(&permit, query)? };
    permit.note(|actor| Entry::new(actor, "audit.export").details(json!({ "format": format })));
    let (kind, ending) = match format {
        AuditFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        AuditFormat::Json => ("application/json", "json"),
    };
    let name = format!("nightjar-audit-{}.{ending}", OffsetDateTime::now_utc().date());
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(AppError::internal)?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pieces(permit.db.clone(), filter, format))))
}

/// How far an export is.
enum Stage {
    Begin,
    Rows { before: Option<i64>, written: usize },
    Done,
}

/// The file piece by piece: no more of it is in memory, and a slow reader holds up nobody.
fn pieces(db: Db, filter: Filter, format: AuditFormat) -> impl Stream<Item = Result<Bytes, AppError>> {
    stream::try_unfold((db, filter, Stage::Begin), move |(db, mut filter, stage)| async move {
        let (text, next) = match stage {
            Stage::Done => return Ok(None),
            Stage::Begin => {
                let head = match format {
                    AuditFormat::Csv => csv_head(),
                    AuditFormat::Json => "[".to_owned(),
                };
                (head, Stage::Rows { before: filter.before, written: 0 })
            }
            Stage::Rows { before, written } => {
                filter.before = before;
                let rows = read_log(&db, &filter).await?;
                let last = rows.last().map(|row| row.id);
                let full = rows.len() as u64 == PIECE && written + rows.len() < LARGEST_EXPORT;
                let mut text = String::new();
                let count = rows.len();
                for (index, row) in rows.into_iter().enumerate() {
                    match format {
                        AuditFormat::Csv => csv_row(&mut text, &row),
                        AuditFormat::Json => {
                            text.push_str(if written + index == 0 { "\n" } else { ",\n" });
                            text.push_str(&serde_json::to_string(&told(row)).map_err(AppError::internal)?);
                        }
                    }
                }
                if !full && format == AuditFormat::Json {
                    text.push_str("\n]\n");
                }
                (text, if full { Stage::Rows { before: last, written: written + count } } else { Stage::Done })
            }
        };
        Ok(Some((Bytes::from(text), (db, filter, next))))
    })
}

fn csv_head() -> String {
    // The mark tells spreadsheets that it is UTF-8.
    "\u{feff}at,actor_kind,actor_name,address,action,outcome,target_kind,target_id,target_name,details\r\n".to_owned()
}

fn csv_row(to: &mut String, row: &Model) {
    let at = moment::told(row.at);
    let details = row.details.to_string();
    let cells = [
        &at,
        &row.actor_kind,
        &row.actor_name,
        &row.address,
        &row.action,
        &row.outcome,
        &row.target_kind,
        &row.target_id,
        &row.target_name,
        &details,
    ];
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        csv_cell(to, cell);
    }
    to.push_str("\r\n");
}

/// Quoted; and what spreadsheets would take for a formula is told as text: a stranger may sign in as `=HYPERLINK(…)`.
fn csv_cell(to: &mut String, cell: &str) {
    to.push('"');
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        to.push('\'');
    }
    to.push_str(&cell.replace('"', "\"\""));
    to.push('"');
}

/// How long entries are kept.
#[utoipa::path(get, path = "/api/v1/audit/retention", tag = "audit", responses((status = OK, body = AuditRetention)))]
async fn retention(permit: Permit<Admin>) -> AppResult<Json<AuditRetention>> {
    read_retention(&permit.db).await.map(Json)
}

/// Changes how long entries are kept. What is older is removed at once.
#[utoipa::path(
    put,
    path = "/api/v1/audit/retention",
    tag = "audit",
    request_body = AuditRetention,
    responses((status = NO_CONTENT))
)]
async fn keep(permit: Permit<Admin>, ApiJson(wanted): ApiJson<AuditRetention>) -> AppResult<StatusCode> {
    set_retention(&permit.db, permit.actor(), wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn a_cell_is_never_a_formula_nor_ends_early() {
        for (cell, written) in [("Ann", "\"Ann\""), ("a\"b,c", "\"a\"\"b,c\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\""), ("", "\"\"")] {
            let mut to = String::new();
            csv_cell(&mut to, cell);
            assert_eq!(to, written);
        }
    }
}
