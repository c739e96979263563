//! What admins ask the API for: people, tokens, links, the log.

use super::{ask, at, delete, get, read, tell, unreachable};
use crate::model::{
    AuditEntry, AuditQuery, AuditRetention, Camera, LinkInfo, LinkInput, NewPassword, Password, Problem, SessionInfo, TokenInfo,
    TokenInput, UserInfo, UserInput, UserPatch,
};
use crate::view::audit::pairs;
use gloo::net::http::Request;

/// All cameras that one may see.
pub async fn cameras() -> Result<Vec<Camera>, Problem> {
    get("/cameras").await
}

/// Everybody who may sign in.
pub async fn users() -> Result<Vec<UserInfo>, Problem> {
    get("/users").await
}

/// One account.
pub async fn user(id: i64) -> Result<UserInfo, Problem> {
    get(&format!("/users/{id}")).await
}

/// Makes an account.
pub async fn add_user(input: &UserInput) -> Result<UserInfo, Problem> {
    ask(Request::post, "/users", input).await
}

/// Changes an account.
pub async fn change_user(id: i64, patch: &UserPatch) -> Result<UserInfo, Problem> {
    ask(Request::patch, &format!("/users/{id}"), patch).await
}

/// Removes an account with its sessions, tokens and links.
pub async fn remove_user(id: i64) -> Result<(), Problem> {
    delete(&format!("/users/{id}")).await
}

/// Gives somebody another password.
pub async fn set_password(id: i64, password: String) -> Result<(), Problem> {
    let body = NewPassword { password: Password(password) };
    tell(Request::put, &format!("/users/{id}/password"), &body).await
}

/// Where somebody is signed in.
pub async fn user_sessions(id: i64) -> Result<Vec<SessionInfo>, Problem> {
    get(&format!("/users/{id}/sessions")).await
}

/// Signs somebody out in one place.
pub async fn end_user_session(id: i64, session: &str) -> Result<(), Problem> {
    delete(&format!("/users/{id}/sessions/{session}")).await
}

/// Signs somebody out everywhere.
pub async fn end_user_sessions(id: i64) -> Result<(), Problem> {
    delete(&format!("/users/{id}/sessions")).await
}

/// All API tokens.
pub async fn tokens() -> Result<Vec<TokenInfo>, Problem> {
    get("/tokens").await
}

/// Makes a token; its secret is in this answer only.
pub async fn add_token(input: &TokenInput) -> Result<TokenInfo, Problem> {
    ask(Request::post, "/tokens", input).await
}

/// Revokes a token.
pub async fn revoke_token(id: i64) -> Result<(), Problem> {
    delete(&format!("/tokens/{id}")).await
}

/// The links that hold.
pub async fn links() -> Result<Vec<LinkInfo>, Problem> {
    get("/links").await
}

/// Makes a link; its path is in this answer only.
pub async fn add_link(input: &LinkInput) -> Result<LinkInfo, Problem> {
    ask(Request::post, "/links", input).await
}

/// Revokes a link.
pub async fn revoke_link(id: i64) -> Result<(), Problem> {
    delete(&format!("/links/{id}")).await
}

/// Entries of the log, the newest first.
pub async fn audit(query: &AuditQuery) -> Result<Vec<AuditEntry>, Problem> {
    read(at(Request::get, "/audit").query(pairs(query)).send().await.map_err(|_| unreachable())?).await
}

/// How long the log reaches back.
pub async fn audit_retention() -> Result<AuditRetention, Problem> {
    get("/audit/retention").await
}

/// Changes how long the log reaches back.
pub async fn keep_audit(days: u32) -> Result<(), Problem> {
    tell(Request::put, "/audit/retention", &AuditRetention { days }).await
}
