//! What the pages of recordings ask the API for.

use super::{BASE, accept, ask, at, delete, get, read, unreachable};
use crate::model::{LinkInfo, Problem, Recording, RecordingList, RecordingPatch};
use gloo::net::http::Request;

/// Which recordings are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub camera: Option<i64>,
    /// RFC 3339.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Only older ones than this.
    pub before: Option<i64>,
    pub limit: u32,
}

/// Recordings that one may play, the newest first.
pub async fn recordings(asked: &Asked) -> Result<RecordingList, Problem> {
    let numbers = [("camera", asked.camera), ("before", asked.before), ("limit", Some(i64::from(asked.limit)))];
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, value?.to_string())));
    let times = [("from", asked.from.clone()), ("to", asked.to.clone())];
    let pairs: Vec<_> = numbers.chain(times.into_iter().filter_map(|(name, value)| Some((name, value?)))).collect();
    read(at(Request::get, "/recordings").query(pairs).send().await.map_err(|_| unreachable())?).await
}

/// One recording.
pub async fn recording(id: i64) -> Result<Recording, Problem> {
    get(&format!("/recordings/{id}")).await
}

/// Gives a recording another title.
pub async fn rename(id: i64, title: String) -> Result<Recording, Problem> {
    ask(Request::patch, &format!("/recordings/{id}"), &RecordingPatch { title }).await
}

/// Removes a recording with its files.
pub async fn remove(id: i64) -> Result<(), Problem> {
    delete(&format!("/recordings/{id}")).await
}

/// Why the video of a recording can't be had; Ok: the server gives it.
pub async fn try_video(id: i64) -> Result<(), Problem> {
    let request = at(Request::get, &format!("/recordings/{id}/video.mp4")).header("range", "bytes=0-0");
    accept(request.send().await.map_err(|_| unreachable())?).await.map(drop)
}

/// The links that one has made, or for admins all, to one recording.
pub async fn links_to(recording_id: i64) -> Result<Vec<LinkInfo>, Problem> {
    let links: Vec<LinkInfo> = get("/links").await?;
    Ok(links.into_iter().filter(|link| link.recording_id == Some(recording_id)).collect())
}

/// Where the browser gets the parts of a recording.
pub fn video(id: i64) -> String {
    format!("{BASE}/recordings/{id}/video.mp4")
}

pub fn poster(id: i64) -> String {
    format!("{BASE}/recordings/{id}/poster.jpg")
}

pub fn export(id: i64) -> String {
    format!("{BASE}/recordings/{id}/export.mp4")
}
