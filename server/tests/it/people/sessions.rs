//! Sessions: how long they hold, what is stored of them, and what ends them.

use super::{HOME, PASSWORD, add, begun, execute, role_of, session};
use crate::support::{TestApp, left_after};
use app::model::Role;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use server::entities::session;
use server::people::audit::Actor;
use server::people::sessions::Subject;
use server::people::{People, PersonPatch, sessions};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

#[tokio::test]
async fn sessions_outlive_a_restart_and_nothing_stored_is_a_usable_cookie() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (person, subject) = signed_in(people, "Ann", Role::Admin).await;
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

/// An account, and whom its sessions are of.
async fn signed_in(people: &People, name: &str, role: Role) -> (i64, Subject) {
    let id = add(people, name, role).await;
    (id, people.sign_in(HOME, name, PASSWORD).await.expect("right"))
}

/// What is stored of a session.
async fn row(app: &TestApp, id: &Id) -> Option<session::Model> {
    let hash: String = sessions::hash(id).iter().map(|byte| format!("{byte:02x}")).collect();
    session::Entity::find_by_id(hash).one(app.state.db.read()).await.expect("read")
}

/// Puts everything about a session into the past.
async fn age(app: &TestApp, id: &Id, days: i64) {
    let row = row(app, id).await.expect("a row");
    let change = app.state.db.begin().await.expect("a transaction");
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
    let (_, subject) = signed_in(people, "Ann", Role::Admin).await;
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
    let (bob, subject) = signed_in(people, "Bob", Role::Operator).await;
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
    let (ann, subject) = signed_in(people, "Ann", Role::Admin).await;
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

/// Browsers drop their requests when a person goes to another page: then the row had its new name and the table did not know.
#[tokio::test]
async fn a_request_that_is_dropped_at_any_point_leaves_a_session_that_is_stored() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (_, subject) = signed_in(people, "Ann", Role::Admin).await;
    let mut id = session(people, subject).await;
    for polls in 1..100 {
        let rises = i64::try_from(polls).expect("small");
        let whole = left_after(polls, people.sessions().renew(&sessions::hash(&id), rises)).await.is_some();
        (id, _) = people.sessions().renew(&sessions::hash(&id), rises).await.expect("stored").expect("another id");
        assert_eq!(row(&app, &id).await.map(|row| row.rises), Some(rises), "dropped when it was not ready for the {polls}th time");
        // The browser shows that it knows it.
        assert!(people.sessions().load(&id).await.expect("read").is_some());
        if whole {
            assert!(polls > 1, "it was dropped once at least");
            return;
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn a_session_whose_row_was_deleted_ends_instead_of_getting_another_id() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (_, subject) = signed_in(people, "Ann", Role::Admin).await;
    let id = session(people, subject).await;
    execute(&app, "DELETE FROM sessions").await;
    assert_eq!(people.sessions().renew(&sessions::hash(&id), 1).await.expect("looked"), None);
    assert_eq!(role_of(people, &id), None);
}

/// Each request would wait for a database that does not answer, one after the other.
#[tokio::test]
async fn after_a_renewal_that_failed_requests_go_on_under_the_old_id_for_a_while() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (_, subject) = signed_in(people, "Ann", Role::Admin).await;
    let ids = [session(people, subject).await, session(people, subject).await];
    let renew = async |id: &Id| people.sessions().renew(&sessions::hash(id), 1).await.map_err(|error| error.code().to_owned());
    app.state.db.close().await;
    tokio::time::pause();
    renew(&ids[0]).await.expect_err("it cannot be stored");
    for id in &ids {
        assert_eq!((renew(id).await, role_of(people, id)), (Ok(None), Some(Role::Admin)));
    }
    tokio::time::advance(std::time::Duration::from_secs(30)).await;
    renew(&ids[1]).await.expect_err("it is tried again");
}

/// A person who signs out and closes the window: after a start the session was back.
#[tokio::test]
async fn a_session_stays_ended_also_if_the_request_that_ended_it_is_dropped() {
    let app = TestApp::start_bare().await;
    let people = &app.state.people;
    let (_, subject) = signed_in(people, "Ann", Role::Admin).await;
    let mut ended = Vec::new();
    loop {
        let id = session(people, subject).await;
        ended.push(id);
        let whole = left_after(ended.len(), people.sessions().delete(&id)).await.is_some();
        assert_eq!(role_of(people, &id), None);
        if whole {
            break;
        }
        assert!(ended.len() < 40, "it never ends");
    }
    assert!(ended.len() > 1, "it was dropped once at least");
    let app = app.restart().await;
    for id in &ended {
        assert_eq!(role_of(&app.state.people, id), None);
    }
}
