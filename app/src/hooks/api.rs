//! The REST API as typed calls. Every failure is a [`Problem`] with a sentence for the page. Browser only.

pub mod admin;
pub mod recordings;

use crate::hooks::place;
use crate::model::{
    Availability, Camera, CameraInput, CameraPatch, CameraSetting, DiscoveryReport, FirstAdmin, History, Incident, IncidentQuery,
    InstallationPatch, InstallationSettings, Password, PasswordChange, ProbeReport, Problem, Profile, Quality, RecordingInput,
    RecordingPlace, RecordingPlaceInput, SessionInfo, SignIn, SystemHealth, Timeline, TimelineRange, WebhookInput, WebhookReport, WhoAmI,
};
use crate::text;
use gloo::net::http::{Request, RequestBuilder, Response};
use leptos::prelude::document;
use serde::Serialize;
use serde::de::DeserializeOwned;

const BASE: &str = "/api/v1";

/// Adds a camera; without `force` the server tries it first.
pub async fn create_camera(input: &CameraInput, force: bool) -> Result<Camera, Problem> {
    ask(Request::post, &format!("/cameras{}", force_query(force)), input).await
}

/// Changes a camera; without `force` the server tries it first if its sources changed.
pub async fn update_camera(id: i64, patch: &CameraPatch, force: bool) -> Result<Camera, Problem> {
    ask(Request::patch, &format!("/cameras/{id}{}", force_query(force)), patch).await
}

/// Deletes a camera.
pub async fn delete_camera(id: i64) -> Result<(), Problem> {
    delete(&format!("/cameras/{id}")).await
}

/// Opens the streams without storing anything. `camera_id`: the stored camera whose password is taken if none is typed.
pub async fn probe(input: &CameraInput, camera_id: Option<i64>) -> Result<ProbeReport, Problem> {
    let query = camera_id.map(|id| format!("?camera_id={id}")).unwrap_or_default();
    ask(Request::post, &format!("/cameras/probe{query}"), input).await
}

/// Searches the server's networks for cameras. Takes seconds.
pub async fn discover() -> Result<DiscoveryReport, Problem> {
    read(press("/discovery").await?).await
}

/// The settings of a stored camera, or those that a new one of this profile inherits.
pub async fn settings(camera_id: Option<i64>, profile: Profile) -> Result<Vec<CameraSetting>, Problem> {
    let path = match (camera_id, profile) {
        (Some(id), _) => format!("/cameras/{id}/settings"),
        (None, Profile::GenericRtsp) => "/cameras/settings".to_owned(),
        (None, Profile::Ffmpeg) => "/cameras/settings?profile=ffmpeg".to_owned(),
        (None, Profile::TestPattern) => "/cameras/settings?profile=test_pattern".to_owned(),
    };
    get(&path).await
}

/// Entries of the incident log, the newest first: of one camera, or all.
pub async fn incidents(camera_id: Option<i64>, query: &IncidentQuery) -> Result<Vec<Incident>, Problem> {
    let path = match camera_id {
        Some(id) => format!("/cameras/{id}/incidents"),
        None => "/incidents".to_owned(),
    };
    let numbers = [("before", query.before.map(|id| id.to_string())), ("limit", query.limit.map(|limit| limit.to_string()))];
    let times = [("from", query.from.clone()), ("to", query.to.clone())];
    let pairs = numbers.into_iter().chain(times).filter_map(|(name, value)| Some((name, value?)));
    read(at(Request::get, &path).query(pairs).send().await.map_err(|_| unreachable())?).await
}

/// How much of the week a camera could be seen.
pub async fn availability(id: i64) -> Result<Availability, Problem> {
    get(&format!("/cameras/{id}/availability")).await
}

/// How a camera's streams went.
pub async fn timeline(id: i64, range: TimelineRange) -> Result<Timeline, Problem> {
    let range = match range {
        TimelineRange::Day => "day",
        TimelineRange::Week => "week",
    };
    get(&format!("/cameras/{id}/timeline?range={range}")).await
}

/// What the server did about a stream that a viewer finds bad.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Recovered {
    pub restarted: bool,
    /// Why, or why not.
    pub reason: String,
}

/// Asks the server to look at its own evidence, and to connect a stream anew if that is bad.
pub async fn recover(id: i64, quality: Quality) -> Result<Recovered, Problem> {
    read(press(&format!("/cameras/{id}/streams/{}/recover", quality.as_str())).await?).await
}

/// What is set for the whole installation.
pub async fn installation() -> Result<InstallationSettings, Problem> {
    get("/settings").await
}

/// Changes what is set for the whole installation.
pub async fn update_installation(patch: &InstallationPatch) -> Result<InstallationSettings, Problem> {
    ask(Request::patch, "/settings", patch).await
}

/// Where recordings go.
pub async fn recording_place() -> Result<RecordingPlace, Problem> {
    get("/settings/recordings").await
}

/// Chooses where recordings go.
pub async fn choose_recording_place(input: &RecordingPlaceInput) -> Result<RecordingPlace, Problem> {
    ask(Request::put, "/settings/recordings", input).await
}

/// Sends a webhook once, as typed.
pub async fn test_webhook(input: &WebhookInput) -> Result<WebhookReport, Problem> {
    ask(Request::post, "/settings/webhook/test", input).await
}

/// Starts a recording; it ends by itself after an hour.
pub async fn start_recording(camera_id: i64) -> Result<(), Problem> {
    tell(Request::post, &format!("/cameras/{camera_id}/recording"), &RecordingInput::default()).await
}

/// Ends a camera's recording.
pub async fn stop_recording(camera_id: i64) -> Result<(), Problem> {
    delete(&format!("/cameras/{camera_id}/recording")).await
}

/// Connects a stream anew, now.
pub async fn restart(id: i64, quality: Quality) -> Result<(), Problem> {
    accept(press(&format!("/cameras/{id}/streams/{}/restart", quality.as_str())).await?).await.map(drop)
}

/// Puts all cameras into this order.
pub async fn reorder_cameras(camera_ids: Vec<i64>) -> Result<(), Problem> {
    let body = serde_json::json!({ "camera_ids": camera_ids });
    tell(Request::put, "/cameras/order", &body).await
}

/// How the server and its machine are.
pub async fn system_health() -> Result<SystemHealth, Problem> {
    get("/system/health").await
}

/// The last hour of every stream in points of `step_s` seconds.
pub async fn history(step_s: u32) -> Result<History, Problem> {
    get(&format!("/system/history?step_s={step_s}")).await
}

/// Signs in; the browser keeps the cookie. `stay`: for a display that is to stay signed in.
pub async fn sign_in(username: &str, password: &str, stay: bool) -> Result<WhoAmI, Problem> {
    let body = SignIn { username: username.to_owned(), password: Password(password.to_owned()), stay };
    ask(Request::post, "/session", &body).await
}

/// Signs out here.
pub async fn sign_out() -> Result<(), Problem> {
    delete("/session").await
}

/// Who is signed in here.
pub async fn who_am_i() -> Result<WhoAmI, Problem> {
    get("/session").await
}

/// Makes the first account, and signs it in.
pub async fn set_up(body: &FirstAdmin) -> Result<(), Problem> {
    tell(Request::post, "/setup", body).await
}

/// Changes the own password.
pub async fn change_password(body: &PasswordChange) -> Result<(), Problem> {
    tell(Request::put, "/session/password", body).await
}

/// Where one is signed in.
pub async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    get("/sessions").await
}

/// Signs out in one place.
pub async fn end_session(id: &str) -> Result<(), Problem> {
    delete(&format!("/sessions/{id}")).await
}

/// Signs out everywhere, here as well.
pub async fn end_all_sessions() -> Result<(), Problem> {
    delete("/sessions").await
}

/// Whether the server's process answers at all.
pub async fn server_answers() -> bool {
    let answer = Request::get("/health/live").cache(web_sys::RequestCache::NoStore).send().await;
    answer.is_ok_and(|answer| answer.ok())
}

/// Whether the server no longer has this page's own program: it is another version now.
pub async fn is_outdated() -> bool {
    let Some(script) = document().document_element().and_then(|root| root.get_attribute("data-program")) else { return false };
    // Past the browser's store, where the files of this version stay.
    let answer = Request::get(&script).cache(web_sys::RequestCache::NoStore).send().await;
    answer.is_ok_and(|answer| answer.status() == 404)
}

fn force_query(force: bool) -> &'static str {
    if force { "?force=true" } else { "" }
}

/// A request to a path of the API.
fn at(method: fn(&str) -> RequestBuilder, path: &str) -> RequestBuilder {
    method(&format!("{BASE}{path}"))
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Problem> {
    read(at(Request::get, path).send().await.map_err(|_| unreachable())?).await
}

async fn delete(path: &str) -> Result<(), Problem> {
    accept(at(Request::delete, path).send().await.map_err(|_| unreachable())?).await.map(drop)
}

/// A request without a body.
async fn press(path: &str) -> Result<Response, Problem> {
    at(Request::post, path).send().await.map_err(|_| unreachable())
}

async fn send(method: fn(&str) -> RequestBuilder, path: &str, body: &impl Serialize) -> Result<Response, Problem> {
    let request = at(method, path).json(body).map_err(|_| unreadable())?;
    request.send().await.map_err(|_| unreachable())
}

/// Sends a body and reads the answer.
async fn ask<T: DeserializeOwned>(method: fn(&str) -> RequestBuilder, path: &str, body: &impl Serialize) -> Result<T, Problem> {
    read(send(method, path, body).await?).await
}

/// Sends a body; the answer has none.
async fn tell(method: fn(&str) -> RequestBuilder, path: &str, body: &impl Serialize) -> Result<(), Problem> {
    accept(send(method, path, body).await?).await.map(drop)
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Problem> {
    accept(answer).await?.json().await.map_err(|_| unreadable())
}

async fn accept(answer: Response) -> Result<Response, Problem> {
    if answer.ok() {
        return Ok(answer);
    }
    let status = answer.status();
    if status == 401 {
        // The session has ended: the sign-in page leads back here. On that page itself this does nothing.
        place::go_to_sign_in();
    }
    // A proxy in between answers without problem details.
    Err(answer.json().await.unwrap_or_else(|_| problem(status, "http", text::REQUEST_FAILED)))
}

fn unreachable() -> Problem {
    problem(0, "server_unreachable", text::REQUEST_FAILED)
}

fn unreadable() -> Problem {
    problem(0, "unreadable", text::ANSWER_UNREADABLE)
}

fn problem(status: u16, code: &str, detail: &str) -> Problem {
    Problem {
        kind: "about:blank".to_owned(),
        title: detail.to_owned(),
        status,
        code: code.to_owned(),
        detail: detail.to_owned(),
        field: None,
    }
}
