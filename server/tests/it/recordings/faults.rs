//! Recordings when something goes wrong: the camera, the disk, the server.

use super::{Site, codecs, listed, probed};
use crate::live_support::{Server, timely};
use media::CameraId;
use media::id::Quality;
use media::stream::StreamState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use server::entities::{recording, recording_file};
use server::people::audit::Actor;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_comes_back_goes_on_in_another_file_of_the_same_recording() {
    let site = Site::new().await;
    let started = site.start(json!({})).await;
    let id = &started["id"];
    site.until(id, |told| told["duration_ms"].as_u64() >= Some(1500)).await;
    site.camera.refuse().await;
    site.camera.drop_connections().await.expect("dropped");
    site.server.until(site.id, Quality::Main, |status| status.state == StreamState::Backoff).await;
    // Longer than what counts as a gap.
    tokio::time::sleep(Duration::from_secs(1)).await;
    site.camera.resume().await;
    let before = site.until(id, |_| true).await["duration_ms"].as_u64().expect("a number");
    site.until(id, |told| told["duration_ms"].as_u64() >= Some(before + 1500)).await;
    let ended = site.stop().await;
    let mut http = site.server.http().await;
    let list = listed(&mut http, "").await;
    let gap = &list["gaps"][0];
    assert_eq!((&gap["recording_id"], list["gaps"].as_array().map(Vec::len)), (id, Some(1)), "{list}");
    let between = |from: &Value, to: &Value| {
        let at = |value: &Value| {
            let format = &time::format_description::well_known::Rfc3339;
            time::OffsetDateTime::parse(value.as_str().expect("text"), format).expect("a moment")
        };
        (at(to) - at(from)).as_seconds_f64()
    };
    let dark = between(&gap["start"], &gap["end"]);
    assert!(dark >= 0.5, "{list}");
    let (plays, lasted) = (ended["duration_ms"].as_f64().expect("a number") / 1000.0, between(&ended["start"], &ended["end"]));
    assert!((lasted - plays - dark).abs() < 0.5, "{plays} s of {lasted} s, dark for {dark} s");
    // One film of both.
    let film = http.get(&format!("/api/v1/recordings/{id}/video.mp4")).await;
    let probe = probed(&film.body);
    assert_eq!(codecs(&probe), ["h264", "aac"]);
    let seconds: f64 = probe["format"]["duration"].as_str().and_then(|text| text.parse().ok()).expect("a duration");
    assert!((seconds - plays).abs() < 0.3, "{seconds} s, told {plays} s");
    site.camera.shutdown().await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_is_switched_off_ends_its_recording_and_one_that_is_off_has_none() {
    let site = Site::new().await;
    let started = site.start(json!({})).await;
    site.until(&started["id"], |told| told["duration_ms"].as_u64() > Some(0)).await;
    let mut http = site.server.http().await;
    let camera = format!("/api/v1/cameras/{}", site.id);
    assert_eq!(http.json("PATCH", &camera, &json!({ "enabled": false })).await.status, 200);
    let ended = site.until(&started["id"], |told| !told["ended_by"].is_null()).await;
    assert_eq!(ended["ended_by"], "camera_gone");
    assert_eq!(http.json("POST", &site.path(), &json!({})).await.problem(409), "camera_off");
    site.camera.shutdown().await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_keeps_what_there_is() {
    let site = Site::new().await;
    let started = site.start(json!({})).await;
    site.until(&started["id"], |told| told["duration_ms"].as_u64() >= Some(1000)).await;
    let server = site.server.restart().await;
    let mut http = server.http().await;
    let own = format!("/api/v1/recordings/{}", started["id"]);
    let told = http.get(&own).await.json();
    assert_eq!(told["ended_by"], "server_stopped", "{told}");
    assert!(told["duration_ms"].as_u64() >= Some(1000), "{told}");
    assert_eq!(codecs(&probed(&http.get(&format!("{own}/video.mp4")).await.body)), ["h264", "aac"]);
    site.camera.shutdown().await;
    server.stop().await;
}

/// The rows and files as a power cut leaves them: no end, and the last file torn in the middle of a picture.
async fn tear(server: &Server, folder: &std::path::Path, id: i64) {
    let transaction = server.state.db.begin().await.expect("a transaction");
    recording_file::Entity::delete_many().filter(recording_file::Column::RecordingId.eq(id)).exec(&transaction).await.expect("deleted");
    recording::Entity::update_many()
        .col_expr(recording::Column::EndedBy, Expr::value(None::<String>))
        .col_expr(recording::Column::EndMs, Expr::value(None::<i64>))
        .col_expr(recording::Column::DurationMs, Expr::value(0_i64))
        .col_expr(recording::Column::Bytes, Expr::value(0_i64))
        .filter(recording::Column::Id.eq(id))
        .exec(&transaction)
        .await
        .expect("changed");
    transaction.commit().await.expect("changed");
    let mut films: Vec<_> = folder.read_dir().expect("a folder").map(|entry| entry.expect("one").path()).collect();
    films.retain(|path| path.extension().is_some_and(|kind| kind == "mp4"));
    let file = std::fs::OpenOptions::new().write(true).open(films.iter().max().expect("a film")).expect("the file");
    let length = file.metadata().expect("a length").len();
    file.set_len(length - 37).expect("cut");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_the_start_makes_it_whole() {
    let site = Site::new().await;
    let before = site.recording(2500).await;
    let id = before["id"].as_i64().expect("a number");
    tear(&site.server, &site.folder(), id).await;
    // Not while its disk is away.
    let away = site.folder().with_extension("away");
    std::fs::rename(site.folder(), &away).expect("unplugged");
    let folder = site.folder();
    let server = site.server.restart().await;
    let mut http = server.http().await;
    assert_eq!(http.get(&format!("/api/v1/recordings/{id}/video.mp4")).await.problem(503), "recording_unavailable");
    // Nor while there is an empty place of the same name.
    let other = server.state.recordings.start(Actor::console(), "Ann", CameraId(site.id), Some(1)).await;
    assert!(other.is_ok() && folder.is_dir(), "{other:?}");
    let told = http.get(&format!("/api/v1/recordings/{id}")).await.json();
    assert_eq!((&told["ended_by"], &told["duration_ms"]), (&json!("server_stopped"), &json!(0)));
    assert_eq!(http.get(&format!("/api/v1/recordings/{id}/video.mp4")).await.problem(503), "recording_unavailable");
    std::fs::remove_dir_all(&folder).expect("unplugged");
    std::fs::rename(&away, folder).expect("plugged in");
    let server = server.restart().await;
    let mut http = server.http().await;
    let whole = async {
        loop {
            let told = http.get(&format!("/api/v1/recordings/{id}")).await.json();
            if told["duration_ms"].as_u64() > Some(0) {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = timely("the recording is whole", whole).await;
    assert_eq!((&told["ended_by"], &told["start"]), (&json!("server_stopped"), &before["start"]), "{told}");
    let (was, is) = (before["duration_ms"].as_u64().expect("a number"), told["duration_ms"].as_u64().expect("a number"));
    assert!(is <= was && was - is <= 2000, "{is} ms of {was} ms");
    assert_eq!(codecs(&probed(&http.get(&format!("/api/v1/recordings/{id}/video.mp4")).await.body)), ["h264", "aac"]);
    site.camera.shutdown().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_gone_is_said() {
    let site = Site::new().await;
    let id = site.recording(500).await["id"].clone();
    let mut http = site.server.http().await;
    let folder_before = site.folder();
    let other = tempfile::tempdir().expect("a folder");
    let chosen = other.path().join("disk");
    let put = http.json("PUT", "/api/v1/settings/recordings", &json!({ "folder": chosen })).await;
    assert_eq!(put.status, 200, "{}", put.text());
    std::fs::remove_dir_all(&chosen).expect("unplugged");
    let refused = http.json("POST", &site.path(), &json!({})).await;
    assert_eq!(refused.problem(503), "storage_unavailable");
    assert_eq!(listed(&mut http, "").await["spans"].as_array().map(Vec::len), Some(1), "nothing was begun");
    // Older ones stay where they were.
    let video = format!("/api/v1/recordings/{id}/video.mp4");
    assert_eq!(http.get(&video).await.status, 200);
    let (folder, away) = (folder_before, other.path().join("away"));
    std::fs::rename(&folder, &away).expect("unplugged");
    assert_eq!(http.get(&video).await.problem(503), "recording_unavailable");
    assert_eq!(http.get(&format!("/api/v1/recordings/{id}/poster.jpg")).await.problem(503), "recording_unavailable");
    // Deleted meanwhile: its files go when their disk is back.
    let deleted = http.request("DELETE", &format!("/api/v1/recordings/{id}"), &[], None).await;
    assert_eq!((deleted.status, http.get(&video).await.status), (204, 404));
    std::fs::rename(&away, &folder).expect("plugged in");
    let server = site.server.restart().await;
    let swept = async {
        while folder.read_dir().expect("a folder").next().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timely("its files are gone", swept).await;
    server.stop().await;
    site.camera.shutdown().await;
}
