//! Words of the page about the secure connection.

pub const TITLE: &str = "Secure connection";
pub const FAILED: &str = "How HTTPS is served can’t be shown now. Reload the page to try again.";
pub const OFF: &str = "HTTPS is turned off here. Set https in nightjar.toml to turn it on.";
pub const TO_HTTPS: &str = "Open Nightjar by HTTPS";
pub const ABOUT: &str =
    "HTTPS keeps others on the network from seeing your cameras and sign-ins, and is faster: many pictures share one connection.";
pub const PROBLEM: &str = "Needs attention";
pub const CERTIFICATE: &str = "Certificate in use";
pub const HOLDS_FOR: &str = "Holds for";
pub const UNTIL: &str = "Valid until";
pub const FINGERPRINT: &str = "SHA-256 fingerprint";
pub const AUTHORITY: &str = "Stop the browser’s warning";
pub const WARNING: &str = "Nightjar made its own certificate, which no browser knows yet, so browsers warn before they show the page. The connection is encrypted all the same. To make the warning go away, install Nightjar’s certificate authority once on each device. It can only vouch for names on your own network.";
pub const DOWNLOAD: &str = "Download the certificate authority";
pub const COMPARE: &str = "Before you confirm, compare this fingerprint with the one the device shows:";
pub const STEPS: &str = "Step by step";

/// A kind of device, and what is to be done on it.
pub const DEVICES: [(&str, &[&str]); 5] = [
    (
        "iPad and iPhone",
        &[
            "Open this page in Safari, tap the download button, and tap Allow.",
            "Open Settings. Near the top, tap Profile Downloaded, then Install.",
            "In Settings, go to General, About, Certificate Trust Settings, and turn Nightjar on.",
            "Open Nightjar by HTTPS.",
        ],
    ),
    (
        "Android",
        &[
            "Tap the download button.",
            "In Settings, search for “CA certificate” and choose to install one.",
            "Confirm, and pick nightjar-ca.crt from the downloads.",
            "Open Nightjar by HTTPS in Chrome.",
        ],
    ),
    (
        "Windows",
        &[
            "Download the file and open it. Choose Install Certificate, then Current User.",
            "Choose “Place all certificates in the following store” and pick Trusted Root Certification Authorities.",
            "Finish, confirm, and restart the browser.",
        ],
    ),
    (
        "Mac",
        &[
            "Download the file and open it; it is added to Keychain Access.",
            "Find Nightjar there, open it, and under Trust choose Always Trust.",
            "Restart the browser.",
        ],
    ),
    (
        "Firefox",
        &[
            "Firefox may keep its own list: in its settings, search for “certificates” and choose View Certificates.",
            "Under Authorities choose Import, pick nightjar-ca.crt, and trust it for websites.",
        ],
    ),
];
