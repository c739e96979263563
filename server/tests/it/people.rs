//! Accounts, sessions, tokens and links as the service gives them, with a real database. How the routes use them is in `guard`.

use crate::support::TestApp;
use app::model::{CameraAction, Grant, GrantTarget, Password, Role, TokenScope};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::Value;
use server::entities::{link, session};
use server::people::audit::{self, Actor, Filter};
use server::people::directory::LinkKind;
use server::people::principal::{Place, Who};
use server::people::sessions::{self, SIGNED_IN, SignedIn, Subject};
use server::people::{NewLink, NewPerson, NewToken, People, PersonPatch};
use std::collections::HashMap;
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 5));
const PASSWORD: &str = "violet ferry onion crane";

fn new(name: &str, role: Role) -> NewPerson {
    NewPerson { name: name.into(), role, grants: None, password: Password(PASSWORD.into()) }
}

async fn add(people: &People, name: &str, role: Role) -> i64 {
    people.add_person(Actor::console(), new(name, role)).await.expect("an account").id
}

fn camera(id: i64) -> Place<'static> {
    Place { camera: media::CameraId(id), group: None }
}

/// Stores a session as tower-sessions does; its id.
async fn session(people: &People, subject: Subject) -> Id {
    begun(people, subject, false).await
}

/// The same; `stay` as displays do.
async fn begun(people: &People, subject: Subject, stay: bool) -> Id {
    let signed_in = SignedIn { subject, address: HOME.to_string(), user_agent: "a browser".into(), rises: 0, until: None, stay };
    let data = HashMap::from([(SIGNED_IN.to_owned(), serde_json::to_value(signed_in).expect("JSON"))]);
    let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() };
    people.sessions().create(&mut record).await.expect("stored");
    record.id
}

fn role_of(people: &People, id: &Id) -> Option<Role> {
    people.by_session(sessions::hash(id)).map(|principal| principal.role())
}

/// What happens to accounts on either database.
pub async fn accounts_live(app: &TestApp) {
    let people = &app.state.people;
    assert!(!people.directory().has_accounts());
    let admin = add(people, "Ann", Role::Admin).await;
    let taken = people.add_person(Actor::console(), new("ANN", Role::Viewer)).await.expect_err("taken");
    assert_eq!((taken.code(), taken.status().as_u16()), ("username_taken", 409));
    let weak = NewPerson { password: Password("Password1234".into()), ..new("Bob", Role::Viewer) };
    assert_eq!(people.add_person(Actor::console(), weak).await.expect_err("weak").code(), "password_common");

    // Two at the same moment under one name: one wins, by the database's word.
    let both = futures::future::join_all((0..3).map(|_| people.add_person(Actor::console(), new("Carl", Role::Operator)))).await;
    assert_eq!(both.iter().filter(|added| added.is_ok()).count(), 1);

    for refused in [
        people.remove_person(Actor::console(), admin).await.expect_err("the last admin"),
        people
            .change_person(Actor::console(), admin, PersonPatch { role: Some(Role::Viewer), ..PersonPatch::default() })
            .await
            .expect_err("the last admin"),
        people
            .change_person(Actor::console(), admin, PersonPatch { disabled: Some(true), ..PersonPatch::default() })
            .await
            .expect_err("the last admin"),
    ] {
        assert_eq!((refused.code(), refused.status().as_u16()), ("last_admin", 409));
    }
    let second = add(people, "Dora", Role::Admin).await;
    people.remove_person(Actor::console(), admin).await.expect("no longer the last");
    assert_eq!(people.remove_person(Actor::console(), second).await.expect_err("the last").code(), "last_admin");

    let gate = app.add("Gate").await;
    let grants = vec![Grant { target: GrantTarget::Camera(gate), actions: vec![CameraAction::Live] }];
    let viewer = add(people, "Eve", Role::Viewer).await;
    let patch = PersonPatch { grants: Some(grants), ..PersonPatch::default() };
    let changed = people.change_person(Actor::console(), viewer, patch).await.expect("granted");
    assert!(changed.rights.on(gate, None).has(CameraAction::Live) && changed.rights.on(gate + 1, None).is_empty());
    let unknown = vec![Grant { target: GrantTarget::Camera(999), actions: vec![CameraAction::Live] }];
    let patch = PersonPatch { grants: Some(unknown), ..PersonPatch::default() };
    let refused = people.change_person(Actor::console(), viewer, patch).await.expect_err("no such camera").problem();
    assert_eq!((refused.status, refused.field.as_deref()), (422, Some("grants[0].target")));

    // A removed camera takes its grants along.
    assert_eq!(app.delete(&format!("/api/v1/cameras/{gate}")).await.status.as_u16(), 204);
    let subject = people.sign_in(HOME, "eve", PASSWORD).await.expect("right");
    let id = session(people, subject).await;
    assert_eq!(role_of(people, &id), Some(Role::Viewer));
    people.write().await.expect("written");
    let (token, secret) = people
        .add_token(
            Actor::console(),
            NewToken { name: "Door".into(), scope: TokenScope::Read, owner: Some(viewer), camera_ids: None, expires_at: None },
        )
        .await
        .expect("a token");
    assert!(people.by_token(&secret).is_some());
    people.remove_person(Actor::console(), viewer).await.expect("removed");
    assert_eq!(role_of(people, &id), None);
    assert!(people.by_token(&secret).is_none() && !people.directory().tokens.contains_key(&token.id));
    let log = audit::list(&app.state.db, &Filter { limit: 100, ..Filter::default() }).await.expect("the log");
    let actions: Vec<_> = log.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(&actions[..2], ["user.delete", "api_token.create"]);
    let text = format!("{log:?}");
    assert!(!text.contains(PASSWORD) && !text.contains(&**secret) && !text.contains("argon2"), "{text}");
}

#[tokio::test]
async fn accounts_and_their_rules() {
    accounts_live(&TestApp::start_bare().await).await;
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike_and_guessing_slows_down() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    let disabled = add(people, "Bob", Role::Viewer).await;
    people
        .change_person(Actor::console(), disabled, PersonPatch { disabled: Some(true), ..PersonPatch::default() })
        .await
        .expect("disabled");
    let mut answers = Vec::new();
    for (name, password) in [("Ann", "wrong"), ("nobody", "wrong"), ("Bob", PASSWORD), ("", ""), ("\u{0}", "x")] {
        answers.push(people.sign_in(HOME, name, password).await.expect_err("refused").problem());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!((answers[0].status, answers[0].code.as_str()), (401, "sign_in_failed"));
    let subject = people.sign_in(HOME, " ANN ", PASSWORD).await.expect("right");
    assert!(matches!(subject, Subject::Person { .. }));
    let away = IpAddr::from([203, 0, 113, 9]);
    let refused = loop {
        let error = people.sign_in(away, "Ann", "wrong").await.expect_err("refused");
        if error.code() != "sign_in_failed" {
            break error;
        }
    };
    assert_eq!((refused.code(), refused.status().as_u16()), ("too_many_attempts", 429));
    // Nor does the right password of an account that is turned off end the delays.
    let other = IpAddr::from([203, 0, 113, 10]);
    let mut tries = 0;
    while people.sign_in(other, "Bob", PASSWORD).await.expect_err("refused").code() == "sign_in_failed" {
        tries += 1;
        assert!(tries < 20, "a disabled account's password can be found out");
    }
    // The owner, where she was before, is not held up.
    people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
}

#[tokio::test]
async fn the_set_up_token_makes_one_admin_and_is_of_no_use_afterwards() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let token = people.setup_token().expect("a token while there is no account");
    let attempt =
        async |token: String, name: &str, password: &str| people.set_up(HOME, &token, name.to_owned(), Password(password.to_owned())).await;
    assert_eq!(attempt("nonsense".into(), "Ann", PASSWORD).await.expect_err("wrong").code(), "setup_token_wrong");
    assert_eq!(attempt(token.clone(), "Ann", "short").await.expect_err("weak").code(), "password_too_short");
    let person = attempt(token.clone(), "Ann", PASSWORD).await.expect("set up");
    assert_eq!(person.role, Role::Admin);
    assert_eq!(attempt(token, "Mallory", PASSWORD).await.expect_err("over").code(), "already_set_up");
    assert_eq!(people.setup_token(), None);
    let app = app.restart().await;
    assert_eq!(app.state.people.setup_token(), None);
}

#[tokio::test]
async fn sessions_outlive_a_restart_and_nothing_stored_is_a_usable_cookie() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let person = add(people, "Ann", Role::Admin).await;
    let subject = people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
    let id = session(people, subject).await;
    assert!(people.sessions().load(&id).await.expect("read").is_some());
    let file = std::fs::read(app.data().join("nightjar.db-wal")).expect("the database");
    let cookie = id.to_string();
    assert!(!file.windows(cookie.len()).any(|bytes| bytes == cookie.as_bytes()));
    assert!(!file.windows(16).any(|bytes| bytes == id.0.to_le_bytes()));

    let app = app.restart().await;
    let people = &app.state.people;
    assert_eq!(role_of(people, &id), Some(Role::Admin));
    assert_eq!(role_of(people, &Id::default()), None);

    // Signed out: gone now and after the next start.
    let other = session(people, subject).await;
    people.sessions().delete(&id).await.expect("ended");
    assert_eq!((role_of(people, &id), role_of(people, &other)), (None, Some(Role::Admin)));
    let app = app.restart().await;
    let people = &app.state.people;
    assert_eq!((role_of(people, &id), role_of(people, &other)), (None, Some(Role::Admin)));
    // A request that began before does not bring it back.
    let record = Record { id, data: HashMap::new(), expiry_date: OffsetDateTime::now_utc() + Duration::days(1) };
    assert!(people.sessions().save(&record).await.is_err());

    people.sign_out_everywhere(Actor::console(), person).await.expect("ended");
    assert_eq!(role_of(people, &other), None);
}

/// Puts everything about a session into the past.
async fn age(app: &TestApp, id: &Id, days: i64) {
    let hash: String = sessions::hash(id).iter().map(|byte| format!("{byte:02x}")).collect();
    let change = app.state.db.begin().await.expect("a transaction");
    let row = session::Entity::find_by_id(hash).one(&change).await.expect("read").expect("a row");
    let (created_at, last_seen_at, expires_at) = (row.created_at, row.last_seen_at, row.expires_at);
    let mut row = session::ActiveModel::from(row);
    row.created_at = Set(created_at - Duration::days(days));
    row.last_seen_at = Set(last_seen_at - Duration::days(days));
    row.expires_at = Set(expires_at - Duration::days(days));
    row.update(&change).await.expect("written");
    change.commit().await.expect("written");
}

#[tokio::test]
async fn sessions_end_idle_or_old_and_displays_stay() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    let subject = people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
    // Days since they were used, whether they are a display's, and whether they hold.
    let table = [(6, false, true), (8, false, false), (31, false, false), (60, true, true), (399, true, true), (401, true, false)];
    let mut ids = Vec::new();
    for (days, stay, _) in table {
        let id = begun(people, subject, stay).await;
        assert_eq!(people.sessions().stays(&sessions::hash(&id)), stay);
        age(&app, &id, days).await;
        ids.push(id);
    }
    let app = app.restart().await;
    for (id, (days, stay, holds)) in ids.iter().zip(table) {
        assert_eq!(role_of(&app.state.people, id).is_some(), holds, "{days} days, display: {stay}");
    }
    // What has ended leaves nothing behind.
    app.state.people.write().await.expect("swept");
    let left = session::Entity::find().all(app.state.db.read()).await.expect("the sessions").len();
    assert_eq!(left, table.iter().filter(|(_, _, holds)| *holds).count());
}

#[tokio::test]
async fn a_new_password_or_role_ends_the_sessions() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    let bob = add(people, "Bob", Role::Operator).await;
    let subject = people.sign_in(HOME, "Bob", PASSWORD).await.expect("right");
    let (one, other) = (session(people, subject).await, session(people, subject).await);
    let principal = people.by_session(sessions::hash(&one)).expect("signed in");
    let next = "grandmother sold her boat";
    assert_eq!(people.change_password(&principal, HOME, "wrong", next).await.expect_err("wrong").code(), "password_wrong");
    assert_eq!(people.change_password(&principal, HOME, PASSWORD, PASSWORD).await.expect_err("same").code(), "password_unchanged");
    assert_eq!(
        people.change_password(&principal, HOME, PASSWORD, "short").await.expect_err("weak").problem().field.as_deref(),
        Some("new")
    );
    let subject = people.change_password(&principal, HOME, PASSWORD, next).await.expect("changed");
    assert_eq!((role_of(people, &one), role_of(people, &other)), (None, None));
    let renewed = session(people, subject).await;
    assert_eq!(role_of(people, &renewed), Some(Role::Operator));
    assert!(people.sign_in(HOME, "Bob", PASSWORD).await.is_err());

    people.change_person(Actor::console(), bob, PersonPatch { role: Some(Role::Admin), ..PersonPatch::default() }).await.expect("promoted");
    assert_eq!(role_of(people, &renewed), None, "more rights come with a new session");
}

#[tokio::test]
async fn another_process_is_noticed() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let ann = add(people, "Ann", Role::Admin).await;
    let subject = people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
    let id = session(people, subject).await;
    let mut changes = people.watch();
    // As `nightjar user passwd` does it, with connections of its own.
    let settings = crate::support::settings(app.data(), &[]);
    let db = server::db::Db::open(&settings).await.expect("a second process");
    let sealer = server::secrets::Sealer::open(app.data()).expect("the same key");
    let beside = People::start(db, &sealer, Default::default(), Default::default()).await.expect("people");
    beside.reset_password(Actor::console(), ann, "grandmother sold her boat", "password").await.expect("changed");
    changes.mark_unchanged();
    assert_eq!(role_of(people, &id), Some(Role::Admin), "not noticed yet");
    changes.changed().await.expect("noticed");
    assert_eq!(role_of(people, &id), None);
}

#[tokio::test]
async fn tokens_reach_as_far_as_they_say_and_no_further_than_their_owner() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let ann = add(people, "Ann", Role::Operator).await;
    let token = |scope, owner, camera_ids, expires_at| NewToken { name: "Script".into(), scope, owner, camera_ids, expires_at };
    let make = |new| people.add_token(Actor::console(), new);
    let (stored, read) = make(token(TokenScope::Read, None, Some(vec![1]), None)).await.expect("a token");
    assert!(read.starts_with(&stored.prefix) && read.len() > 50);
    let principal = people.by_token(&read).expect("known");
    assert!(matches!(principal.who, Who::Token { .. }));
    assert!(
        principal.on(camera(1)).has(CameraAction::Live) && !principal.on(camera(1)).has(CameraAction::Ptz) && !principal.sees(camera(2))
    );
    let (_, admin) = make(token(TokenScope::Admin, Some(ann), None, None)).await.expect("a token");
    assert_eq!(people.by_token(&admin).expect("known").role(), Role::Operator, "not more than its owner");
    assert_eq!(
        make(token(TokenScope::Admin, None, Some(vec![1]), None)).await.expect_err("no").problem().field.as_deref(),
        Some("camera_ids")
    );
    let past = Some(OffsetDateTime::now_utc() - Duration::seconds(1));
    assert_eq!(make(token(TokenScope::Read, None, None, past)).await.expect_err("no").code(), "expired");

    for wrong in ["", "nightjar_", &read[1..], &format!("{}x", &read[..read.len() - 1]), &stored.prefix] {
        assert!(people.by_token(wrong).is_none(), "{wrong}");
    }
    people.remove_token(Actor::console(), stored.id).await.expect("revoked");
    assert!(people.by_token(&read).is_none());
    assert_eq!(people.again(&principal), None, "whoever is connected with it loses it as well");
    let disabled = PersonPatch { disabled: Some(true), ..PersonPatch::default() };
    people.change_person(Actor::console(), ann, disabled).await.expect("disabled");
    assert!(people.by_token(&admin).is_none());
}

#[tokio::test]
async fn links_are_for_one_camera_expire_and_are_revoked() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (gate, yard) = (app.add("Gate").await, app.add("Yard").await);
    let in_an_hour = OffsetDateTime::now_utc() + Duration::hours(1);
    let link = |kind, expires_at| NewLink {
        kind,
        label: "Hall screen".into(),
        camera: gate,
        actions: vec![CameraAction::Live, CameraAction::Audio],
        created_by: None,
        expires_at,
    };
    let (stored, text) = people.add_link(Actor::console(), link(LinkKind::Media, in_an_hour)).await.expect("a link");
    let player = people.by_media_link(&text).expect("signed");
    assert!(player.sees(camera(gate)) && !player.sees(camera(yard)) && player.role() == Role::Viewer);
    assert!(people.by_media_link(&text[1..]).is_none());
    people.revoke_link(Actor::console(), stored.id).await.expect("revoked");
    assert!(people.by_media_link(&text).is_none() && people.again(&player).is_none());
    assert_eq!(people.revoke_link(Actor::console(), stored.id).await.expect_err("twice").status().as_u16(), 404);

    let too_long = link(LinkKind::Media, OffsetDateTime::now_utc() + Duration::days(8));
    assert_eq!(people.add_link(Actor::console(), too_long).await.expect_err("too long").problem().field.as_deref(), Some("expires_at"));
    let nowhere = NewLink { camera: 999, ..link(LinkKind::Guest, in_an_hour) };
    assert_eq!(people.add_link(Actor::console(), nowhere).await.expect_err("no camera").status().as_u16(), 404);

    let (guest, secret) = people.add_link(Actor::console(), link(LinkKind::Guest, in_an_hour)).await.expect("a link");
    assert!(people.by_media_link(&secret).is_none());
    let (subject, _) = people.open_guest_link(HOME, &secret).expect("opens");
    // However often it is opened, there are only so many sessions of it, and the newest holds.
    for _ in 0..55 {
        session(people, subject).await;
    }
    let stored = session::Entity::find().all(app.state.db.read()).await.expect("the sessions").len();
    assert_eq!(stored, 50);
    let id = session(people, subject).await;
    let principal = people.by_session(sessions::hash(&id)).expect("a guest");
    assert!(principal.sees(camera(gate)) && !principal.sees(camera(yard)));
    people.revoke_link(Actor::console(), guest.id).await.expect("revoked");
    assert!(people.by_session(sessions::hash(&id)).is_none());
    assert_eq!(people.open_guest_link(HOME, &secret).expect_err("revoked").status().as_u16(), 404);
}

/// They counted, and stayed for up to a year.
#[tokio::test]
async fn revoked_links_make_room_for_new_ones() {
    let app = TestApp::start_bare().await;
    let (people, gate) = (&app.state.people, app.add("Gate").await);
    let link = || NewLink {
        kind: LinkKind::Guest,
        label: "Neighbours".into(),
        camera: gate,
        actions: vec![CameraAction::Live],
        created_by: None,
        expires_at: OffsetDateTime::now_utc() + Duration::days(300),
    };
    let (first, _) = people.add_link(Actor::console(), link()).await.expect("a link");
    let copies = format!(
        "INSERT INTO links (kind, label, camera_id, actions, created_at, expires_at) \
         WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 4999) \
         SELECT kind, label, camera_id, actions, created_at, expires_at FROM links, copy WHERE id = {}",
        first.id
    );
    execute(&app, &copies).await;
    assert_eq!(people.add_link(Actor::console(), link()).await.expect_err("too many").code(), "too_many_links");
    people.revoke_link(Actor::console(), first.id).await.expect("revoked");
    people.add_link(Actor::console(), link()).await.expect("room");
    let stored = async || link::Entity::find().all(app.state.db.read()).await.expect("the links").len();
    assert_eq!(stored().await, 5001);
    people.sweep().await.expect("swept");
    assert_eq!(stored().await, 5000);
}

#[tokio::test]
async fn one_person_does_not_use_up_everybodys_links() {
    let app = TestApp::start_bare().await;
    let (people, gate) = (&app.state.people, app.add("Gate").await);
    let (ann, ben) = (add(people, "Ann", Role::Operator).await, add(people, "Ben", Role::Operator).await);
    let link = |by| NewLink {
        kind: LinkKind::Guest,
        label: "Neighbours".into(),
        camera: gate,
        actions: vec![CameraAction::Live],
        created_by: Some(by),
        expires_at: OffsetDateTime::now_utc() + Duration::days(300),
    };
    let (first, _) = people.add_link(Actor::console(), link(ann)).await.expect("a link");
    let copies = format!(
        "INSERT INTO links (kind, label, camera_id, actions, created_by_id, created_at, expires_at) \
         WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 499) \
         SELECT kind, label, camera_id, actions, created_by_id, created_at, expires_at FROM links, copy WHERE id = {}",
        first.id
    );
    execute(&app, &copies).await;
    assert_eq!(people.add_link(Actor::console(), link(ann)).await.expect_err("too many").code(), "too_many_links");
    people.add_link(Actor::console(), link(ben)).await.expect("Ben's own");
}

/// While the database was away, right passwords counted as guesses.
#[tokio::test]
async fn what_could_not_be_judged_is_no_guess() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    execute(&app, "ALTER TABLE users RENAME TO users_away").await;
    for _ in 0..12 {
        assert_eq!(people.sign_in(HOME, "Ann", PASSWORD).await.expect_err("the accounts are away").code(), "internal");
    }
    execute(&app, "ALTER TABLE users_away RENAME TO users").await;
    people.sign_in(HOME, "Ann", PASSWORD).await.expect("not held up");
}

async fn execute(app: &TestApp, statement: &str) {
    let transaction = app.state.db.begin().await.expect("a transaction");
    transaction.execute_unprepared(statement).await.expect("done");
    transaction.commit().await.expect("committed");
}

/// The log keeps a million entries: what a stranger can do without end must not push out what was written before.
#[tokio::test]
async fn a_stranger_does_not_fill_the_log() {
    let app = TestApp::start().await;
    let ask = |path: String, bearer: Option<&str>| {
        let request = axum::http::Request::get(path).header("cookie", "other=1");
        let request = bearer.into_iter().fold(request, |request, token| request.header("authorization", format!("Bearer {token}")));
        app.send(request.body(axum::body::Body::empty()).expect("a request"))
    };
    for n in 0..30 {
        assert_eq!(ask(format!("/guest/guess{n}"), None).await.status, 404);
        assert_eq!(ask("/api/v1/cameras".into(), Some(&format!("nightjar_guess{n}"))).await.status, 401);
    }
    let app = app.restart().await;
    let count = async |action: &str| {
        let filter = Filter { action: Some(action.into()), outcome: Some("refused".into()), limit: 100, ..Filter::default() };
        audit::list(&app.state.db, &filter).await.expect("the log").len()
    };
    assert_eq!((count("link.open").await, count("api_token.use").await), (1, 1), "told, and told once");
}

#[tokio::test]
async fn what_is_noted_is_written_by_the_end_and_can_be_found() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    add(people, "Ann", Role::Admin).await;
    people.sign_in(HOME, "Ann", PASSWORD).await.expect("right");
    people.sign_in(HOME, "grandmother sold her boat", "").await.expect_err("a password in the wrong field");
    people.sign_in(HOME, " ANN", "guess").await.expect_err("wrong");
    let app = app.restart().await;
    let find = |action: &str, outcome: Option<&str>| {
        let filter = Filter { action: Some(action.to_owned()), outcome: outcome.map(str::to_owned), limit: 10, ..Filter::default() };
        let db = app.state.db.clone();
        async move { audit::list(&db, &filter).await.expect("the log") }
    };
    let refused = find("session.", Some("refused")).await;
    let told: Vec<_> = refused.iter().map(|row| (row.actor_name.as_str(), row.address.as_str())).collect();
    assert_eq!(told, [("Ann", "192.168.1.5"), ("", "192.168.1.5")], "only names of accounts are kept");
    assert_eq!(find("session.sign_in", Some("ok")).await[0].actor_name, "Ann");
    assert_eq!(find("user.create", None).await[0].actor_kind, "console");
    assert_eq!(find("user.create", None).await[0].details["role"], Value::from("admin"));
    assert_eq!(audit::prune(&app.state.db, OffsetDateTime::now_utc() + Duration::hours(1)).await.expect("pruned"), 6);
    assert!(find("", None).await.is_empty());
}

#[tokio::test]
async fn a_use_that_could_not_be_written_is_written_later() {
    let app = TestApp::start().await;
    let people = &app.state.people;
    let new = NewToken { name: "Door".into(), scope: TokenScope::Read, owner: None, camera_ids: None, expires_at: None };
    let (token, secret) = people.add_token(Actor::console(), new).await.expect("a token");
    let rename = async |from: &str, to: &str| execute(&app, &format!("ALTER TABLE {from} RENAME TO {to}")).await;
    people.by_token(&secret).expect("a token that holds");
    rename("settings", "settings_away").await;
    people.write().await.expect_err("there is nowhere to write to");
    rename("settings_away", "settings").await;
    people.write().await.expect("written");
    assert!(people.directory().tokens[&token.id].last_used_at.is_some());
    app.state.shutdown().await;
}
