//! Accounts, sessions, tokens and links as the service gives them, with a real database. How the routes use them is in `guard`.

mod accounts;
mod links;
mod log;
mod sessions;
mod tokens;

pub use accounts::accounts_live;

use crate::support::TestApp;
use app::model::{Password, Role};
use sea_orm::ConnectionTrait;
use server::people::audit::Actor;
use server::people::principal::Place;
use server::people::sessions::{SIGNED_IN, SignedIn, Subject, hash};
use server::people::{NewPerson, People};
use std::collections::HashMap;
use std::net::IpAddr;
use time::OffsetDateTime;
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
    Place::of(media::CameraId(id), None)
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
    people.by_session(hash(id)).map(|principal| principal.role())
}

async fn execute(app: &TestApp, statement: &str) {
    let transaction = app.state.db.begin().await.expect("a transaction");
    transaction.execute_unprepared(statement).await.expect("done");
    transaction.commit().await.expect("committed");
}
