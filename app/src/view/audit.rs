//! Entries of the audit log as sentences, and what they changed as lines.

use crate::model::{AuditEntry, AuditQuery, Grant, GrantTarget};
use crate::text::audit as words;
use serde_json::Value;

/// Letters of a value that a line shows.
const VALUE: usize = 160;

/// Who did it.
fn subject(entry: &AuditEntry) -> String {
    let name = &entry.actor_name;
    match entry.actor_kind.as_str() {
        "person" => name.clone(),
        "token" => format!("The token “{name}”"),
        "guest" => format!("The guest “{name}”"),
        "player" => format!("The player “{name}”"),
        "console" => "Somebody at the server’s console".to_owned(),
        "server" => "Nightjar".to_owned(),
        _ => "Somebody".to_owned(),
    }
}

/// What was done, in one sentence.
pub fn sentence(entry: &AuditEntry) -> String {
    let (who, what) = (subject(entry), entry.target_name.as_str());
    let refused = entry.outcome == "refused";
    let own = entry.target_kind == "user"
        && entry.actor_kind == "person"
        && entry.actor_id.map(|id| id.to_string()).as_deref() == Some(&*entry.target_id);
    match (entry.action.as_str(), refused) {
        ("session.sign_in", false) => format!("{who} signed in."),
        ("session.sign_in", true) if entry.actor_name.is_empty() => "Somebody tried to sign in under a name that nobody has.".to_owned(),
        ("session.sign_in", true) => format!("Somebody tried to sign in as “{}”.", entry.actor_name),
        ("session.sign_out", _) => format!("{who} signed out."),
        ("session.end", _) if what.is_empty() || own => format!("{who} signed out in another place."),
        ("session.end", _) => format!("{who} signed {what} out in one place."),
        ("session.end_all", _) if own => format!("{who} signed out everywhere."),
        ("session.end_all", _) => format!("{who} signed {what} out everywhere."),
        ("setup", false) => format!("{what} was made the first admin with the set-up token."),
        ("setup", true) => "Somebody tried to set Nightjar up with a wrong token.".to_owned(),
        ("user.create", _) => match entry.details.get("role").and_then(Value::as_str) {
            Some(role) => format!("{who} made the account {what}, {role}."),
            None => format!("{who} made the account {what}."),
        },
        ("user.update", _) => format!("{who} {}.", changed_person(entry, what)),
        ("user.password", true) => format!("{who} typed a wrong current password."),
        ("user.password", false) if own => format!("{who} changed their password."),
        ("user.password", false) => format!("{who} gave {what} a new password."),
        ("user.delete", _) => format!("{who} removed the account {what}."),
        ("api_token.create", _) => format!("{who} made the token “{what}”."),
        ("api_token.revoke", _) => format!("{who} revoked the token “{what}”."),
        ("api_token.use", true) => "Somebody used a token that does not hold.".to_owned(),
        ("api_token.use", false) => format!("The token “{what}” was used."),
        ("link.create", _) => format!("{who} made the link “{what}”."),
        ("link.revoke", _) => format!("{who} revoked the link “{what}”."),
        ("link.open", false) => format!("The link “{what}” was opened."),
        ("link.open", true) => "Somebody tried a link that does not hold.".to_owned(),
        ("camera.create", _) => format!("{who} added the camera {what}."),
        ("camera.update", _) => match fields(entry) {
            fields if fields.is_empty() => format!("{who} saved the camera {what} unchanged."),
            fields => format!("{who} changed the camera {what}: {}.", fields.join(", ")),
        },
        ("camera.delete", _) => format!("{who} removed the camera {what}."),
        ("camera.order", _) => format!("{who} changed the order of the cameras."),
        ("camera.restart", _) => format!("{who} restarted the camera {what}."),
        ("recording.start", _) => format!("{who} started recording {what}."),
        ("recording.stop", _) => format!("{who} stopped recording {what}."),
        ("recording.update", _) => match entry.details.pointer("/changes/title/after").and_then(Value::as_str) {
            Some("") => format!("{who} took the title off the recording of {what}."),
            Some(title) => format!("{who} called the recording of {what} “{title}”."),
            None => format!("{who} changed the recording of {what}."),
        },
        ("recording.delete", _) => format!("{who} deleted the recording of {what}."),
        ("recording.view", _) => format!("{who} watched {}.", recorded(entry, what)),
        ("recording.export", _) => format!("{who} downloaded {}.", recorded(entry, what)),
        ("system.diagnostics", _) => format!("{who} downloaded the diagnostics."),
        ("settings.update", _) => format!("{who} changed the settings."),
        ("settings.recordings", _) => match entry.details.pointer("/changes/folder/after").and_then(Value::as_str) {
            Some(folder) => format!("{who} chose where recordings go: {folder}."),
            None => format!("{who} chose where recordings go."),
        },
        ("audit.export", _) => format!("{who} exported this log."),
        ("audit.retention", _) => format!("{who} changed how long this log is kept."),
        ("audit.lost", _) => match entry.details.get("entries").and_then(Value::as_u64) {
            Some(lost) => format!("{lost} entries could not be written."),
            None => "Some entries could not be written.".to_owned(),
        },
        // What another version or part has written.
        (action, refused) => {
            let action = action.replace(['.', '_'], " ");
            let about = if what.is_empty() { String::new() } else { format!(" {what}") };
            format!("{who}: {action}{about}{}.", if refused { ", refused" } else { "" })
        }
    }
}

/// One recording, or those of a camera.
fn recorded(entry: &AuditEntry, what: &str) -> String {
    if entry.target_kind == "recording" { format!("the recording of {what}") } else { format!("recordings of {what}") }
}

fn changed_person(entry: &AuditEntry, name: &str) -> String {
    let after = |field: &str| entry.details.pointer(&format!("/changes/{field}/after"));
    let mut done = Vec::new();
    if let Some(role) = after("role").and_then(Value::as_str) {
        let article = if role == "viewer" { "a" } else { "an" };
        done.push(format!("made {name} {article} {role}"));
    }
    match after("disabled").and_then(Value::as_bool) {
        Some(true) => done.push(format!("turned the account {name} off")),
        Some(false) => done.push(format!("turned the account {name} on")),
        None => {}
    }
    if let Some(before) = entry.details.pointer("/changes/name/before").and_then(Value::as_str) {
        done.push(format!("renamed {before} to {name}"));
    }
    if after("grants").is_some() {
        done.push(format!("changed what {name} may do"));
    }
    if done.is_empty() { format!("saved the account {name} unchanged") } else { done.join(" and ") }
}

fn fields(entry: &AuditEntry) -> Vec<String> {
    let changes = entry.details.get("changes").and_then(Value::as_object);
    changes.map(|changes| changes.keys().map(|key| key.replace('_', " ")).collect()).unwrap_or_default()
}

/// One thing that changed, or that is known besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub field: String,
    /// None: it did not change, it is a fact.
    pub before: Option<String>,
    pub after: String,
}

/// What an entry says besides its sentence. `camera`: a camera's name by its number.
pub fn lines(entry: &AuditEntry, camera: impl Fn(i64) -> Option<String>) -> Vec<Line> {
    let Some(details) = entry.details.as_object() else { return Vec::new() };
    let shown = |value: &Value| value_words(value, &camera);
    let mut lines = Vec::new();
    for (key, value) in details {
        match value.as_object().filter(|_| key == "changes") {
            Some(changes) => lines.extend(changes.iter().map(|(field, change)| Line {
                field: field.replace('_', " "),
                before: Some(shown(change.get("before").unwrap_or(&Value::Null))),
                after: shown(change.get("after").unwrap_or(&Value::Null)),
            })),
            None => lines.push(Line { field: key.replace('_', " "), before: None, after: shown(value) }),
        }
    }
    lines
}

fn value_words(value: &Value, camera: &impl Fn(i64) -> Option<String>) -> String {
    let grants = || serde_json::from_value::<Vec<Grant>>(value.clone()).ok().filter(|grants| !grants.is_empty());
    let text = match value {
        Value::Null => words::NOTHING.to_owned(),
        Value::String(text) if text.is_empty() => words::NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) if items.is_empty() => words::NOTHING.to_owned(),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        value => match grants() {
            Some(grants) => grants.iter().map(|grant| grant_words(grant, camera)).collect::<Vec<_>>().join("; "),
            None => value.to_string(),
        },
    };
    let mut letters = text.chars();
    let short: String = letters.by_ref().take(VALUE).collect();
    if letters.next().is_some() { format!("{short}…") } else { short }
}

fn grant_words(grant: &Grant, camera: &impl Fn(i64) -> Option<String>) -> String {
    let target = match &grant.target {
        GrantTarget::All => crate::text::admin::ALL_CAMERAS.to_owned(),
        GrantTarget::Group(name) => format!("Group {name}"),
        GrantTarget::Camera(id) => camera(*id).unwrap_or_else(|| format!("Camera {id}")),
    };
    let actions: Vec<_> = grant.actions.iter().map(|action| crate::text::admin::action(*action).to_lowercase()).collect();
    format!("{target}: {}", actions.join(", "))
}

/// A query as pairs for an address.
pub fn pairs(query: &AuditQuery) -> Vec<(&'static str, String)> {
    let texts = [
        ("from", query.from.clone()),
        ("to", query.to.clone()),
        ("action", query.action.clone()),
        ("outcome", query.outcome.clone()),
        ("text", query.text.clone()),
    ];
    let numbers = [
        ("person", query.person.map(|id| id.to_string())),
        ("before", query.before.map(|id| id.to_string())),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    texts.into_iter().chain(numbers).filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(actor: (&str, &str), action: &str, target: (&str, &str, &str), details: Value) -> AuditEntry {
        AuditEntry {
            id: 1,
            at: "2026-11-21T08:00:00Z".into(),
            actor_kind: actor.0.into(),
            actor_id: Some(1),
            actor_name: actor.1.into(),
            address: "192.0.2.1".into(),
            action: action.into(),
            outcome: "ok".into(),
            target_kind: target.0.into(),
            target_id: target.1.into(),
            target_name: target.2.into(),
            details,
        }
    }

    #[test]
    fn entries_are_sentences() {
        let ann = ("person", "Ann");
        let bob = ("user", "2", "Bob");
        let none = ("", "", "");
        for (entry, words) in [
            (entry(ann, "session.sign_in", none, json!({})), "Ann signed in."),
            (
                AuditEntry { outcome: "refused".into(), ..entry(("nobody", "Mallory"), "session.sign_in", none, json!({})) },
                "Somebody tried to sign in as “Mallory”.",
            ),
            (
                AuditEntry { outcome: "refused".into(), ..entry(("nobody", ""), "session.sign_in", none, json!({})) },
                "Somebody tried to sign in under a name that nobody has.",
            ),
            (
                AuditEntry { outcome: "refused".into(), ..entry(("nobody", ""), "api_token.use", none, json!({})) },
                "Somebody used a token that does not hold.",
            ),
            (
                entry(("console", ""), "user.create", bob, json!({ "role": "viewer" })),
                "Somebody at the server’s console made the account Bob, viewer.",
            ),
            (
                entry(
                    ann,
                    "user.update",
                    bob,
                    json!({ "changes": { "role": { "before": "viewer", "after": "operator" }, "disabled": { "before": true, "after": false } } }),
                ),
                "Ann made Bob an operator and turned the account Bob on.",
            ),
            (
                entry(ann, "user.update", bob, json!({ "changes": { "grants": { "before": [], "after": [] } } })),
                "Ann changed what Bob may do.",
            ),
            (entry(ann, "user.password", ("user", "1", "Ann"), json!({})), "Ann changed their password."),
            (entry(ann, "user.password", bob, json!({})), "Ann gave Bob a new password."),
            (
                entry(ann, "camera.update", ("camera", "3", "Gate"), json!({ "changes": { "name": {}, "always_on": {} } })),
                "Ann changed the camera Gate: always on, name.",
            ),
            (
                entry(ann, "settings.recordings", none, json!({ "changes": { "folder": { "before": "/data", "after": "/mnt/disk" } } })),
                "Ann chose where recordings go: /mnt/disk.",
            ),
            (entry(ann, "recording.view", ("camera", "3", "Gate"), json!({})), "Ann watched recordings of Gate."),
            (entry(ann, "recording.view", ("recording", "7", "Gate"), json!({})), "Ann watched the recording of Gate."),
            (
                entry(("guest", "Insurer"), "recording.export", ("recording", "7", "Gate"), json!({})),
                "The guest “Insurer” downloaded the recording of Gate.",
            ),
            (entry(ann, "recording.start", ("recording", "7", "Gate"), json!({})), "Ann started recording Gate."),
            (entry(ann, "recording.stop", ("recording", "7", "Gate"), json!({})), "Ann stopped recording Gate."),
            (entry(ann, "recording.delete", ("recording", "7", "Gate"), json!({})), "Ann deleted the recording of Gate."),
            (
                entry(
                    ann,
                    "recording.update",
                    ("recording", "7", "Gate"),
                    json!({ "changes": { "title": { "before": "", "after": "Parcel" } } }),
                ),
                "Ann called the recording of Gate “Parcel”.",
            ),
            (entry(("token", "Door"), "some.new_thing", ("camera", "3", "Gate"), json!({})), "The token “Door”: some new thing Gate."),
        ] {
            assert_eq!(sentence(&entry), words);
        }
    }

    #[test]
    fn changes_are_lines() {
        let grants = json!([{ "target": { "camera": 3 }, "actions": ["live", "audio"] }, { "target": "all", "actions": ["live"] }]);
        let details =
            json!({ "changes": { "grants": { "before": [], "after": grants }, "name": { "before": null, "after": "Bob" } }, "days": 3 });
        let lines =
            lines(&entry(("person", "Ann"), "user.update", ("user", "2", "Bob"), details), |id| (id == 3).then(|| "Gate".to_owned()));
        let told: Vec<_> = lines.iter().map(|line| (line.field.as_str(), line.before.as_deref(), line.after.as_str())).collect();
        assert_eq!(
            told,
            [("grants", Some("nothing"), "Gate: live, sound; All cameras: live"), ("name", Some("nothing"), "Bob"), ("days", None, "3")]
        );
    }

    #[test]
    fn long_values_are_cut() {
        let long = entry(("person", "Ann"), "x", ("", "", ""), json!({ "list": [{ "a": "x".repeat(1000) }] }));
        assert_eq!(lines(&long, |_| None)[0].after.chars().count(), VALUE + 1);
    }
}
