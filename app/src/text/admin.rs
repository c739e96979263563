//! Words of the pages for admins: people, tokens and links.

use crate::model::{CameraAction, GrantTarget, LinkKind, Quality, Role, TokenScope};
use crate::view::grants::Reach;

// The pages and the ways between them.
pub const PEOPLE: &str = "People";
pub const TABS: &str = "People and access";
pub const TAB_PEOPLE: &str = "People";
pub const TAB_TOKENS: &str = "Tokens and links";
pub const TAB_AUDIT: &str = "Log";

pub const LOADING: &str = "Loading …";
pub const TRY_AGAIN: &str = "Try again";
pub const SAVE: &str = "Save";
pub const SAVING: &str = "Saving …";
pub const UNDO: &str = "Undo";
pub const COPY: &str = "Copy";
pub const COPIED: &str = "Copied.";
pub const COPY_BY_HAND: &str = "Marked: press Ctrl+C, or hold it and choose Copy.";
pub const DONE: &str = "Done";

// The list of people.
pub const PEOPLE_INTRO: &str = "Everybody who may sign in here, and what they may see and do.";
pub const ADD: &str = "Add a person";
pub const YOU: &str = "you";
pub const OFF: &str = "Turned off";
pub const NEVER: &str = "Never signed in";
pub const ALONE: &str =
    "You are the only one here. Add the people you live or work with: each gets a password of their own, and sees only what you grant.";

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Admin => "Admin",
    }
}

pub fn role_help(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Watches the cameras you grant.",
        Role::Operator => "Also restarts streams, records, and reads the health page.",
        Role::Admin => "May do everything, also on this page.",
    }
}

pub fn reach(reach: Reach) -> String {
    match reach {
        Reach::Everything => "May do everything".to_owned(),
        Reach::AllCameras => "All cameras".to_owned(),
        Reach::Nothing => "Sees no camera yet".to_owned(),
        Reach::Some { cameras, groups } => {
            let cameras = (cameras > 0).then(|| if cameras == 1 { "1 camera".to_owned() } else { format!("{cameras} cameras") });
            let groups = (groups > 0).then(|| if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") });
            [cameras, groups].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}

pub fn last_sign_in(when: &str) -> String {
    format!("Last signed in: {when}")
}

pub fn signed_in_at(places: u32) -> String {
    match places {
        0 => "Not signed in now".to_owned(),
        1 => "Signed in".to_owned(),
        _ => format!("Signed in in {places} places"),
    }
}

// Adding somebody.
pub const NAME: &str = "User name";
pub const NAME_HINT: &str = "What they type to sign in.";
pub const PASSWORD: &str = "Password";
pub const PASSWORD_HINT: &str = "Tell it to them yourself. They can change it on their Account page.";
pub const SUGGEST: &str = "Make one up";
pub const ROLE: &str = "Role";
pub const ADDING: &str = "Adding …";
pub const ADD_DO: &str = "Add";
pub const NAME_MISSING: &str = "Give them a name to sign in with.";
pub const PASSWORD_MISSING: &str = "Choose a password, or have one made up.";

pub fn added(name: &str) -> String {
    format!("{name} can sign in now.")
}

pub fn added_viewer(name: &str) -> String {
    format!("{name} can sign in now. Choose what they may see.")
}

// One person.
pub const BACK: &str = "All people";
pub const ACCOUNT: &str = "Account";
pub const ACTIVE: &str = "May sign in";
pub const ACTIVE_HINT: &str = "Off: they are signed out at once, and their tokens and links rest.";
pub const ROLE_ENDS: &str = "Another role signs them out; they sign in again with what it allows.";
pub const OWN_ROLE: &str = "This is you: another role signs you out, and only another admin can give it back.";
pub const GRANTS: &str = "What they may do";
pub const GRANTS_INTRO: &str = "Tick it for all cameras, for a group or for one camera. What is not ticked does not exist for them.";
pub const GRANTS_ADMIN: &str = "Admins may do everything with every camera.";
pub const ALL_CAMERAS: &str = "All cameras";
pub const ALL_CAMERAS_HINT: &str = "also those added later";
pub const GROUPS: &str = "Groups";
pub const CAMERAS: &str = "Cameras";
pub const NO_CAMERAS: &str = "There are no cameras yet. You can already grant what they may do with all that will come.";
pub const GONE_CAMERA: &str = "Removed camera";

pub fn action(action: CameraAction) -> &'static str {
    match action {
        CameraAction::Live => "Live",
        CameraAction::Audio => "Sound",
        CameraAction::Ptz => "Move",
        CameraAction::Playback => "Recordings",
        CameraAction::Export => "Export",
        CameraAction::Record => "Record",
        CameraAction::Configure => "Settings",
    }
}

/// A tick's name for those who do not see where it stands.
pub fn tick(what: CameraAction, target: &str) -> String {
    format!("{}: {target}", action(what))
}

pub fn through(target: &GrantTarget) -> String {
    match target {
        GrantTarget::All => "Allowed for all cameras.".to_owned(),
        GrantTarget::Group(name) => format!("Allowed for the group {name}."),
        GrantTarget::Camera(_) => String::new(),
    }
}

pub fn saved(name: &str) -> String {
    format!("{name} has been saved.")
}

pub const NEW_PASSWORD: &str = "New password";
pub const PASSWORD_INTRO: &str = "If it is forgotten, or somebody else may know it. They are signed out everywhere.";
pub const PASSWORD_OWN: &str = "You change your own password on your Account page, with the current one.";
pub const TO_ACCOUNT: &str = "To your account";
pub const PASSWORD_DO: &str = "Set the password";

pub fn password_set(name: &str) -> String {
    format!("{name} has a new password.")
}

pub const SESSIONS: &str = "Where they are signed in";
pub const NO_SESSIONS: &str = "Nowhere now.";
pub const END_ALL: &str = "Sign out everywhere";

pub fn signed_out(name: &str) -> String {
    format!("{name} has been signed out everywhere.")
}

pub const REMOVE: &str = "Remove";
pub const REMOVE_INTRO: &str = "The account goes, with its tokens and links. To keep it for later, turn it off instead.";
pub const REMOVE_DO: &str = "Remove the account";
pub const REMOVING: &str = "Removing …";
pub const REMOVE_OWN: &str = "This is your own account: you will be signed out.";

pub fn remove_title(name: &str) -> String {
    format!("Remove {name}?")
}

pub fn removed(name: &str) -> String {
    format!("{name} has been removed.")
}

// Tokens.
pub const TOKENS: &str = "API tokens";
pub const TOKENS_INTRO: &str =
    "For programs: each has a name, so that it can be revoked alone. A token can do no more than the person who made it.";
pub const TOKEN_ADD: &str = "Make a token";
pub const TOKEN_NONE: &str = "No program has a token. Make one for a home automation, a script or a dashboard.";
pub const TOKEN_NAME: &str = "Name";
pub const TOKEN_NAME_HINT: &str = "Which program it is for.";
pub const TOKEN_SCOPE: &str = "What it may do";
pub const TOKEN_REACH: &str = "Cameras";
pub const TOKEN_ALL: &str = "All";
pub const TOKEN_SOME: &str = "Some";
pub const TOKEN_ENDS: &str = "Ends";
pub const TOKEN_DO: &str = "Make it";
pub const MAKING: &str = "Making it …";
pub const TOKEN_MADE: &str = "Your token";
pub const TOKEN_ONCE: &str = "Copy it now: it is shown this once and stored nowhere in readable form.";
pub const TOKEN_USE: &str = "Programs send it with every request:";
pub const REVOKE: &str = "Revoke";
pub const REVOKING: &str = "Revoking …";
pub const REVOKE_TOKEN_TEXT: &str = "The program that uses it is cut off at once. This can’t be undone.";
pub const NEVER_USED: &str = "never used";
pub const RESTS: &str = "Rests";
pub const ENDED: &str = "Ended";
pub const CHOOSE_CAMERAS: &str = "Choose at least one camera.";

pub fn scope(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "Reads",
        TokenScope::Operate => "Operates",
        TokenScope::Admin => "Administers",
    }
}

pub fn scope_help(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "Sees pictures, states and recordings.",
        TokenScope::Operate => "Also restarts streams, moves and records.",
        TokenScope::Admin => "Everything, also people and settings.",
    }
}

/// How long something lives: days, or for ever.
pub fn lasts(days: Option<u32>) -> String {
    match days {
        None => "Never".to_owned(),
        Some(1) => "In a day".to_owned(),
        Some(365) => "In a year".to_owned(),
        Some(days) => format!("In {days} days"),
    }
}

/// None: at the console.
pub fn made_by(owner: Option<&str>) -> String {
    owner.map_or_else(|| "made on the server’s console".to_owned(), |owner| format!("made by {owner}"))
}

pub fn used(when: &str) -> String {
    format!("last used {when}")
}

pub fn ends(when: &str) -> String {
    format!("ends {when}")
}

pub const ENDS_NEVER: &str = "does not end";

pub fn cameras(names: &[String]) -> String {
    match names {
        [] => "no camera any more".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one}, {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    }
}

pub fn revoke_label(name: &str) -> String {
    format!("Revoke {name}")
}

pub fn revoke_title(name: &str) -> String {
    format!("Revoke {name}?")
}

pub fn revoked(name: &str) -> String {
    format!("{name} has been revoked.")
}

// Links.
pub const LINKS: &str = "Links";
pub const LINKS_INTRO: &str = "To one camera or one recording, without an account: for a guest’s browser, or for a player such as VLC. Each ends by itself. A link to a \
     recording is made on its page.";
pub const LINK_ADD: &str = "Make a link";
pub const LINK_NONE: &str = "There are no links.";
pub const LINK_NO_CAMERA: &str = "Add a camera first: a link leads to one, or to a recording of one.";
pub const LINK_KIND: &str = "For";
pub const LINK_LABEL: &str = "Name";
pub const LINK_LABEL_HINT: &str = "Who or what it is for.";
pub const LINK_CAMERA: &str = "Camera";
pub const LINK_SOUND: &str = "With sound";
pub const LINK_STREAM: &str = "What it plays";

/// What a player's link plays; None: whichever stream the player asks for.
pub fn link_stream(stream: Option<Quality>) -> &'static str {
    match stream {
        None => "Both streams",
        Some(Quality::Main) => "Main stream",
        Some(Quality::Sub) => "Sub stream",
    }
}
pub const LINK_ENDS: &str = "Ends";
pub const LINK_MADE: &str = "Your link";
pub const LINK_ONCE: &str = "Copy it now: it is shown this once. Whoever has it sees the camera until it ends or you revoke it.";
pub const REVOKE_LINK_TEXT: &str = "Whoever watches by it is cut off at once. This can’t be undone.";

pub fn link_kind(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Guest => "A guest",
        LinkKind::Media => "A player",
    }
}

pub fn link_kind_help(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Guest => "Opens in any browser. At most a year.",
        LinkKind::Media => "For VLC or a wall panel. At most 7 days.",
    }
}
