//! A server with two cameras and one of each who may ask.

use crate::support::{Answer, TestApp};
use app::model::{CameraAction, Grant, GrantTarget, Password, Role, TokenScope};
use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Request, StatusCode};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;
use server::entities::recording;
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::sessions::{SIGNED_IN, SignedIn, Subject};
use server::people::{NewLink, NewPerson, NewToken};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

pub const PASSWORD: &str = "violet ferry onion crane";

pub struct House {
    pub app: TestApp,
    /// A camera that the viewer, the guest and the reading token may watch.
    pub gate: i64,
    /// One that they may not.
    pub vault: i64,
    /// A signed link for players to the gate, one that has ended, and the guest's.
    pub link: String,
    pub ended_link: String,
    guest: i64,
    /// A recording of the gate, one of the vault, and a guest's link to the first.
    pub gate_recording: i64,
    pub vault_recording: i64,
    clip: i64,
    /// Of tokens to administer: one that was revoked, and one whose time is over.
    token_revoked: String,
    token_ended: String,
    token_read: String,
    token_operate: String,
    token_admin: String,
}

impl House {
    pub async fn new() -> Self {
        let app = TestApp::start().await;
        let (gate, vault) = (app.add("Gate").await, app.add("Vault").await);
        let people = &app.state.people;
        let watch = vec![Grant { target: GrantTarget::Camera(gate), actions: vec![CameraAction::Live, CameraAction::Audio] }];
        let care = vec![Grant { target: GrantTarget::Camera(gate), actions: vec![CameraAction::Live, CameraAction::Configure] }];
        for (name, role, grants) in [
            ("stranger", Role::Viewer, Some(Vec::new())),
            ("viewer", Role::Viewer, Some(watch)),
            ("operator", Role::Operator, None),
            ("carer", Role::Operator, Some(care)),
            ("admin 2", Role::Admin, None),
        ] {
            let new = NewPerson { name: name.into(), role, grants, password: Password(PASSWORD.into()) };
            people.add_person(Actor::console(), new).await.expect("an account");
        }
        let link = async |kind, hours| {
            let new = NewLink {
                kind,
                label: "Hall".into(),
                camera: gate,
                stream: None,
                recording: None,
                actions: vec![CameraAction::Live],
                created_by: None,
                expires_at: people.now() + Duration::hours(hours),
            };
            let (link, text) = people.add_link(Actor::console(), new).await.expect("a link");
            (link.id, text.to_string())
        };
        let ((_, open), (guest, _), (ended, ended_link)) =
            (link(LinkKind::Media, 1).await, link(LinkKind::Guest, 1).await, link(LinkKind::Media, 1).await);
        people.revoke_link(Actor::console(), ended).await.expect("revoked");
        let (gate_recording, vault_recording) = (recording(&app, gate, "Gate").await, recording(&app, vault, "Vault").await);
        let clip = NewLink {
            kind: LinkKind::Guest,
            label: "Insurance".into(),
            camera: gate,
            stream: None,
            recording: Some(gate_recording),
            actions: vec![CameraAction::Playback],
            created_by: None,
            expires_at: people.now() + Duration::hours(1),
        };
        let clip = people.add_link(Actor::console(), clip).await.expect("a link").0.id;
        let token = async |scope, camera_ids, expires_at| {
            let new = NewToken { name: "Table".into(), scope, owner: None, camera_ids, expires_at };
            let (token, secret) = people.add_token(Actor::console(), new).await.expect("a token");
            (token.id, format!("Bearer {}", &*secret))
        };
        let (revoked, token_revoked) = token(TokenScope::Admin, None, None).await;
        people.remove_token(Actor::console(), revoked).await.expect("revoked");
        let soon = people.now() + Duration::milliseconds(100);
        let (_, token_ended) = token(TokenScope::Admin, None, Some(soon)).await;
        while people.now() <= soon {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let (_, token_read) = token(TokenScope::Read, Some(vec![gate]), None).await;
        let (_, token_operate) = token(TokenScope::Operate, None, None).await;
        let (_, token_admin) = token(TokenScope::Admin, None, None).await;
        Self {
            gate,
            vault,
            link: open,
            ended_link,
            guest,
            gate_recording,
            vault_recording,
            clip,
            token_revoked,
            token_ended,
            token_read,
            token_operate,
            token_admin,
            app,
        }
    }

    /// A server that nobody has set up.
    pub async fn bare() -> Self {
        let none = String::new;
        let app = TestApp::start_bare().await;
        Self {
            app,
            gate: 1,
            vault: 2,
            link: "aaaa".into(),
            ended_link: "bbbb".into(),
            guest: 1,
            gate_recording: 1,
            vault_recording: 2,
            clip: 1,
            token_revoked: none(),
            token_ended: none(),
            token_read: none(),
            token_operate: none(),
            token_admin: none(),
        }
    }

    fn person(&self, name: &str) -> Subject {
        let person = self.app.state.people.person_by_name(name).expect("an account");
        Subject::Person { id: person.id, generation: person.generation }
    }

    /// A cookie of a session that was stored as tower-sessions does, until `until` at the latest.
    pub async fn session(&self, subject: Subject, until: Option<OffsetDateTime>) -> String {
        let until = until.map(OffsetDateTime::unix_timestamp);
        let signed_in = SignedIn { subject, rises: 0, address: "192.168.1.5".into(), user_agent: "a browser".into(), until, stay: false };
        let data = HashMap::from([(SIGNED_IN.to_owned(), serde_json::to_value(signed_in).expect("JSON"))]);
        let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() };
        self.app.state.people.sessions().create(&mut record).await.expect("stored");
        format!("nightjar={}", record.id)
    }

    /// A cookie of somebody who has just signed in with their password.
    pub async fn cookie(&self, name: &str) -> String {
        let answer = sign_in(&self.app, name, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text);
        cookie(&answer)
    }

    /// The header that makes a request somebody's.
    pub async fn header(&self, who: &str) -> (&'static str, String) {
        let cookie = match who {
            "nobody" | "link" => "other=1".to_owned(),
            "expired" => self.session(self.person("admin 2"), Some(self.app.state.people.now() - Duration::seconds(1))).await,
            "guest" => self.session(Subject::Guest { link: self.guest }, None).await,
            "clip" => self.session(Subject::Guest { link: self.clip }, None).await,
            "admin" => self.session(self.person("admin 2"), None).await,
            "revoked" => return ("authorization", self.token_revoked.clone()),
            "t-ended" => return ("authorization", self.token_ended.clone()),
            "t-read" => return ("authorization", self.token_read.clone()),
            "t-operate" => return ("authorization", self.token_operate.clone()),
            "t-admin" => return ("authorization", self.token_admin.clone()),
            person => self.session(self.person(person), None).await,
        };
        ("cookie", cookie)
    }

    pub async fn ask(&self, method: &str, path: &str, (name, value): &(&'static str, String)) -> Answer {
        let path = path.replace("{gate}", &self.gate.to_string()).replace("{secret}", &self.vault.to_string());
        let request = Request::builder().method(method).uri(path).header(*name, value);
        self.app.send(request.body(Body::empty()).expect("a request")).await
    }
}

pub async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    let request = Request::post("/api/v1/session").header("content-type", "application/json").header(COOKIE, "other=1");
    app.send(request.body(Body::from(json!({ "username": name, "password": password }).to_string())).expect("a request")).await
}

#[track_caller]
pub fn cookie(answer: &Answer) -> String {
    let set = answer.headers[SET_COOKIE].to_str().expect("text");
    set.split(';').next().expect("a cookie").to_owned()
}

/// A recording whose files are on a disk that is gone: what reads them is answered at once.
async fn recording(app: &TestApp, camera: i64, name: &str) -> i64 {
    let row = recording::ActiveModel {
        camera_id: Set(camera),
        camera_name: Set(name.to_owned()),
        quality: Set("main".to_owned()),
        kind: Set("manual".to_owned()),
        title: Set(String::new()),
        folder: Set("/nowhere".to_owned()),
        stem: Set(format!("recording-{camera}")),
        start_ms: Set(1_790_000_000_000),
        end_ms: Set(Some(1_790_000_060_000)),
        duration_ms: Set(60_000),
        bytes: Set(1_000_000),
        ended_by: Set(Some("stopped".to_owned())),
        recorded_by: Set("operator".to_owned()),
        has_poster: Set(true),
        deleted: Set(false),
        ..recording::ActiveModel::default()
    };
    let transaction = app.state.db.begin().await.expect("a transaction");
    let row = recording::Entity::insert(row).exec_with_returning(&transaction).await.expect("stored");
    transaction.commit().await.expect("stored");
    row.id
}
