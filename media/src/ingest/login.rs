//! How far a login has come, told by the source that sends it to whoever counts the refused ones.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none, or the camera has accepted this one before.
    Proven,
    /// Not sent yet. The camera has never been known to accept it.
    Unproven,
    /// Sent, or about to be. Whatever ends the attempt now, the camera may have refused it.
    Sent,
    /// Answered, whatever the answer was.
    Judged,
}

/// The mark of one attempt to open a source. A camera that holds its refusals back (some do, against guessing) refuses also those that
/// nobody waits for any more, so a login counts from when it is sent until it is answered.
#[derive(Debug)]
pub struct LoginMark(watch::Sender<State>);

impl Default for LoginMark {
    /// Nothing to watch: no login, or one that is known to be good.
    fn default() -> Self {
        Self(watch::Sender::new(State::Proven))
    }
}

impl LoginMark {
    /// The camera has never been known to accept this login.
    pub fn doubt(&self) {
        self.0.send_replace(State::Unproven);
    }

    /// The source has to tell when it sends the login and when that is answered.
    pub fn is_doubted(&self) -> bool {
        *self.0.borrow() == State::Unproven
    }

    /// The camera asks for the login: from now on it may reach it.
    pub fn sent(&self) {
        self.0.send_if_modified(|state| {
            let doubted = *state == State::Unproven;
            if doubted {
                *state = State::Sent;
            }
            doubted
        });
    }

    /// The camera has answered the request that carried the login.
    pub fn judged(&self) {
        self.0.send_if_modified(|state| {
            let sent = *state == State::Sent;
            if sent {
                *state = State::Judged;
            }
            sent
        });
    }

    /// Sent and not answered yet.
    pub fn is_under_way(&self) -> bool {
        *self.0.borrow() == State::Sent
    }

    /// Resolves once no login is under way.
    pub async fn settled(&self) {
        // Fails only if the sender is gone, which is here.
        let _ = self.0.subscribe().wait_for(|state| *state != State::Sent).await;
    }
}

#[cfg(test)]
mod tests {
    use super::LoginMark;

    #[tokio::test]
    async fn only_a_doubted_login_is_ever_under_way() {
        let known = LoginMark::default();
        known.sent();
        assert!(!known.is_under_way() && !known.is_doubted());

        let mark = LoginMark::default();
        mark.doubt();
        mark.judged();
        assert!(mark.is_doubted() && !mark.is_under_way());
        mark.settled().await;
        mark.sent();
        assert!(mark.is_under_way());
        let settled = mark.settled();
        tokio::pin!(settled);
        assert!(futures::poll!(settled.as_mut()).is_pending());
        mark.judged();
        settled.await;
        mark.sent();
        assert!(!mark.is_under_way(), "one attempt sends one login");
    }
}
