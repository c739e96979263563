//! Every route against everybody who may ask, by the table in `table.txt`. A route without a row fails, and so does a row without a route.

use super::house::House;
use super::routes;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write;
use tower::ServiceExt;

const TABLE: &str = include_str!("table.txt");
/// What stands before the path of something that is answered without a route of its own.
const UNROUTED: char = '~';

struct Row {
    method: &'static str,
    /// As in the table: a parameter with the value that it is asked with.
    path: &'static str,
    expected: Vec<&'static str>,
}

impl Row {
    /// The router's pattern.
    fn pattern(&self) -> String {
        let parts = self.path.split('/').map(|part| part.split_once('=').map_or_else(|| part.to_owned(), |(name, _)| format!("{name}}}")));
        parts.collect::<Vec<_>>().join("/")
    }

    /// The address that is asked.
    fn address(&self, house: &House) -> String {
        let value = |part: &str| match part.split_once('=').map(|(_, value)| value.trim_end_matches('}')) {
            None => part.to_owned(),
            Some("gate") => house.gate.to_string(),
            Some("vault") => house.vault.to_string(),
            Some("gates") => house.gate_recording.to_string(),
            Some("vaults") => house.vault_recording.to_string(),
            Some("signed") => house.link.clone(),
            Some("ended") => house.ended_link.clone(),
            Some("forged") => format!("{}x", house.link),
            Some(value) => value.to_owned(),
        };
        self.path.trim_start_matches(UNROUTED).split('/').map(value).collect::<Vec<_>>().join("/")
    }

    /// These end what others need: asked last.
    fn is_last(&self) -> bool {
        let whole = self.path.matches('/').count() == 4 && self.path.ends_with('}');
        self.method == "DELETE" && whole && (self.path.starts_with("/api/v1/cameras/") || self.path.starts_with("/api/v1/recordings/"))
    }
}

fn table() -> (Vec<&'static str>, Vec<Row>) {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let columns: Vec<_> = lines.next().expect("the columns").split_whitespace().skip(2).collect();
    let rows = lines.map(|line| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
        let expected: Vec<_> = words.collect();
        assert_eq!(expected.len(), columns.len(), "{line}");
        Row { method, path, expected }
    });
    (columns.clone(), rows.collect())
}

/// `ok`: not turned away, whatever else is wrong with the request. Otherwise the status with which somebody was turned away.
async fn verdict(house: &House, method: &str, address: &str, who: &str) -> String {
    let (name, value) = house.header(who).await;
    let address =
        if who == "link" && !address.starts_with("/link/") { format!("/link/{}{address}", house.link) } else { address.to_owned() };
    // Whatever is wrong with the body is found after the guard; nothing is changed by it.
    let body = if matches!(method, "GET" | "HEAD" | "DELETE") { "" } else { "!" };
    let request = Request::builder().method(method).uri(&address).header(name, value).header("content-type", "application/json");
    let request = request.body(Body::from(body)).expect("a request");
    // Only the head: some bodies have no end.
    let answer = house.app.router.clone().oneshot(request).await.expect("infallible");
    match answer.status().as_u16() {
        status @ (401 | 403 | 404 | 405) => status.to_string(),
        _ => "ok".to_owned(),
    }
}

/// A house whose cameras are switched off: what asks for pictures is answered at once.
async fn quiet_house() -> House {
    let house = House::new().await;
    for id in [house.gate, house.vault] {
        let off = house.app.patch(&format!("/api/v1/cameras/{id}"), json!({ "enabled": false })).await;
        assert!(off.status.is_success(), "{}", off.text);
    }
    house
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    let house = House::new().await;
    let served = routes::of(&house.app.router);
    let rows = table().1;
    let listed: BTreeSet<_> =
        rows.iter().filter(|row| !row.path.starts_with(UNROUTED)).map(|row| (row.method.to_owned(), row.pattern())).collect();
    let has_row = |route: &(String, String)| {
        // Whatever answers all methods alike needs one row of any of them.
        listed.contains(route) || (route.0 == "ANY" && listed.iter().any(|(_, pattern)| *pattern == route.1))
    };
    let without: Vec<_> = served.iter().filter(|route| !has_row(route)).collect();
    assert!(without.is_empty(), "routes without a row in table.txt: {without:#?}");
    let gone: Vec<_> = listed
        .iter()
        .filter(|(method, path)| !served.contains(&(method.clone(), path.clone())) && !served.contains(&("ANY".into(), path.clone())))
        .collect();
    assert!(gone.is_empty(), "rows of table.txt without a route: {gone:#?}");
}

#[tokio::test]
async fn everybody_gets_what_the_table_says_and_no_more() {
    let (columns, mut rows) = table();
    rows.sort_by_key(Row::is_last);
    let mut wrong = String::new();
    for (column, who) in columns.iter().enumerate().filter(|(_, who)| **who != "empty") {
        let house = quiet_house().await;
        for row in &rows {
            // Files are there once the site is built.
            if row.path.starts_with(UNROUTED) && row.path.contains('.') && !server::site::has(row.path.trim_start_matches("~/")) {
                continue;
            }
            let got = verdict(&house, row.method, &row.address(&house), who).await;
            let expected = row.expected[column];
            if got != expected {
                let _ = writeln!(wrong, "{who}: {} {}: {got}, not {expected}", row.method, row.path);
            }
        }
        house.app.state.shutdown().await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn other_methods_do_nothing_for_anybody() {
    let (columns, rows) = table();
    let house = quiet_house().await;
    let listed: BTreeSet<_> = rows.iter().map(|row| (row.method, row.pattern())).collect();
    for row in rows.iter().filter(|row| row.method != "ANY" && !row.path.starts_with(UNROUTED)) {
        let address = row.address(&house);
        for who in ["nobody", "viewer", "admin"] {
            let column = columns.iter().position(|column| *column == who).expect("a column");
            if row.method == "GET" {
                // A WebSocket has no head to be asked for.
                let head = verdict(&house, "HEAD", &address, who).await;
                assert!(head == row.expected[column] || head == "405", "{who}: HEAD {address}: {head}");
            }
            for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
                if listed.contains(&(method, row.pattern())) {
                    continue;
                }
                let got = verdict(&house, method, &address, who).await;
                assert!(matches!(got.as_str(), "401" | "404" | "405"), "{who}: {method} {address}: {got}");
            }
        }
    }
}

#[tokio::test]
async fn without_an_account_there_is_the_set_up_and_nothing_else() {
    let house = House::bare().await;
    let (columns, rows) = table();
    assert_eq!(columns[0], "empty");
    for row in rows.iter().filter(|row| !row.path.contains('.') || row.path.contains("/{") || row.path.starts_with("/api")) {
        let address = row.address(&house);
        let request = Request::builder().method(row.method).uri(&address).header("cookie", "other=1").body(Body::empty());
        let answer = house.app.send(request.expect("a request")).await;
        match row.expected[0] {
            "401" => assert_eq!(answer.problem(), (401, "set_up_first".into(), None), "{} {address}", row.method),
            expected => assert_ne!(answer.status, 401, "{} {address}: {expected}", row.method),
        }
    }
}
