//! What admins ask the API for: people, tokens, links, the log.

use super::{BASE, accept, read, send, unreachable};
use crate::model::{
    AuditEntry, AuditQuery, AuditRetention, Camera, LinkInfo, LinkInput, NewPassword, Password, Problem, SessionInfo, TokenInfo,
    TokenInput, UserInfo, UserInput, UserPatch,
};
use crate::view::audit::pairs;
use gloo::net::http::{Request, RequestBuilder};
use serde::de::DeserializeOwned;

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Problem> {
    read(Request::get(&format!("{BASE}{path}")).send().await.map_err(|_| unreachable())?).await
}

async fn delete(path: &str) -> Result<(), Problem> {
    accept(Request::delete(&format!("{BASE}{path}")).send().await.map_err(|_| unreachable())?).await.map(drop)
}

fn to(method: fn(&str) -> RequestBuilder, path: &str) -> RequestBuilder {
    method(&format!("{BASE}{path}"))
}

/// All cameras that one may see.
pub async fn cameras() -> Result<Vec<Camera>, Problem> {
    get("/cameras").await
}

pub async fn users() -> Result<Vec<UserInfo>, Problem> {
    get("/users").await
}

pub async fn user(id: i64) -> Result<UserInfo, Problem> {
    get(&format!("/users/{id}")).await
}

pub async fn add_user(input: &UserInput) -> Result<UserInfo, Problem> {
    read(send(to(Request::post, "/users"), input).await?).await
}

pub async fn change_user(id: i64, patch: &UserPatch) -> Result<UserInfo, Problem> {
    read(send(to(Request::patch, &format!("/users/{id}")), patch).await?).await
}

pub async fn remove_user(id: i64) -> Result<(), Problem> {
    delete(&format!("/users/{id}")).await
}

/// Gives somebody another password.
pub async fn set_password(id: i64, password: String) -> Result<(), Problem> {
    let body = NewPassword { password: Password(password) };
    accept(send(to(Request::put, &format!("/users/{id}/password")), &body).await?).await.map(drop)
}

/// Where somebody is signed in.
pub async fn user_sessions(id: i64) -> Result<Vec<SessionInfo>, Problem> {
    get(&format!("/users/{id}/sessions")).await
}

pub async fn end_user_session(id: i64, session: &str) -> Result<(), Problem> {
    delete(&format!("/users/{id}/sessions/{session}")).await
}

/// Signs somebody out everywhere.
pub async fn end_user_sessions(id: i64) -> Result<(), Problem> {
    delete(&format!("/users/{id}/sessions")).await
}

pub async fn tokens() -> Result<Vec<TokenInfo>, Problem> {
    get("/tokens").await
}

pub async fn add_token(input: &TokenInput) -> Result<TokenInfo, Problem> {
    read(send(to(Request::post, "/tokens"), input).await?).await
}

pub async fn revoke_token(id: i64) -> Result<(), Problem> {
    delete(&format!("/tokens/{id}")).await
}

pub async fn links() -> Result<Vec<LinkInfo>, Problem> {
    get("/links").await
}

pub async fn add_link(input: &LinkInput) -> Result<LinkInfo, Problem> {
    read(send(to(Request::post, "/links"), input).await?).await
}

pub async fn revoke_link(id: i64) -> Result<(), Problem> {
    delete(&format!("/links/{id}")).await
}

/// Entries of the log, the newest first.
pub async fn audit(query: &AuditQuery) -> Result<Vec<AuditEntry>, Problem> {
    read(to(Request::get, "/audit").query(pairs(query)).send().await.map_err(|_| unreachable())?).await
}

pub async fn audit_retention() -> Result<AuditRetention, Problem> {
    get("/audit/retention").await
}

pub async fn keep_audit(days: u32) -> Result<(), Problem> {
    accept(send(to(Request::put, "/audit/retention"), &AuditRetention { days }).await?).await.map(drop)
}
