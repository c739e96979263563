use super::*;
use crate::model::CredentialsView;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn camera() -> Camera {
    Camera {
        id: 1,
        name: "Gate".to_owned(),
        enabled: true,
        sources: Sources { main: Some(SourceAddress { url: "rtsp://cam/1".to_owned(), transport: Transport::Tcp }), sub: None },
        credentials: Some(CredentialsView { username: "admin".to_owned(), has_password: true }),
        always_on: true,
        ..Camera::default()
    }
}

#[test]
fn nothing_changed_is_an_empty_patch() {
    let camera = camera();
    assert_eq!(Draft::of(&camera).patch(&camera), CameraPatch::default());
}

#[test]
fn a_new_name_leaves_the_streams_alone() {
    let camera = camera();
    let draft = Draft { name: " Yard ".to_owned(), ..Draft::of(&camera) };
    assert_eq!(draft.patch(&camera), CameraPatch { name: Some("Yard".to_owned()), ..CameraPatch::default() });
}

#[test]
fn an_untouched_password_is_never_sent() {
    let camera = camera();
    let draft = Draft { username: "viewer".to_owned(), ..Draft::of(&camera) };
    assert_eq!(draft.patch(&camera).credentials, Some(Some(CredentialsInput { username: "viewer".to_owned(), password: None })));
}

#[test]
fn emptied_credentials_are_cleared() {
    let camera = camera();
    let draft = Draft { username: String::new(), ..Draft::of(&camera) };
    assert_eq!(draft.patch(&camera).credentials, Some(None));
}

#[test]
fn credentials_in_an_address_move_to_their_fields() {
    let mut draft = Draft { main_url: "rtsp://admin:p)%23@ss@10.0.0.5:554/main?x=a@b".to_owned(), ..Draft::new() };
    draft.tidy();
    assert_eq!(draft.main_url, "rtsp://10.0.0.5:554/main?x=a@b");
    assert_eq!((draft.username.as_str(), draft.password.as_str()), ("admin", "p)#@ss"));
}

#[test]
fn an_address_without_credentials_stays() {
    let before = Draft { main_url: "rtsp://10.0.0.5/a@b".to_owned(), sub_url: "nonsense".to_owned(), ..Draft::new() };
    let mut after = before.clone();
    after.tidy();
    assert_eq!(after, before);
}

#[test]
fn a_demo_camera_needs_a_name_only() {
    let draft = Draft { name: "Demo".to_owned(), profile: Profile::TestPattern, main_url: "rtsp://left/over".to_owned(), ..Draft::new() };
    assert!(draft.check().is_ok());
    assert_eq!(draft.input().sources, Sources::default());
    assert_eq!(Draft::new().check(), Err((Field::Name, text::NAME_MISSING)));
}

#[test]
fn a_taken_name_gets_the_next_number() {
    assert_eq!(free_name("Demo", ["Gate"].into_iter()), "Demo");
    assert_eq!(free_name("Demo", ["demo", "Demo 2"].into_iter()), "Demo 3");
}

#[test]
fn problems_stand_beside_their_field() {
    let problem = |status, code: &str, field: Option<&str>| Problem {
        kind: "about:blank".to_owned(),
        title: String::new(),
        status,
        code: code.to_owned(),
        detail: "No.".to_owned(),
        field: field.map(str::to_owned),
    };
    let wrong = Complaint::of(&problem(422, "invalid_url", Some("sources.sub.url")));
    assert_eq!((wrong.field, wrong.can_force), (Some(Field::SubUrl), false));
    let away = Complaint::of(&problem(422, "timeout", Some("sources.main.url")));
    assert_eq!((away.field, away.can_force), (Some(Field::MainUrl), true));
    assert!(!Complaint::of(&problem(409, "duplicate_name", Some("name"))).can_force);
    assert_eq!(Complaint::of(&problem(422, "x", Some("overrides.y"))).field, None);
}

proptest! {
    #[test]
    fn any_text_can_be_typed_as_an_address(url in ".*") {
        let mut draft = Draft { main_url: url, ..Draft::new() };
        draft.tidy();
    }

    #[test]
    fn escaped_passwords_come_out_as_typed(password in "[a-zA-Z0-9)#@ :!]{1,20}") {
        let escaped: String = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut draft = Draft { main_url: format!("rtsp://u:{escaped}@h/p"), ..Draft::new() };
        draft.tidy();
        prop_assert_eq!(draft.password, password);
    }
}

#[test]
fn settings_of_its_own_are_sent_whole_and_their_complaints_stand_beside_them() {
    let camera = camera();
    let overrides = BTreeMap::from([("stream.stall_timeout_s".to_owned(), serde_json::json!(20))]);
    let draft = Draft { overrides: overrides.clone(), ..Draft::of(&camera) };
    assert_eq!(draft.patch(&camera), CameraPatch { overrides: Some(overrides.clone()), ..CameraPatch::default() });
    assert_eq!(draft.input().overrides, overrides);
    assert_eq!(Field::from_path("overrides.rtsp.teardown"), Some(Field::Setting("rtsp.teardown")));
    assert_eq!(Field::from_path("overrides.speed"), None);
}
