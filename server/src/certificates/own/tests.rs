use super::*;
use std::os::unix::fs::PermissionsExt;

fn names(hosts: &[&str], addresses: &[&str], demanded: &[&str]) -> Names {
    Names {
        hosts: hosts.iter().chain(demanded).map(|host| (*host).to_owned()).collect(),
        addresses: addresses.iter().map(|address| address.parse().expect("an address")).collect(),
        demanded: demanded.iter().map(|host| (*host).to_owned()).collect(),
    }
}

#[test]
fn the_authority_stays_and_its_certificate_follows_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = OffsetDateTime::now_utc();
    let first = names(&["nas", "nas.local"], &["192.168.1.5"], &[]);
    let (authority, pair) = provide(folder.path(), &first, now).expect("made");
    assert!(["nas", "nas.local", "192.168.1.5"].iter().all(|name| pair.facts.covers(name)), "{:?}", pair.facts);
    assert!(!pair.facts.self_issued && authority.facts.self_issued);
    assert!(pair.facts.not_after - pair.facts.not_before <= Duration::days(397));
    let again = provide(folder.path(), &first, now).expect("read");
    assert_eq!((again.0.facts.clone(), again.1.facts), (authority.facts.clone(), pair.facts.clone()), "nothing is made twice");
    let moved = provide(folder.path(), &names(&["nas"], &["192.168.1.77"], &[]), now).expect("made");
    assert!(moved.1.facts.covers("192.168.1.77"));
    assert_eq!(moved.0, authority, "devices go on trusting it");
    let later = provide(folder.path(), &first, now + SERVER_LIFE - Duration::days(20)).expect("made");
    assert!(later.1.facts.not_after > pair.facts.not_after, "made anew before it ends");
    assert_eq!(later.0, authority);
}

#[test]
fn a_clock_that_was_wrong_at_the_first_start_is_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = names(&["nas"], &["192.168.1.5"], &[]);
    let (then, _) = provide(folder.path(), &machine, OffsetDateTime::UNIX_EPOCH).expect("made");
    let now = OffsetDateTime::now_utc();
    let (authority, pair) = provide(folder.path(), &machine, now).expect("made");
    assert!(authority != then && authority.facts.is_valid_at(now) && pair.facts.is_valid_at(now));
}

#[test]
fn the_authority_vouches_for_local_names_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = OffsetDateTime::now_utc();
    let (authority, _) = provide(folder.path(), &names(&["nas"], &[], &[]), now).expect("made");
    let permitted = permitted_names(&authority.der);
    assert!(is_permitted("nas", &permitted) && is_permitted("cams.lan", &permitted) && !is_permitted("bank.example", &permitted));
    assert!(!is_permitted("notlan", &permitted), "a suffix begins at a dot");
    // A container gets another random name each time: that is no reason for another authority.
    let renamed = provide(folder.path(), &names(&["3f2a9b"], &["10.0.0.2"], &[]), now).expect("made");
    assert!(renamed.0 == authority && !renamed.1.facts.covers("3f2a9b") && renamed.1.facts.covers("10.0.0.2"));
    // A name that a person asks for is.
    let asked = provide(folder.path(), &names(&["nas"], &[], &["cams.example.org"]), now).expect("made");
    assert!(asked.0 != authority && asked.1.facts.covers("cams.example.org"));
}

#[test]
fn keys_are_for_their_owner_only_and_damaged_files_are_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("certificates");
    let now = OffsetDateTime::now_utc();
    let machine = names(&["nas"], &[], &[]);
    provide(&folder, &machine, now).expect("made");
    for file in [AUTHORITY.0, AUTHORITY.1, SERVER.0, SERVER.1] {
        let mode = std::fs::metadata(folder.join(file)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    for file in [SERVER.0, SERVER.1, AUTHORITY.1] {
        std::fs::write(folder.join(file), "damaged").expect("written");
        assert!(provide(&folder, &machine, now).expect("made").1.facts.covers("nas"), "{file}");
    }
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 4, "no temporary file is left");
}
