//! Looks now and then how a camera that fails meets a knock, without a session and without a login. When, decides the policy.

use crate::ingest::Knocked;
use crate::stream::registry::StreamConfig;
use crate::stream::session::Upstream;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The longest look.
const LOOK: Duration = Duration::from_secs(1);

/// One look: how it was met.
pub(super) type Knock = BoxFuture<'static, Knocked>;

/// A look after a pause.
pub(super) fn start(upstream: &Arc<Upstream>, config: &Arc<StreamConfig>, pause: Duration) -> Knock {
    let (upstream, config) = (Arc::clone(upstream), Arc::clone(config));
    Box::pin(async move {
        sleep(pause).await;
        match upstream.connect.knock(&config.source, LOOK).await {
            Some(met) => met,
            // Nobody can tell: then the next attempt has to.
            None => std::future::pending().await,
        }
    })
}

/// The answer of a running knock; waits for ever without one.
pub(super) async fn answer(knock: &mut Option<Knock>) -> Knocked {
    match knock {
        Some(knock) => knock.await,
        None => std::future::pending().await,
    }
}
