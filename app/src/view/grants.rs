//! What a person may do, as it is ticked on the page: one set of actions per target, and what comes from wider targets.

use crate::model::{Camera, CameraAction, Grant, GrantTarget, Role};

/// Ticks by target, in the order in which they were first made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticks(Vec<Grant>);

impl Ticks {
    /// Grants of the same target become one.
    pub fn new(grants: &[Grant]) -> Self {
        let mut ticks = Self::default();
        for grant in grants {
            for action in &grant.actions {
                ticks.set(&grant.target, *action, true);
            }
        }
        ticks
    }

    pub fn has(&self, target: &GrantTarget, action: CameraAction) -> bool {
        self.0.iter().any(|grant| grant.target == *target && grant.actions.contains(&action))
    }

    /// Ticks an action, or takes its tick away. Actions stay in the order of [`CameraAction::ALL`].
    pub fn set(&mut self, target: &GrantTarget, action: CameraAction, on: bool) {
        let place = self.0.iter().position(|grant| grant.target == *target);
        let mut actions = place.and_then(|place| self.0.get(place)).map(|grant| grant.actions.clone()).unwrap_or_default();
        actions.retain(|other| *other != action);
        if on {
            actions.push(action);
            actions.sort_unstable();
        }
        match place {
            Some(place) if actions.is_empty() => drop(self.0.remove(place)),
            Some(place) => {
                if let Some(grant) = self.0.get_mut(place) {
                    grant.actions = actions;
                }
            }
            None if actions.is_empty() => {}
            None => self.0.push(Grant { target: target.clone(), actions }),
        }
    }

    /// The wider target by which an action is allowed anyway: all cameras, or the camera's group.
    pub fn through(&self, target: &GrantTarget, group: Option<&str>, action: CameraAction) -> Option<GrantTarget> {
        let wider = match target {
            GrantTarget::All => return None,
            GrantTarget::Group(_) => vec![GrantTarget::All],
            GrantTarget::Camera(_) => {
                let group = group.map(|group| GrantTarget::Group(group.to_owned()));
                [GrantTarget::All].into_iter().chain(group).collect()
            }
        };
        wider.into_iter().find(|wider| self.has(wider, action))
    }

    pub fn grants(&self) -> Vec<Grant> {
        self.0.clone()
    }

    /// Whether two sheets allow the same, in whatever order they were ticked.
    pub fn same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|grant| other.0.contains(grant))
    }
}

/// The most that a role can be granted.
pub fn grantable(role: Role) -> &'static [CameraAction] {
    use CameraAction::{Audio, Export, Live, Playback, Ptz};
    match role {
        Role::Viewer => &[Live, Audio, Ptz, Playback, Export],
        Role::Operator | Role::Admin => &CameraAction::ALL,
    }
}

/// The groups of these cameras and those that grants name, each once, by name.
pub fn groups(cameras: &[Camera], ticks: &Ticks) -> Vec<String> {
    let granted = ticks.0.iter().filter_map(|grant| match &grant.target {
        GrantTarget::Group(name) => Some(name.clone()),
        GrantTarget::All | GrantTarget::Camera(_) => None,
    });
    let mut names: Vec<_> = cameras.iter().filter_map(|camera| camera.group.clone()).chain(granted).collect();
    names.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    names.dedup();
    names
}

/// How much somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Everything,
    AllCameras,
    Some { cameras: usize, groups: usize },
    Nothing,
}

/// In short, for lists.
pub fn reach(role: Role, grants: &[Grant]) -> Reach {
    if role == Role::Admin {
        return Reach::Everything;
    }
    let ticks = Ticks::new(grants);
    let count = |kind: fn(&GrantTarget) -> bool| ticks.0.iter().filter(|grant| kind(&grant.target)).count();
    match (count(|target| *target == GrantTarget::All), ticks.0.len()) {
        (1.., _) => Reach::AllCameras,
        (0, 0) => Reach::Nothing,
        (0, _) => Reach::Some {
            cameras: count(|target| matches!(target, GrantTarget::Camera(_))),
            groups: count(|target| matches!(target, GrantTarget::Group(_))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CameraAction::{Audio, Live, Ptz};

    fn grant(target: GrantTarget, actions: &[CameraAction]) -> Grant {
        Grant { target, actions: actions.to_vec() }
    }

    #[test]
    fn ticks_are_grants_without_repetition() {
        let gate = GrantTarget::Camera(1);
        let mut ticks = Ticks::new(&[grant(gate.clone(), &[Audio]), grant(gate.clone(), &[Live, Audio])]);
        assert_eq!(ticks.grants(), [grant(gate.clone(), &[Live, Audio])]);
        ticks.set(&gate, Ptz, true);
        ticks.set(&gate, Live, false);
        assert_eq!(ticks.grants(), [grant(gate.clone(), &[Audio, Ptz])]);
        for action in [Audio, Ptz, Live] {
            ticks.set(&gate, action, false);
        }
        assert_eq!(ticks.grants(), []);
    }

    #[test]
    fn what_comes_from_wider_targets_is_told() {
        let yard = GrantTarget::Group("Yard".into());
        let ticks = Ticks::new(&[grant(GrantTarget::All, &[Live]), grant(yard.clone(), &[Audio])]);
        let camera = GrantTarget::Camera(1);
        assert_eq!(ticks.through(&camera, Some("Yard"), Live), Some(GrantTarget::All));
        assert_eq!(ticks.through(&camera, Some("Yard"), Audio), Some(yard.clone()));
        assert_eq!(ticks.through(&camera, None, Audio), None);
        assert_eq!(ticks.through(&yard, None, Live), Some(GrantTarget::All));
        assert_eq!(ticks.through(&GrantTarget::All, None, Live), None);
    }

    #[test]
    fn the_order_of_ticks_is_no_change() {
        let (one, other) = (grant(GrantTarget::Camera(1), &[Live]), grant(GrantTarget::Camera(2), &[Live]));
        assert!(Ticks::new(&[one.clone(), other.clone()]).same(&Ticks::new(&[other, one.clone()])));
        assert!(!Ticks::new(&[one]).same(&Ticks::default()));
    }

    #[test]
    fn reach_in_short() {
        let group = GrantTarget::Group("Yard".into());
        assert_eq!(reach(Role::Admin, &[]), Reach::Everything);
        assert_eq!(reach(Role::Viewer, &[]), Reach::Nothing);
        assert_eq!(reach(Role::Operator, &[grant(GrantTarget::All, &[Live])]), Reach::AllCameras);
        let some = [grant(GrantTarget::Camera(1), &[Live]), grant(GrantTarget::Camera(1), &[Ptz]), grant(group, &[Live])];
        assert_eq!(reach(Role::Viewer, &some), Reach::Some { cameras: 1, groups: 1 });
    }
}
