use super::super::testing::{Step, expected, play, recorded};
use super::*;
use std::fs;

fn picture(key: bool) -> Step {
    Step::Picture { interval: 3600, key, size: 30 }
}

#[test]
fn torn_ends_are_cut_off_and_files_without_a_picture_go() {
    let items = play(1, &[picture(false), Step::Sound(2), picture(true), Step::Session, picture(true), picture(false)]);
    let files = recorded(&items);
    let expected = expected(&items);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The last picture of the first file is torn, the tenth file ends with garbage, the eleventh has no whole picture, the twelfth nothing.
    fs::write(path("x-1.mp4"), &files[0][..files[0].len() - 1]).unwrap();
    fs::write(path("x-10.mp4"), [&files[1][..], &[0; 5000]].concat()).unwrap();
    fs::write(path("x-11.mp4"), &files[1][..expected[1].epoch.init.len() + 40]).unwrap();
    fs::write(path("x-12.mp4"), b"").unwrap();
    // And what a power cut can leave of a block that was not written.
    fs::write(path("x-13.mp4"), [0; 5000]).unwrap();
    fs::write(path("y-1.mp4"), b"another job's").unwrap();
    let found = recover(folder.path(), "x").unwrap();
    assert_eq!(found.iter().map(|file| (file.name.as_str(), file.pictures)).collect::<Vec<_>>(), [("x-1.mp4", 2), ("x-10.mp4", 2)]);
    for file in &found {
        assert_eq!(fs::metadata(path(&file.name)).unwrap().len(), file.bytes);
    }
    assert_eq!(fs::read(path("x-10.mp4")).unwrap(), files[1]);
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["x-1.mp4", "x-10.mp4", "x-13.mp4.damaged", "y-1.mp4"]);
    assert_eq!(recover(folder.path(), "x").unwrap(), found, "the second time there is nothing to do");
}

#[test]
fn a_folder_that_does_not_exist_is_not_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(recover(folder.path(), "x").unwrap(), []);
    assert_eq!(recover(&folder.path().join("none"), "x").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_file_that_does_not_know_its_time_ends_when_it_was_last_written() {
    let items = play(1, &[picture(false)]);
    let file = &recorded(&items)[0];
    let prft = file.windows(4).position(|kind| kind == b"prft").unwrap() - 4;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x-1.mp4"), [&file[..prft], &file[prft + 32..], b"torn"].concat()).unwrap();
    let found = recover(folder.path(), "x").unwrap();
    let now = crate::time::Stamp::now().utc_ms;
    assert_eq!(found[0].ended_utc_ms - found[0].started_utc_ms, 80);
    assert!((now - 600_000..=now + 1000).contains(&found[0].ended_utc_ms));
}

#[test]
fn what_no_crash_explains_is_not_cut_off() {
    let items = play(1, &[picture(false)]);
    let file = &recorded(&items)[0];
    let init = expected(&items)[0].epoch.init.len();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let long = MOST_TORN + u64::try_from(file.len()).unwrap() + 1;
    for (name, begins) in [("x-1.mp4", &file[..]), ("x-2.mp4", &file[..init])] {
        fs::write(path(name), begins).unwrap();
        File::options().write(true).open(path(name)).unwrap().set_len(long).unwrap();
    }
    let found = recover(folder.path(), "x").unwrap();
    assert_eq!(found.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["x-1.mp4"]);
    for name in ["x-1.mp4", "x-2.mp4.damaged"] {
        assert_eq!(fs::metadata(path(name)).unwrap().len(), long, "{name}");
    }
}
