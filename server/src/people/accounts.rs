//! Accounts: made, changed, removed, and signed in to.

use super::audit::{Actor, Entry};
use super::directory::Person;
use super::hash::Verdict;
use super::limiter::Attempt;
use super::principal::Principal;
use super::rights::{Actions, Rights};
use super::sessions::Subject;
use super::store::{Change, failed, name_conflict, user_not_found};
use super::{People, name, password, rights};
use crate::entities::user;
use crate::error::{AppError, AppResult, Kind};
use app::model::{Grant, Role};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Grants of one account.
const MAX_GRANTS: usize = 500;
const GROUP_CHARS: usize = 50;

/// A new account.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub name: String,
    pub role: Role,
    /// None: what the role starts with.
    pub grants: Option<Vec<Grant>>,
    pub password: app::model::Password,
}

/// A change of an account; what is None stays.
#[derive(Debug, Clone, Default)]
pub struct PersonPatch {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub grants: Option<Vec<Grant>>,
}

impl People {
    /// Makes an account.
    ///
    /// # Errors
    /// 422 with the field and the rule, 409 for a name that is taken.
    pub async fn add_person(&self, by: Actor, new: NewPerson) -> AppResult<Arc<Person>> {
        self.insert_person(by, new, false).await
    }

    /// Makes the first account, an admin, for whoever has read the set-up token from the console. The token is of no use afterwards.
    ///
    /// # Errors
    /// 403 for another token, 409 if there is an account already, else as [`People::add_person`].
    pub async fn set_up(&self, address: IpAddr, token: &str, name: String, password: app::model::Password) -> AppResult<Arc<Person>> {
        let attempt = self.begin_attempt(address, "set-up token")?;
        let right = self.inner.setup.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|own| own.is(token));
        if self.directory().has_accounts() {
            return Err(already_set_up());
        }
        if !right {
            self.inner.audit.note(Entry::new(Actor::nobody("", Some(address)), "setup").refused());
            return Err(AppError::new(
                Kind::Forbidden,
                "setup_token_wrong",
                "This is not the set-up token that the server printed. It is new after every start; look at the server's console or log.",
            )
            .field("setup_token"));
        }
        self.lock_limiter().succeeded(Instant::now(), &attempt);
        let by = Actor::nobody(&name, Some(address));
        let person = self.insert_person(by, NewPerson { name, role: Role::Admin, grants: None, password }, true).await?;
        *self.inner.setup.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(person)
    }

    async fn insert_person(&self, by: Actor, new: NewPerson, first: bool) -> AppResult<Arc<Person>> {
        let name = name::check(&new.name)?;
        let grants = checked_grants(new.grants.unwrap_or_else(|| rights::first_grants(new.role)))?;
        password::check(&new.password.0, &name, "password")?;
        let name_key = name::key(&name);
        if self.directory().by_name_key(&name_key).is_some() {
            return Err(name_taken());
        }
        let hash = self.inner.hasher.hash(&new.password.0).await?;
        let now = self.inner.clock.now();
        let entry = Entry::new(by, if first { "setup" } else { "user.create" });
        let this = self.clone();
        let id = self
            .detached(async move {
                let change = Change::begin(&this.inner.db).await?;
                if first && change.people().await? > 0 {
                    return Err(already_set_up());
                }
                let row = user::ActiveModel {
                    name: Set(name.clone()),
                    name_key: Set(name_key),
                    role: Set(new.role.as_str().to_owned()),
                    password_hash: Set(hash),
                    disabled: Set(false),
                    generation: Set(1),
                    rises: Set(0),
                    created_at: Set(now),
                    password_changed_at: Set(now),
                    // The set-up signs its admin in.
                    last_sign_in_at: Set(first.then_some(now)),
                    ..user::ActiveModel::default()
                };
                let id = change.insert_person(row, &grants).await?;
                let details = json!({ "role": new.role, "grants": grants });
                change.commit(entry.target("user", id, &name).details(details)).await?;
                this.reload().await?;
                Ok(id)
            })
            .await?;
        self.person(id)
    }

    /// Changes an account. A change of role or its being disabled ends its sessions; a smaller grant counts at once, and so does a larger one,
    /// after which sessions get another id.
    ///
    /// # Errors
    /// 404, 422, 409 for a taken name and for the last admin.
    pub async fn change_person(&self, by: Actor, id: i64, patch: PersonPatch) -> AppResult<Arc<Person>> {
        let before = self.person(id)?;
        let name = patch.name.as_deref().map(name::check).transpose()?;
        let grants = patch.grants.map(checked_grants).transpose()?;
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            let row = change.person(id).await?;
            let role = patch.role.unwrap_or_else(|| row.role.parse().unwrap_or(Role::Viewer));
            let disabled = patch.disabled.unwrap_or(row.disabled);
            if row.role == Role::Admin.as_str() && !row.disabled && (role != Role::Admin || disabled) {
                change.admin_stays(id).await?;
            }
            // A viewer without grants who becomes an operator would be one without cameras.
            let first_grants_due = role > Role::Viewer && row.role == Role::Viewer.as_str() && before.grants.is_empty();
            let grants = grants.or_else(|| first_grants_due.then(|| rights::first_grants(role)));
            let ends = role.as_str() != row.role || (disabled && !row.disabled);
            let stays = name.as_deref().unwrap_or(&row.name).to_owned();
            user::Entity::update_many()
                .col_expr(user::Column::Name, Expr::value(stays.clone()))
                .col_expr(user::Column::NameKey, Expr::value(name::key(&stays)))
                .col_expr(user::Column::Role, Expr::value(role.as_str()))
                .col_expr(user::Column::Disabled, Expr::value(disabled))
                .filter(user::Column::Id.eq(id))
                .exec(change.on())
                .await
                .map_err(|error| name_conflict(&error))?;
            if ends {
                change.next_generation(id).await?;
            }
            if let Some(grants) = &grants {
                change.replace_grants(id, grants).await?;
                if Rights::of_person(role, grants).exceeds(&before.rights) {
                    change.next_rise(id).await?;
                }
            }
            let after = json!({ "name": stays, "role": role, "disabled": disabled, "grants": grants.as_ref().unwrap_or(&before.grants) });
            change.commit(Entry::new(by, "user.update").target("user", id, &stays).changes(&told(&before), &after)).await?;
            this.reload().await
        })
        .await?;
        self.person(id)
    }

    /// Removes an account with its sessions, tokens and links.
    ///
    /// # Errors
    /// 404, 409 for the last admin.
    pub async fn remove_person(&self, by: Actor, id: i64) -> AppResult<()> {
        let before = self.person(id)?;
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            let row = change.person(id).await?;
            if row.role == Role::Admin.as_str() && !row.disabled {
                change.admin_stays(id).await?;
            }
            user::Entity::delete_by_id(id).exec(change.on()).await.map_err(failed)?;
            change.commit(Entry::new(by, "user.delete").target("user", id, &row.name).details(told(&before))).await?;
            this.reload().await
        })
        .await
    }

    /// Gives an account another password and ends its sessions.
    ///
    /// # Errors
    /// 404, 422 with the rule.
    pub async fn reset_password(&self, by: Actor, id: i64, new: &str, field: &str) -> AppResult<()> {
        let person = self.person(id)?;
        password::check(new, &person.name, field)?;
        let hash = self.inner.hasher.hash(new).await?;
        let now = self.inner.clock.now();
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            change.set_password(id, hash, now).await?;
            change.commit(Entry::new(by, "user.password").target("user", id, &person.name)).await?;
            this.reload().await
        })
        .await
    }

    /// A person changes the password that they know. All their sessions end, also the one that asks: it gets a new id.
    ///
    /// # Errors
    /// 401 if nobody is signed in, 403 for a wrong current password, 422 with the rule, 429.
    pub async fn change_password(&self, principal: &Principal, address: IpAddr, current: &str, new: &str) -> AppResult<Subject> {
        let id = principal.person().ok_or_else(super::principal::not_allowed)?;
        let person = self.directory().active(id).cloned().ok_or_else(super::principal::not_signed_in)?;
        let wrong = || AppError::new(Kind::Forbidden, "password_wrong", "This is not your current password.").field("current");
        if self.verify(address, &person.name_key, current, Some(&person)).await?.is_none() {
            self.inner.audit.note(Entry::new(Actor::of(principal, Some(address)), "user.password").refused());
            return Err(wrong());
        }
        if password::normal(current) == password::normal(new) {
            return Err(AppError::invalid("new", "password_unchanged", "This is the password that you have. Choose another one."));
        }
        self.reset_password(Actor::of(principal, Some(address)), id, new, "new").await?;
        let person = self.person(id)?;
        Ok(Subject::Person { id, generation: person.generation })
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// 404.
    pub async fn sign_out_everywhere(&self, by: Actor, id: i64) -> AppResult<()> {
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            let row = change.person(id).await?;
            change.next_generation(id).await?;
            change.commit(Entry::new(by, "session.end_all").target("user", id, &row.name)).await?;
            this.reload().await
        })
        .await
    }

    /// Checks a name and a password. The same answer, after the same work, for an unknown name, a wrong password and a disabled account.
    ///
    /// # Errors
    /// 401 `sign_in_failed`, 429 `too_many_attempts`, 503 if too many sign in at once.
    pub async fn sign_in(&self, address: IpAddr, typed_name: &str, typed_password: &str) -> AppResult<Subject> {
        // Longer ones cannot exist; what is compared stays small.
        let short: String = typed_name.chars().take(256).collect();
        // Who was just added on the command line can sign in at once.
        self.look().await?;
        let key = name::key(&short);
        let named = self.directory().by_name_key(&key).cloned();
        // A right password for an account that is turned off must not be told from a wrong one, nor by delays that end.
        let active = named.as_ref().filter(|person| !person.disabled);
        let Some(person) = self.verify(address, &key, typed_password, active).await? else {
            // What no account is called may be a password in the wrong field: it is not kept.
            let name = named.map(|person| person.name.clone()).unwrap_or_default();
            self.inner.audit.note(Entry::new(Actor::nobody(&name, Some(address)), "session.sign_in").refused());
            return Err(AppError::new(Kind::NotSignedIn, "sign_in_failed", "User name or password is wrong."));
        };
        let principal = Principal::new(
            super::principal::Who::Person { id: person.id, name: person.name.clone() },
            super::principal::Proof::None,
            Arc::clone(&person.rights),
            None,
        );
        self.inner.audit.note(Entry::new(Actor::of(&principal, Some(address)), "session.sign_in"));
        self.lock_used().sign_ins.insert(person.id, self.inner.clock.now());
        Ok(Subject::Person { id: person.id, generation: person.generation })
    }

    /// The person, if the password is right. A hash of older parameters is renewed on the way.
    async fn verify(&self, address: IpAddr, key: &str, typed: &str, person: Option<&Arc<Person>>) -> AppResult<Option<Arc<Person>>> {
        let attempt = self.begin_attempt(address, key)?;
        // The same query for a name that is not there.
        let id = person.map_or(0, |person| person.id);
        let judged = async {
            let row = user::Entity::find_by_id(id).one(self.inner.db.read()).await.map_err(failed)?;
            let stored = row.map(|row| row.password_hash);
            Ok::<_, AppError>((self.inner.hasher.verify(typed, stored.as_deref()).await?, stored))
        };
        let (verdict, stored) = match judged.await {
            Ok(judged) => judged,
            Err(not_judged) => {
                self.lock_limiter().abandoned(&attempt);
                return Err(not_judged);
            }
        };
        match (verdict, person) {
            (Verdict::Wrong, _) | (_, None) => Ok(None),
            (Verdict::Right, Some(person)) => {
                self.lock_limiter().succeeded(Instant::now(), &attempt);
                Ok(Some(Arc::clone(person)))
            }
            (Verdict::RightButOld(hash), Some(person)) => {
                self.lock_limiter().succeeded(Instant::now(), &attempt);
                if let Err(error) = self.renew_hash(person.id, stored.unwrap_or_default(), hash).await {
                    tracing::warn!(%error, "a password's hash could not be renewed");
                }
                Ok(Some(Arc::clone(person)))
            }
        }
    }

    /// Not a change of anything that others must know: sessions stay.
    async fn renew_hash(&self, id: i64, old: String, new: String) -> AppResult<()> {
        let transaction = self.inner.db.begin().await.map_err(failed)?;
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(new))
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::PasswordHash.eq(old))
            .exec(&transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    fn begin_attempt(&self, address: IpAddr, account: &str) -> AppResult<Attempt> {
        self.lock_limiter().begin(Instant::now(), address, account).map_err(|wait| {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            AppError::too_many("too_many_attempts", format!("Too many attempts. Try again in {seconds} s."), seconds)
        })
    }

    /// An account.
    ///
    /// # Errors
    /// 404.
    pub fn person(&self, id: i64) -> AppResult<Arc<Person>> {
        self.directory().people.get(&id).cloned().ok_or_else(user_not_found)
    }

    /// An account by its name.
    ///
    /// # Errors
    /// 404.
    pub fn person_by_name(&self, typed: &str) -> AppResult<Arc<Person>> {
        self.directory().by_name_key(&name::key(typed)).cloned().ok_or_else(user_not_found)
    }
}

fn checked_grants(grants: Vec<Grant>) -> AppResult<Vec<Grant>> {
    if grants.len() > MAX_GRANTS {
        return Err(AppError::invalid("grants", "too_many_grants", format!("At most {MAX_GRANTS} grants. Use groups.")));
    }
    for (index, grant) in grants.iter().enumerate() {
        if let app::model::GrantTarget::Group(group) = &grant.target
            && (group.is_empty() || group.chars().count() > GROUP_CHARS)
        {
            let detail = format!("A group's name has 1 to {GROUP_CHARS} characters.");
            return Err(AppError::invalid(format!("grants[{index}].target.group"), "group_name", detail));
        }
        if grant.actions.is_empty() {
            return Err(AppError::invalid(format!("grants[{index}].actions"), "actions_empty", "Name at least one action."));
        }
    }
    Ok(grants.into_iter().map(|grant| Grant { actions: Actions::of(&grant.actions).list(), ..grant }).collect())
}

/// As the audit log tells it.
fn told(person: &Person) -> Value {
    json!({ "name": person.name, "role": person.role, "disabled": person.disabled, "grants": person.grants })
}

fn name_taken() -> AppError {
    AppError::new(Kind::Conflict, "username_taken", "There is an account with this name already.").field("username")
}

fn already_set_up() -> AppError {
    AppError::new(Kind::Conflict, "already_set_up", "Somebody has set up this server already. Sign in instead.")
}
