//! Looks about once a second whether a camera that was lost answers on its port again, without a session and without a login.

use crate::stream::registry::StreamConfig;
use crate::stream::session::Upstream;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Pause before a look, and the longest look.
const PAUSE: Duration = Duration::from_secs(1);

/// One look: whether the port answered.
pub(super) type Knock = BoxFuture<'static, bool>;

/// A look after a pause.
pub(super) fn start(upstream: &Arc<Upstream>, config: &Arc<StreamConfig>) -> Knock {
    let (upstream, config) = (Arc::clone(upstream), Arc::clone(config));
    Box::pin(async move {
        sleep(PAUSE).await;
        match timeout(PAUSE, upstream.connect.knock(&config.source)).await {
            Ok(Some(answered)) => answered,
            Err(_) => false,
            // Nobody can tell: then the next attempt has to.
            Ok(None) => std::future::pending().await,
        }
    })
}

/// The answer of a running knock; waits for ever without one.
pub(super) async fn answer(knock: &mut Option<Knock>) -> bool {
    match knock {
        Some(knock) => knock.await,
        None => std::future::pending().await,
    }
}
