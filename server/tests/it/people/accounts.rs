//! Accounts: their rules, signing in and the limit of guesses, and the first of them.

use super::{HOME, PASSWORD, add, execute, new, role_of, session};
use crate::support::TestApp;
use app::model::{CameraAction, Grant, GrantTarget, Password, Role, TokenScope};
use server::people::audit::{self, Actor, Filter};
use server::people::sessions::Subject;
use server::people::{NewPerson, NewToken, PersonPatch};
use std::net::IpAddr;

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
