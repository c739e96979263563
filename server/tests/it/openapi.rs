//! The API's description, whole: a change of the outside contract shows up in review.

#[test]
fn the_document_is_as_agreed() {
    let document = server::router::openapi().to_pretty_json().expect("JSON");
    insta::assert_snapshot!(document);
}
