//! Which camera is enlarged, read from the page's address and changed by going to another.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

/// Goes to a path of this app; true replaces the current step of the history.
type Go = Box<dyn Fn(&str, bool) + Send + Sync>;

/// Which camera is enlarged: it stands in the address, so that it survives a reload and "back" closes it.
#[derive(Clone, Copy)]
pub struct Enlarged {
    pub id: Memo<Option<i64>>,
    go: StoredValue<Go>,
}

impl Enlarged {
    /// Follows the page's address. To be called within the router.
    pub fn from_address() -> Self {
        let path = use_location().pathname;
        let navigate = use_navigate();
        let go = move |path: &str, replace: bool| navigate(path, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
        Self { id: Memo::new(move |_| path.with(|path| camera_in(path))), go: StoredValue::new(Box::new(go) as Go) }
    }

    pub fn open(self, id: i64) {
        // From one enlarged camera to the next is one step of history, so that "back" leads to the wall.
        let replace = self.id.get_untracked().is_some();
        self.go.with_value(|go| go(&format!("/camera/{id}"), replace));
    }

    /// Back to the wall; the step of history is the same, so that "back" does not enlarge again.
    pub fn close(self) {
        self.go.with_value(|go| go("/", true));
    }
}

fn camera_in(path: &str) -> Option<i64> {
    path.strip_prefix("/camera/")?.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::camera_in;

    #[test]
    fn the_enlarged_camera_stands_in_the_address() {
        assert_eq!(camera_in("/camera/12"), Some(12));
        assert_eq!(camera_in("/camera/12/"), Some(12));
        assert_eq!(camera_in("/"), None);
        assert_eq!(camera_in("/camera/gate"), None);
    }
}
