//! The control socket: the camera's switches as HTTP and JSON on loopback, for Playwright and shell scripts.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /state` | `{rtsp, script}` |
//! | `GET /counters` | connections, logins, sessions per mount |
//! | `GET /frame-clock?mount=/main` | when which frame is sent |
//! | `PATCH /script[?mount=/main]` | changes the named fields of [`Script`]: `{"stall": true}` |
//! | `POST /resume` | no lasting faults any more |
//! | `POST /action[?mount=/main]` | one [`Action`]: `{"action": "jump_timestamps", "seconds": 30}` |

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::camera::FakeCamera;
use crate::script::{Action, Script};

/// Serves the control socket until the task is dropped. The address answers as soon as this returns.
pub async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("control socket on {listen}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Answers requests for `camera`, for ever.
pub async fn serve(listener: TcpListener, camera: Arc<FakeCamera>) -> Result<()> {
    axum::serve(listener, router(camera)).await.context("control socket")
}

fn router(camera: Arc<FakeCamera>) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/counters", get(counters))
        .route("/frame-clock", get(frame_clock))
        .route("/script", patch(change_script))
        .route("/resume", post(resume))
        .route("/action", post(act))
        .with_state(camera)
}

#[derive(Debug, Deserialize)]
struct MountQuery {
    mount: Option<String>,
}

/// Pages of other origins read the frame clock.
fn answer(value: Value) -> Response {
    ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

fn refuse(status: StatusCode, message: impl std::fmt::Display) -> Response {
    (status, Json(json!({"error": message.to_string()}))).into_response()
}

async fn state(State(camera): State<Arc<FakeCamera>>, Query(query): Query<MountQuery>) -> Response {
    answer(json!({"rtsp": format!("rtsp://{}", camera.address()), "script": camera.script(query.mount.as_deref())}))
}

async fn counters(State(camera): State<Arc<FakeCamera>>) -> Response {
    answer(json!(camera.counters()))
}

async fn frame_clock(State(camera): State<Arc<FakeCamera>>, Query(query): Query<MountQuery>) -> Response {
    let mount = query.mount.as_deref().unwrap_or("/main");
    match camera.frame_clock(mount).await {
        Ok(Some(clock)) => answer(json!(clock)),
        Ok(None) => refuse(StatusCode::NOT_FOUND, format_args!("no mount {mount}")),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, format_args!("{error:#}")),
    }
}

async fn change_script(State(camera): State<Arc<FakeCamera>>, Query(query): Query<MountQuery>, Json(change): Json<Value>) -> Response {
    let mount = query.mount.as_deref();
    let (Ok(mut merged), Value::Object(fields)) = (serde_json::to_value(camera.script(mount)), change) else {
        return refuse(StatusCode::BAD_REQUEST, "the body must be an object with fields of the script");
    };
    for (name, value) in fields {
        merged[name] = value;
    }
    match serde_json::from_value::<Script>(merged) {
        Ok(script) => {
            camera.update(mount, |old| *old = script.clone()).await;
            answer(json!(script))
        }
        Err(error) => refuse(StatusCode::UNPROCESSABLE_ENTITY, error),
    }
}

async fn resume(State(camera): State<Arc<FakeCamera>>) -> Response {
    camera.resume().await;
    answer(json!({}))
}

async fn act(State(camera): State<Arc<FakeCamera>>, Query(query): Query<MountQuery>, Json(action): Json<Value>) -> Response {
    let action: Action = match serde_json::from_value(action) {
        Ok(action) => action,
        Err(error) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, error),
    };
    match camera.act(query.mount.as_deref(), action).await {
        Ok(()) => answer(json!({})),
        Err(error) => refuse(StatusCode::UNPROCESSABLE_ENTITY, format_args!("{error:#}")),
    }
}
