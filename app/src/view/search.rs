//! A search for cameras by what people call them: the name, the group, the tags.

use crate::model::Camera;
use crate::text;

/// How well a camera fits, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its name begins as the query does.
    Name,
    /// A word of its name begins as a word of the query does.
    Word,
    /// What was typed stands anywhere in its name, group or tags.
    Anywhere,
}

/// The ids of the cameras in which every word of the query stands, in upper or lower case: the best first, those that fit alike in the
/// order they came in. Without a word: all of them.
pub fn found<'a>(query: &str, cameras: impl Iterator<Item = &'a Camera>) -> Vec<i64> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut found: Vec<(Fit, i64)> = cameras.filter_map(|camera| Some((fit(&words, camera)?, camera.id))).collect();
    found.sort_by_key(|(fit, _)| *fit);
    found.into_iter().map(|(_, id)| id).collect()
}

fn fit(words: &[&str], camera: &Camera) -> Option<Fit> {
    let name = camera.name.to_lowercase();
    let others: Vec<String> = camera.group.iter().chain(&camera.tags).map(|text| text.to_lowercase()).collect();
    let stands = |word: &&str| name.contains(word) || others.iter().any(|text| text.contains(word));
    if !words.iter().all(stands) {
        return None;
    }
    let begins = |word: &&str| name.split_whitespace().any(|part| part.starts_with(word));
    Some(match words {
        [] => Fit::Name,
        _ if name.starts_with(&words.join(" ")) => Fit::Name,
        _ if words.iter().any(begins) => Fit::Word,
        _ => Fit::Anywhere,
    })
}

/// What stands under a camera's name, so that one sees why it was found: whether it is hidden, its group and its tags.
pub fn facts(camera: &Camera) -> String {
    let hidden = camera.hidden.then_some(text::search::HIDDEN);
    hidden.into_iter().chain(camera.group.as_deref()).chain(camera.tags.iter().map(String::as_str)).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::{facts, found};
    use crate::model::Camera;
    use serde_json::json;

    fn camera(id: i64, name: &str, group: Option<&str>, tags: &[&str]) -> Camera {
        let value = json!({"id": id, "name": name, "profile": "test_pattern", "enabled": true, "hidden": false, "group": group, "tags": tags,
            "sources": {}, "always_on": true, "overrides": {}, "created_at": ""});
        serde_json::from_value(value).expect("a camera")
    }

    fn cameras() -> Vec<Camera> {
        vec![
            camera(1, "Back yard", Some("Outside"), &["east"]),
            camera(2, "Front yard", Some("Outside"), &[]),
            camera(3, "Yard gate", None, &["PTZ"]),
            camera(4, "BÜRO", Some("Inside"), &[]),
            camera(5, "Graveyard shift", None, &[]),
        ]
    }

    fn ids(query: &str) -> Vec<i64> {
        found(query, cameras().iter())
    }

    #[test]
    fn every_word_has_to_stand_somewhere_and_the_likeliest_come_first() {
        assert_eq!(ids("yard"), [3, 1, 2, 5]);
        assert_eq!(ids("  YARD  fr "), [2]);
        assert_eq!(ids("outside"), [1, 2]);
        assert_eq!(ids("ptz"), [3]);
        assert_eq!(ids("outside east"), [1]);
        assert_eq!(ids("büro"), [4]);
        assert_eq!(ids("cellar"), [] as [i64; 0]);
        assert_eq!(ids(" "), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn group_and_tags_tell_why() {
        assert_eq!(facts(&cameras()[0]), "Outside · east");
        assert_eq!(facts(&cameras()[4]), "");
        assert_eq!(facts(&Camera { hidden: true, ..camera(6, "Cellar", Some("Inside"), &[]) }), "Not on the wall · Inside");
    }
}
