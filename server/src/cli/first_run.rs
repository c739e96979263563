//! What the console says while there is no account: where to go, and the token to enter there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `own`: where others on the network find this machine.
pub fn words(http: SocketAddr, https: Option<SocketAddr>, own: Option<Ipv4Addr>, token: &str) -> String {
    let mut lines = vec!["There is no account yet. Set Nightjar up in a browser:".to_owned()];
    let mut place = |what: &str, url: String| lines.push(format!("  {what:<17} {url}"));
    if http.ip().is_unspecified() {
        place("on this machine", format!("http://localhost:{}/setup", http.port()));
        let host = own.map_or_else(|| "THIS-MACHINE".to_owned(), |own| own.to_string());
        match https {
            Some(https) => {
                place("from another one", format!("https://{host}:{}/setup", https.port()));
                place("", "(the browser warns of a certificate that was made here; the connection is encrypted)".to_owned());
            }
            None => place("from another one", format!("http://{host}:{}/setup", http.port())),
        }
    } else {
        place("at", format!("http://{http}/setup"));
    }
    lines.push(format!("  and enter this set-up token: {token}"));
    lines.join("\n")
}

/// The first address that is not for this machine alone.
pub fn own_address() -> Option<Ipv4Addr> {
    let interfaces = if_addrs::get_if_addrs().ok()?;
    interfaces.iter().find_map(|interface| match interface.ip() {
        IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_link_local() => Some(ip),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_there_is_told() {
        let (all, https) = (SocketAddr::from(([0, 0, 0, 0], 8080)), SocketAddr::from(([0, 0, 0, 0], 8443)));
        let told = words(all, Some(https), Some(Ipv4Addr::new(192, 168, 1, 5)), "abcde-fghij");
        for part in ["http://localhost:8080/setup", "https://192.168.1.5:8443/setup", "set-up token: abcde-fghij"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(words(all, None, None, "x").contains("http://THIS-MACHINE:8080/setup"));
        let one = words(SocketAddr::from(([127, 0, 0, 1], 9000)), Some(https), None, "x");
        assert!(one.contains("http://127.0.0.1:9000/setup") && !one.contains("https"), "{one}");
    }
}
