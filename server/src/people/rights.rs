//! What somebody may do with which camera: sets of actions, and the arithmetic of roles and grants. Pure.

use app::model::{CameraAction, Grant, GrantTarget, Role, TokenScope};
use std::collections::HashMap;
use std::sync::Arc;

/// A set of [`CameraAction`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actions(u16);

impl Actions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&CameraAction::ALL);
    /// What a viewer can be granted at most.
    const VIEWER: Self =
        Self::of(&[CameraAction::Live, CameraAction::Audio, CameraAction::Ptz, CameraAction::Playback, CameraAction::Export]);
    /// What an operator gets on the whole: everything but changing settings.
    pub const OPERATE: Self = Self::of(&[
        CameraAction::Live,
        CameraAction::Audio,
        CameraAction::Ptz,
        CameraAction::Playback,
        CameraAction::Export,
        CameraAction::Record,
    ]);
    /// What a link to a recording can give.
    pub const TAKEN: Self = Self::of(&[CameraAction::Audio, CameraAction::Playback, CameraAction::Export]);
    /// What can be done with a recording: without any of these it does not exist for somebody, also where they watch its camera.
    const RECORDED: Self = Self::of(&[CameraAction::Playback, CameraAction::Export, CameraAction::Record]);
    /// What a token that reads gets: nothing that moves a camera.
    const READ: Self = Self::of(&[CameraAction::Live, CameraAction::Audio, CameraAction::Playback, CameraAction::Export]);

    /// The set of these.
    pub const fn of(actions: &[CameraAction]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < actions.len() {
            bits |= Self::bit(actions[index]);
            index += 1;
        }
        Self(bits)
    }

    const fn bit(action: CameraAction) -> u16 {
        1 << action as u16
    }

    pub fn has(self, action: CameraAction) -> bool {
        self.0 & Self::bit(action) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In the order of [`CameraAction::ALL`].
    pub fn list(self) -> Vec<CameraAction> {
        CameraAction::ALL.into_iter().filter(|action| self.has(*action)).collect()
    }

    /// The most that a role can have on a camera.
    pub fn ceiling(role: Role) -> Self {
        match role {
            Role::Viewer => Self::VIEWER,
            Role::Operator | Role::Admin => Self::ALL,
        }
    }
}

/// The grants that a new person starts with: an admin needs none, an operator operates all cameras, a viewer sees nothing yet.
pub fn first_grants(role: Role) -> Vec<Grant> {
    match role {
        Role::Admin | Role::Viewer => Vec::new(),
        Role::Operator => vec![Grant { target: GrantTarget::All, actions: Actions::OPERATE.list() }],
    }
}

/// Everything that one person, token or link may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    role: Role,
    all: Actions,
    groups: HashMap<String, Actions>,
    cameras: HashMap<i64, Actions>,
    /// All of it is about this recording only: a link to one reaches nothing else of its camera.
    recording: Option<i64>,
    /// Whose rights these are a part of: a token reaches no further than its owner.
    within: Option<Arc<Rights>>,
}

impl Rights {
    /// Nothing at all.
    pub fn none() -> Self {
        Self { role: Role::Viewer, all: Actions::NONE, groups: HashMap::new(), cameras: HashMap::new(), recording: None, within: None }
    }

    /// A person's.
    pub fn of_person(role: Role, grants: &[Grant]) -> Self {
        let mut rights = Self { role, ..Self::none() };
        if role == Role::Admin {
            rights.all = Actions::ALL;
            return rights;
        }
        let ceiling = Actions::ceiling(role);
        for grant in grants {
            let actions = Actions::of(&grant.actions).and(ceiling);
            match &grant.target {
                GrantTarget::All => rights.all = rights.all.or(actions),
                GrantTarget::Group(name) => add(rights.groups.entry(name.clone()).or_default(), actions),
                GrantTarget::Camera(id) => add(rights.cameras.entry(*id).or_default(), actions),
            }
        }
        rights
    }

    /// A token's. `cameras`: none for all. `owner`: what it cannot go beyond.
    pub fn of_token(scope: TokenScope, cameras: Option<&[i64]>, owner: Option<Arc<Rights>>) -> Self {
        let (role, actions) = match scope {
            TokenScope::Read => (Role::Viewer, Actions::READ),
            TokenScope::Operate => (Role::Operator, Actions::OPERATE),
            TokenScope::Admin => (Role::Admin, Actions::ALL),
        };
        let mut rights = Self { role, within: owner, ..Self::none() };
        match cameras {
            None => rights.all = actions,
            Some(ids) => {
                // The installation is more than some cameras.
                rights.role = role.min(Role::Operator);
                rights.cameras = ids.iter().map(|id| (*id, actions)).collect();
            }
        }
        rights
    }

    /// A link's: one camera, or one recording of it, as a viewer. `maker`: what it cannot go beyond.
    pub fn of_link((camera, recording): (i64, Option<i64>), actions: Actions, maker: Option<Arc<Rights>>) -> Self {
        Self { cameras: HashMap::from([(camera, actions.and(Actions::VIEWER))]), recording, within: maker, ..Self::none() }
    }

    /// The one recording that all of it is about.
    pub fn recording(&self) -> Option<i64> {
        self.recording
    }

    /// The role, which decides about what is not a camera's.
    pub fn role(&self) -> Role {
        self.within.as_ref().map_or(self.role, |within| self.role.min(within.role()))
    }

    /// Whether anything may be done that `other` may not do. Only for persons' rights, which are no part of others.
    pub fn exceeds(&self, other: &Self) -> bool {
        let beyond = |own: Actions, others: Actions| own.and(others) != own;
        self.role > other.role
            || beyond(self.all, other.all)
            || self.groups.iter().any(|(group, own)| beyond(*own, other.all.or(other.groups.get(group).copied().unwrap_or_default())))
            || self.cameras.iter().any(|(camera, own)| beyond(*own, other.all.or(other.cameras.get(camera).copied().unwrap_or_default())))
    }

    /// What may be done with a camera of this group. Nothing: for them the camera does not exist.
    pub fn on(&self, camera: i64, group: Option<&str>) -> Actions {
        if self.recording.is_some() { Actions::NONE } else { self.granted(camera, group) }
    }

    /// What may be done with a recording of a camera of this group, or of one that was removed. Nothing: for them the recording does not exist.
    pub fn on_recording(&self, recording: i64, camera: Option<i64>, group: Option<&str>) -> Actions {
        let theirs = self.recording.is_none_or(|only| only == recording);
        let granted = match camera {
            _ if !theirs => Actions::NONE,
            Some(camera) => self.granted(camera, group),
            None => self.on_all(),
        };
        let recorded = granted.and(Actions::RECORDED);
        // What may not be heard live may not be heard later either.
        if recorded.is_empty() { Actions::NONE } else { recorded.or(granted.and(Actions::of(&[CameraAction::Audio]))) }
    }

    fn granted(&self, camera: i64, group: Option<&str>) -> Actions {
        let of_group = group.and_then(|group| self.groups.get(group)).copied().unwrap_or_default();
        let own = self.all.or(of_group).or(self.cameras.get(&camera).copied().unwrap_or_default());
        self.within.as_ref().map_or(own, |within| own.and(within.granted(camera, group)))
    }

    /// What may be done with every camera there is.
    fn on_all(&self) -> Actions {
        self.within.as_ref().map_or(self.all, |within| self.all.and(within.on_all()))
    }
}

fn add(slot: &mut Actions, actions: Actions) {
    *slot = slot.or(actions);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grant(target: GrantTarget, actions: &[CameraAction]) -> Grant {
        Grant { target, actions: actions.to_vec() }
    }

    #[test]
    fn grants_of_camera_group_and_all_add_up() {
        let rights = Rights::of_person(
            Role::Viewer,
            &[
                grant(GrantTarget::Camera(1), &[CameraAction::Live]),
                grant(GrantTarget::Camera(1), &[CameraAction::Audio]),
                grant(GrantTarget::Group("Yard".into()), &[CameraAction::Live, CameraAction::Playback]),
            ],
        );
        assert_eq!(rights.on(1, None), Actions::of(&[CameraAction::Live, CameraAction::Audio]));
        assert_eq!(rights.on(1, Some("Yard")), Actions::of(&[CameraAction::Live, CameraAction::Audio, CameraAction::Playback]));
        assert_eq!(rights.on(2, Some("Yard")), Actions::of(&[CameraAction::Live, CameraAction::Playback]));
        assert_eq!(rights.on(2, Some("yard")), Actions::NONE);
        assert_eq!(rights.on(2, None), Actions::NONE);
    }

    #[test]
    fn a_role_is_a_ceiling() {
        let everything = [grant(GrantTarget::All, &CameraAction::ALL)];
        assert!(!Rights::of_person(Role::Viewer, &everything).on(1, None).has(CameraAction::Configure));
        assert!(!Rights::of_person(Role::Viewer, &everything).on(1, None).has(CameraAction::Record));
        assert!(Rights::of_person(Role::Operator, &everything).on(1, None).has(CameraAction::Configure));
        assert_eq!(Rights::of_person(Role::Admin, &[]).on(9, None), Actions::ALL);
        assert!(!Rights::of_person(Role::Operator, &first_grants(Role::Operator)).on(1, None).has(CameraAction::Configure));
        assert_eq!(Rights::of_person(Role::Viewer, &first_grants(Role::Viewer)).on(1, None), Actions::NONE);
    }

    #[test]
    fn a_token_of_some_cameras_is_no_admin() {
        let rights = Rights::of_token(TokenScope::Admin, Some(&[3]), None);
        assert_eq!((rights.role(), rights.on(3, None), rights.on(4, None)), (Role::Operator, Actions::ALL, Actions::NONE));
        assert_eq!(Rights::of_token(TokenScope::Admin, None, None).role(), Role::Admin);
    }

    #[test]
    fn a_part_of_somebodys_rights_shrinks_with_them() {
        let owner = Arc::new(Rights::of_person(Role::Viewer, &[grant(GrantTarget::Camera(1), &[CameraAction::Live])]));
        let token = Rights::of_token(TokenScope::Admin, None, Some(Arc::clone(&owner)));
        assert_eq!((token.role(), token.on(1, None), token.on(2, None)), (Role::Viewer, Actions::of(&[CameraAction::Live]), Actions::NONE));
        let link = Rights::of_link((1, None), Actions::ALL, Some(owner));
        assert_eq!((link.on(1, None), link.on(2, None)), (Actions::of(&[CameraAction::Live]), Actions::NONE));
    }

    #[test]
    fn a_link_to_a_recording_reaches_nothing_else_of_its_camera() {
        let seen = [CameraAction::Live, CameraAction::Audio, CameraAction::Playback, CameraAction::Export];
        let maker = Arc::new(Rights::of_person(Role::Viewer, &[grant(GrantTarget::Group("Yard".into()), &seen)]));
        let link = Rights::of_link((1, Some(7)), Actions::ALL, Some(Arc::clone(&maker)));
        assert_eq!(link.on(1, Some("Yard")), Actions::NONE);
        assert_eq!(link.on_recording(7, Some(1), Some("Yard")), Actions::TAKEN);
        assert_eq!(
            (link.on_recording(8, Some(1), Some("Yard")), link.on_recording(7, Some(2), Some("Yard"))),
            (Actions::NONE, Actions::NONE)
        );
        // Without the maker's right there is none.
        assert_eq!(link.on_recording(7, Some(1), Some("Hall")), Actions::NONE);
        assert_eq!(maker.on_recording(8, Some(1), Some("Yard")), Actions::TAKEN);
        let deaf = [grant(GrantTarget::Camera(1), &[CameraAction::Live, CameraAction::Playback])];
        assert_eq!(Rights::of_person(Role::Viewer, &deaf).on_recording(7, Some(1), None), Actions::of(&[CameraAction::Playback]));
        // A removed camera's are for those who see all cameras, whatever else names it.
        let named = Rights::of_token(TokenScope::Operate, Some(&[1]), None);
        assert_eq!((named.on_recording(7, Some(1), None).is_empty(), named.on_recording(7, None, None)), (false, Actions::NONE));
        let all = Rights::of_token(TokenScope::Read, None, None);
        assert_eq!((all.on_recording(7, None, None), maker.on_recording(7, None, Some("Yard"))), (Actions::TAKEN, Actions::NONE));
        // Whoever only watches a camera knows of no recording.
        let watches = Rights::of_person(Role::Viewer, &[grant(GrantTarget::Camera(1), &[CameraAction::Live, CameraAction::Audio])]);
        assert_eq!(watches.on_recording(7, Some(1), None), Actions::NONE);
        assert_eq!(Rights::of_link((1, None), Actions::of(&seen), None).on_recording(7, Some(1), None), Actions::TAKEN);
    }

    #[test]
    fn less_or_the_same_in_other_words_is_no_rise() {
        let of = |grants: &[Grant]| Rights::of_person(Role::Viewer, grants);
        let (live, both) = ([CameraAction::Live], [CameraAction::Live, CameraAction::Audio]);
        let gate = |actions: &[CameraAction]| of(&[grant(GrantTarget::Camera(1), actions)]);
        assert!(
            gate(&live).exceeds(&of(&[]))
                && gate(&both).exceeds(&gate(&live))
                && of(&[grant(GrantTarget::All, &live)]).exceeds(&gate(&both))
        );
        assert!(!of(&[]).exceeds(&gate(&live)) && !gate(&live).exceeds(&gate(&both)) && !gate(&live).exceeds(&gate(&live)));
        assert!(!gate(&live).exceeds(&of(&[grant(GrantTarget::All, &both)])));
        // A viewer cannot be given what only operators have.
        assert!(!gate(&[CameraAction::Live, CameraAction::Configure]).exceeds(&gate(&live)));
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let target = prop_oneof![Just(GrantTarget::All), "[ab]".prop_map(GrantTarget::Group), (0..4_i64).prop_map(GrantTarget::Camera)];
        (target, proptest::sample::subsequence(CameraAction::ALL.to_vec(), 0..=7)).prop_map(|(target, actions)| Grant { target, actions })
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_role_and_grants_give(
            grants in proptest::collection::vec(any_grant(), 0..6), camera in 0..4_i64, group in proptest::option::of("[ab]"), viewer: bool,
        ) {
            let role = if viewer { Role::Viewer } else { Role::Operator };
            let rights = Rights::of_person(role, &grants);
            let on = rights.on(camera, group.as_deref());
            for action in CameraAction::ALL {
                let granted = grants.iter().any(|grant| grant.actions.contains(&action) && match &grant.target {
                    GrantTarget::All => true,
                    GrantTarget::Group(name) => Some(name) == group.as_ref(),
                    GrantTarget::Camera(id) => *id == camera,
                });
                prop_assert_eq!(on.has(action), granted && Actions::ceiling(role).has(action));
            }
            let part = Rights::of_token(TokenScope::Admin, None, Some(Arc::new(rights)));
            prop_assert_eq!(part.on(camera, group.as_deref()), on);
        }

        #[test]
        fn what_does_not_exceed_gives_nothing_new_anywhere(
            before in proptest::collection::vec(any_grant(), 0..6), after in proptest::collection::vec(any_grant(), 0..6),
            camera in 0..4_i64, group in proptest::option::of("[ab]"),
        ) {
            let (before, after) = (Rights::of_person(Role::Operator, &before), Rights::of_person(Role::Operator, &after));
            if !after.exceeds(&before) {
                let (old, new) = (before.on(camera, group.as_deref()), after.on(camera, group.as_deref()));
                prop_assert_eq!(new.and(old), new);
            }
        }
    }
}
