//! Every route of the running router, read from the router itself: nothing that is served can be left out of the table.

use axum::Router;
use std::collections::{BTreeMap, BTreeSet};

const METHODS: [&str; 8] = ["get", "head", "delete", "options", "patch", "post", "put", "trace"];

/// Method (`ANY` where a route answers all) and pattern of every route. What answers where there is no route is not among them.
///
/// axum lists its routes in its debug form only. If a new version writes it differently, this fails and must learn it.
pub fn of(router: &Router) -> BTreeSet<(String, String)> {
    let text = format!("{router:?}");
    let text = text.split_once("fallback_router:").expect("the routes, then what answers without one").0;
    let (endpoints, paths) = text.split_once("node: Node { paths: {").expect("the endpoints, then their paths");
    let patterns: BTreeMap<&str, &str> = paths
        .split("RouteId(")
        .filter_map(|part| {
            let (id, rest) = part.split_once("): \"")?;
            Some((id, rest.split_once('"')?.0))
        })
        .collect();
    let mut routes = BTreeSet::new();
    for part in endpoints.split("RouteId(").skip(1) {
        let (id, endpoint) = part.split_once("): ").expect("an endpoint");
        let pattern = patterns.get(id).expect("a path for every endpoint");
        let answered = METHODS.iter().filter(|method| {
            let state = endpoint.split_once(&format!("{method}: ")).expect("the method").1;
            !state.starts_with("None")
        });
        let before = routes.len();
        routes.extend(answered.map(|method| (method.to_uppercase(), (*pattern).to_owned())));
        if endpoint.contains("fallback: Service(") || routes.len() == before {
            routes.insert(("ANY".to_owned(), (*pattern).to_owned()));
        }
    }
    assert!(routes.len() > 60 && patterns.len() > 50, "the router's routes cannot be read: {routes:?}");
    routes
}
