//! Words of signing in, setting up and the own account.

pub const SIGN_IN: &str = "Sign in";
pub const SIGN_IN_TEXT: &str = "to see your cameras";
pub const SIGNING_IN: &str = "Signing in …";
pub const USER: &str = "User name";
pub const PASSWORD: &str = "Password";
pub const PASSWORD_SHOW: &str = "Show the password";
pub const PASSWORD_HIDE: &str = "Hide the password";
pub const STAY: &str = "Stay signed in here";
pub const STAY_HINT: &str = "For a tablet on the wall. Elsewhere you are signed out after a week without use.";
pub const FORGOT: &str = "Forgotten? An admin can give you a new one, or on the server: nightjar user passwd NAME";
pub const NOT_ENCRYPTED: &str = "This connection is not encrypted: others on the network can read what you type and see. Turn HTTPS on before you use it beyond your home.";
pub const OVER_HTTPS: &str = "Open this page over HTTPS";
pub const HTTPS_WARNING: &str =
    "The browser warns at first: the certificate was made on this server. The page about HTTPS says how devices get to trust it.";

pub const SETUP: &str = "Set up Nightjar";
pub const SETUP_TEXT: &str = "Create the first account. It is an admin: it adds cameras and lets others in.";
pub const SETUP_TOKEN: &str = "Set-up token";
pub const SETUP_TOKEN_HINT: &str = "The server prints it on its console when it starts, and into its log.";
pub const SETUP_DO: &str = "Create the account";
pub const SETTING_UP: &str = "Creating the account …";
pub const PASSWORD_AGAIN: &str = "Password again";
pub const NOT_THE_SAME: &str = "The two passwords are not the same.";

pub const RECORDINGS: &str = "Where recordings go";
pub const RECORDINGS_TEXT: &str =
    "The folder that recordings are kept in. A disk with much room is best; it can be changed later in the settings.";
pub const RECORDINGS_INTRO: &str = "The folder that recordings are kept in. A disk with much room is best.";
pub const FOLDER_USE: &str = "Use this folder";
pub const FOLDER_USED: &str = "Recordings go to this folder.";
pub const FOLDER: &str = "Folder on the server";
pub const FOLDER_HINT: &str = "The whole path. It is made if it is missing, and written to once before it is taken.";
pub const NEXT: &str = "Next";
pub const CAMERAS: &str = "Cameras";
pub const TO_LIVE_WALL: &str = "To the live wall";

/// Where one is in the set-up.
pub fn step(number: u32) -> String {
    format!("Step {number} of 3")
}

/// The room on a disk.
pub fn room(free: &str, total: &str) -> String {
    format!("{free} free of {total}")
}

pub fn added_so_far(count: usize) -> String {
    match count {
        0 => "No camera yet. They can also be added later, on the wall.".to_owned(),
        1 => "1 camera added.".to_owned(),
        count => format!("{count} cameras added."),
    }
}

// How good a password is.
pub const METER: &str = "Strength";
pub const TOO_SHORT: &str = "At least 12 characters. A few words in a row are easy to remember.";
pub const FAIR: &str = "Long enough. Another word makes it better.";
pub const GOOD: &str = "Good.";

pub const ACCOUNT: &str = "Account";
pub const SIGN_OUT: &str = "Sign out";
pub const CHANGE_PASSWORD: &str = "Change the password";
pub const CURRENT_PASSWORD: &str = "Current password";
pub const NEW_PASSWORD: &str = "New password";
pub const CHANGE_DO: &str = "Change password";
pub const CHANGED: &str = "The password has been changed. You were signed out everywhere else.";
pub const SESSIONS: &str = "Where you are signed in";
pub const THIS_ONE: &str = "this browser";
pub const END: &str = "Sign out there";
pub const END_ALL: &str = "Sign out everywhere";
pub const SESSIONS_FAILED: &str = "The list could not be loaded.";
pub const LOADING: &str = "Loading …";

// A page for others.
pub const NOT_YOURS: &str = "Not for your account";
pub const NOT_YOURS_TEXT: &str = "This page is for those who look after the installation. An admin can change what your account may do.";

/// Who one is.
pub fn signed_in_as(name: &str, role: crate::model::Role) -> String {
    let role = match role {
        crate::model::Role::Viewer => "viewer",
        crate::model::Role::Operator => "operator",
        crate::model::Role::Admin => "admin",
    };
    format!("You are signed in as {name} ({role}).")
}

/// One session's second line.
pub fn session_facts(address: &str, last_seen: &str) -> String {
    format!("{address} · last used {last_seen}")
}

pub fn end_session(browser: &str) -> String {
    format!("Sign out: {browser}")
}
