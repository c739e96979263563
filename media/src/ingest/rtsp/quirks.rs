//! Camera quirks as named settings. Each default is right for a camera that follows the specifications; the other names
//! are for the cameras their documentation lists. The names are kept in settings: they never change, defaults may.
//!
//! Keepalives cannot be set: retina sends OPTIONS once and then, every half session, GET_PARAMETER where it is announced. Tapo cameras,
//! which announce SET_PARAMETER and refuse it under the number of another request, are served well by that. A camera that answers OPTIONS
//! or GET_PARAMETER under a wrong number, or not at all, loses its session (scottlamb/retina#133, #136, open) and gets a new one at once.

use retina::client as retina;
use std::fmt;
use std::str::FromStr;

/// The text names no variant of the policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not known here; it can be {allowed}")]
pub struct UnknownPolicy {
    given: String,
    allowed: String,
}

/// Declares a policy enum with its stable names and its retina counterpart.
macro_rules! policy {
    ($(#[$doc:meta])* $name:ident => $target:ty { $($(#[$variant_doc:meta])* $variant:ident = $text:literal => $counterpart:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every variant, the default first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name used in settings.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub(super) fn to_retina(self) -> $target {
                match self { $(Self::$variant => $counterpart,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownPolicy;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownPolicy { given: text.chars().take(40).collect(), allowed: [$($text),+].join(", ") }),
                }
            }
        }
    };
}

policy! {
    /// When a session is ended with TEARDOWN.
    TeardownQuirk => retina::TeardownPolicy {
        /// One attempt over TCP, until success over UDP and with servers known to leak sessions (live555 before 2017-06-04, older Reolink).
        #[default]
        Auto = "auto" => retina::TeardownPolicy::Auto,
        /// Until success or expiry: for cameras that keep counting sessions whose connection has closed (Dahua's and D-Link's viewer limits).
        Always = "always" => retina::TeardownPolicy::Always,
        /// Never: for cameras that crash or reboot on TEARDOWN.
        Never = "never" => retina::TeardownPolicy::Never,
    }
}

policy! {
    /// What interleaved data on a channel that was never set up means.
    UnassignedDataQuirk => retina::UnassignedChannelDataPolicy {
        /// A leaked session where the server is known to leak them, ignored otherwise.
        #[default]
        Auto = "auto" => retina::UnassignedChannelDataPolicy::Auto,
        /// Ignored: cameras that send every stream on preset channels, whether set up or not.
        Ignore = "ignore" => retina::UnassignedChannelDataPolicy::Ignore,
        /// Packets of a session that ended before (Reolink with a live555 of before 2017-06-04): reconnect once it has expired.
        AssumeStaleSession = "assume_stale_session" => retina::UnassignedChannelDataPolicy::AssumeStaleSession,
        /// The session ends.
        Error = "error" => retina::UnassignedChannelDataPolicy::Error,
    }
}

policy! {
    /// What to do when the session id changes between two SETUP answers.
    SessionIdQuirk => retina::SessionIdPolicy {
        /// Refuse.
        #[default]
        RequireMatch = "require_match" => retina::SessionIdPolicy::RequireMatch,
        /// Keep the first id: cameras that name a new one in each answer and mean the same session.
        UseFirst = "use_first" => retina::SessionIdPolicy::UseFirst,
    }
}

policy! {
    /// Where the zero of the timestamps comes from (`rtptime` in RTP-Info), which aligns audio with video.
    InitialTimestampQuirk => retina::InitialTimestampPolicy {
        /// RTP-Info where it covers every track, else the first packet of each track. GStreamer's server names one of two tracks.
        #[default]
        Permissive = "permissive" => retina::InitialTimestampPolicy::Permissive,
        /// Refuse a camera without it.
        Require = "require" => retina::InitialTimestampPolicy::Require,
        /// The first packet of each track: cameras that name a wrong rtptime, so that audio and video drift apart by seconds.
        Ignore = "ignore" => retina::InitialTimestampPolicy::Ignore,
    }
}

policy! {
    /// What the `seq` of RTP-Info is worth.
    InitialSequenceQuirk => retina::InitialSequenceNumberPolicy {
        /// Taken unless it is 0 or 1: Hikvision DS-2CD2032-I always says 0 and Tapo C320WS always says 1.
        #[default]
        IgnoreSuspicious = "ignore_suspicious" => retina::InitialSequenceNumberPolicy::IgnoreSuspiciousValues,
        /// Always taken.
        Respect = "respect" => retina::InitialSequenceNumberPolicy::Respect,
        /// Never taken: cameras that name any other number than that of their first packet, seen as a burst of losses at the start.
        Ignore = "ignore" => retina::InitialSequenceNumberPolicy::Ignore,
    }
}

policy! {
    /// What to do with RTCP packets from an unknown synchronisation source.
    UnknownRtcpSsrcQuirk => retina::UnknownRtcpSsrcPolicy {
        /// Drop them: Dahua firmware and its OEMs name a bogus ssrc.
        #[default]
        DropPackets = "drop_packets" => retina::UnknownRtcpSsrcPolicy::DropPackets,
        /// Take them as if the ssrc were right.
        ProcessPackets = "process_packets" => retina::UnknownRtcpSsrcPolicy::ProcessPackets,
        /// The session ends.
        AbortSession = "abort_session" => retina::UnknownRtcpSsrcPolicy::AbortSession,
    }
}

/// Everything about a camera's RTSP that may need another setting than the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quirks {
    pub teardown: TeardownQuirk,
    pub unassigned_data: UnassignedDataQuirk,
    pub session_id: SessionIdQuirk,
    pub initial_timestamp: InitialTimestampQuirk,
    pub initial_sequence: InitialSequenceQuirk,
    pub unknown_rtcp_ssrc: UnknownRtcpSsrcQuirk,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for policy in TeardownQuirk::ALL {
            assert_eq!(policy.to_string().parse(), Ok(*policy));
        }
        for policy in InitialTimestampQuirk::ALL {
            assert_eq!(policy.to_string().parse(), Ok(*policy));
        }
        assert_eq!(TeardownQuirk::ALL[0], TeardownQuirk::default());
        assert_eq!(InitialTimestampQuirk::ALL[0], InitialTimestampQuirk::default());
    }

    #[test]
    fn an_unknown_name_says_what_is_allowed() {
        let error = "sometimes".parse::<TeardownQuirk>().expect_err("no such policy");
        assert_eq!(error.to_string(), "\"sometimes\" is not known here; it can be auto, always, never");
    }
}
