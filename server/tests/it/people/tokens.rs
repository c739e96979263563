//! Tokens of programs: what they reach, and that their use is noted.

use super::{add, camera, execute};
use crate::support::TestApp;
use app::model::{CameraAction, Role, TokenScope};
use server::people::audit::Actor;
use server::people::principal::Who;
use server::people::{NewToken, PersonPatch};
use time::{Duration, OffsetDateTime};

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
