//! What the OpenAPI document says of every operation alike: how one signs in, and the failures that arise before a handler runs. A handler's
//! own description names only what is its own: a failure with a reason of its own, or the status alone where the shared reason says it.

use app::model::Problem;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema, SchemaFormat};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Type};

use crate::error::PROBLEM_JSON;
use crate::guard::COOKIE;

/// Name, status and reason of the failures that many operations share.
const SHARED: [(&str, &str, &str); 9] = [
    ("Malformed", "400", "The request cannot be read: its JSON or its query."),
    ("NotSignedIn", "401", "Nobody is signed in, or the session or token has ended."),
    ("NotAllowed", "403", "Not granted, or sent by a page of another site (`cross_site`)."),
    ("NotFound", "404", "There is no such thing, or not for whoever asks."),
    ("TooLarge", "413", "The body is larger than 64 KiB."),
    ("UnsupportedMediaType", "415", "The body is not sent as JSON, or it is compressed."),
    ("Invalid", "422", "A value is not acceptable; `field` and `code` say which and why."),
    ("TooMany", "429", "Asked too often; `Retry-After` says when to ask again, in seconds."),
    ("Unavailable", "503", "Cannot be answered now; `Retry-After` says when to ask again, in seconds."),
];

/// Completes the document.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let cookie = ApiKeyValue::with_description(
        COOKIE,
        "Of a browser, set by signing in. Over HTTPS its name is `__Host-nightjar`. It cannot be read by scripts.",
    );
    components.security_schemes.insert("session".to_owned(), RefOr::T(SecurityScheme::ApiKey(ApiKey::Cookie(cookie))));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token, for programs.")).build();
    components.security_schemes.insert("token".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    components.schemas.entry("Problem".to_owned()).or_insert_with(Problem::schema);
    for (name, status, reason) in SHARED {
        components.responses.insert(name.to_owned(), RefOr::T(problem(status, reason)));
    }
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for (operation, changes) in [(get, false), (put, true), (post, true), (delete, true), (patch, true)] {
            if let Some(operation) = operation {
                describe(operation, changes);
            }
        }
    }
}

fn problem(status: &str, reason: &str) -> Response {
    let schema: RefOr<Schema> = Ref::from_schema_name("Problem").into();
    let response = ResponseBuilder::new().description(reason).content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build());
    if !matches!(status, "429" | "503") {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)));
    response.header("Retry-After", HeaderBuilder::new().schema(Some(seconds)).build()).build()
}

/// An operation that says nothing of security takes a session or a token; what is open to all says `security(())`.
fn describe(operation: &mut Operation, changes: bool) {
    let open = operation.security.is_some();
    if !open {
        let scheme = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        operation.security = Some(vec![scheme("session"), scheme("token")]);
    }
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(&parameter.parameter_in),
        RefOr::Ref(_) => None,
    });
    let (mut in_path, mut in_query) = (false, false);
    for place in parameters {
        in_path |= *place == utoipa::openapi::path::ParameterIn::Path;
        in_query |= *place == utoipa::openapi::path::ParameterIn::Query;
    }
    let body = operation.request_body.is_some();
    for (name, status, _) in SHARED {
        let may_happen = match status {
            "400" => body || in_query,
            // A bearer token that is not known is refused where one is not needed, too.
            "401" | "503" => true,
            "403" => !open || changes,
            "404" => in_path,
            // Also where no body is read: it is measured before anybody looks for who asks.
            "413" => changes,
            "415" | "422" => body,
            _ => false,
        };
        let shared = || RefOr::from(Ref::from_response_name(name));
        match operation.responses.responses.get_mut(status) {
            // A handler that says nothing of its own means the shared one, which has its headers, too.
            Some(own) => {
                if matches!(own, RefOr::T(own) if own.description.is_empty()) {
                    *own = shared();
                }
            }
            None if may_happen => {
                operation.responses.responses.insert(status.to_owned(), shared());
            }
            None => {}
        }
    }
}
