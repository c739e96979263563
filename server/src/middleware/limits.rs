//! Bounds of a request that hold everywhere: the length of its address, and the time that its body may take.

use crate::error::{AppError, Kind};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Longest path and query together, in bytes.
const MAX_TARGET: usize = 8 << 10;
/// How long a body may take to arrive. Bodies are small (see the router's limit): a slower one is held open on purpose.
const BODY_WITHIN: Duration = Duration::from_secs(20);

/// Refuses addresses that are too long, and gives the body a deadline.
pub async fn bound(request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET {
        return AppError::new(Kind::UriTooLong, "uri_too_long", "This address is longer than the server takes.").into_response();
    }
    let ends = request.body().is_end_stream();
    let request = if ends { request } else { request.map(|body| Body::new(Deadline { body, end: Box::pin(sleep(BODY_WITHIN)) })) };
    next.run(request).await
}

/// A body that fails when it takes too long.
struct Deadline {
    body: Body,
    end: Pin<Box<Sleep>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
struct TooSlow;

impl HttpBody for Deadline {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.end.as_mut().poll(context).map(|()| Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
