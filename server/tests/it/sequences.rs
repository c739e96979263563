//! What HLS players must never see go back, over restarts of the server.

use crate::support::TestApp;
use server::services::sequences;

/// Symptom once: seeded from the clock in steps of 17 minutes, a restart soon after a camera's reconnect went back by one.
#[tokio::test]
async fn the_discontinuity_sequence_starts_higher_at_every_start_of_the_server() {
    let app = TestApp::start().await;
    let first = sequences::begin(&app.state.db).await.expect("a database");
    let app = app.restart().await;
    let second = sequences::begin(&app.state.db).await.expect("a database");
    assert!(second > first, "{first} then {second}");
}
