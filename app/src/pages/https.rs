//! The page at `/https`: why a browser warns, what certificate is in use, and how a device gets to trust it.

use crate::backend::load_https;
use crate::model::HttpsStatus;
use crate::text;
use crate::text::https as words;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn HttpsPage() -> impl IntoView {
    let status = Resource::new_blocking(|| (), |()| load_https());
    view! {
        <Title text=text::pages::title(words::TITLE) />
        <div class="page-head">
            <h1>{words::TITLE}</h1>
        </div>
        <Suspense>
            {move || Suspend::new(async move {
                match status.await {
                    Ok(status) => view! { <Shown status /> }.into_any(),
                    Err(_) => view! { <p class="nothing" role="status">{words::FAILED}</p> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Shown(status: HttpsStatus) -> impl IntoView {
    let HttpsStatus { port, names, not_after, fingerprint, authority, problem, .. } = status;
    // A port that can't be used is told by the problem: nobody turned anything off then.
    let off = port.is_none() && problem.is_none();
    let link = port.and_then(|port| Some(format!("https://{}:{port}/", best_name(&names)?)));
    view! {
        <div class="https">
            <p>{words::ABOUT}</p>
            {problem.map(|problem| {
                view! {
                    <section class="https__card https__card--problem">
                        <h2>{words::PROBLEM}</h2>
                        <p>{problem}</p>
                    </section>
                }
            })}
            {off.then(|| view! { <p class="nothing">{words::OFF}</p> })}
            {fingerprint.map(|fingerprint| view! { <Certificate names not_after fingerprint /> })}
            {authority.map(|authority| {
                view! {
                    <section class="https__card">
                        <h2>{words::AUTHORITY}</h2>
                        <p>{words::WARNING}</p>
                        <div class="https__actions">
                            <a class="button button--primary" href="/https/nightjar-ca.crt" download="nightjar-ca.crt" rel="external">
                                {words::DOWNLOAD}
                            </a>
                            {link.map(|link| {
                                view! {
                                    <a class="button" href=link rel="external">
                                        {words::TO_HTTPS}
                                    </a>
                                }
                            })}
                        </div>
                        <p>{words::COMPARE}</p>
                        <p class="https__print">{breakable(&authority.fingerprint)}</p>
                        <h3>{words::STEPS}</h3>
                        {words::DEVICES
                            .into_iter()
                            .map(|(device, steps)| {
                                view! {
                                    <details class="https__device">
                                        <summary>{device}</summary>
                                        <ol>{steps.iter().map(|step| view! { <li>{*step}</li> }).collect_view()}</ol>
                                    </details>
                                }
                            })
                            .collect_view()}
                    </section>
                }
            })}
        </div>
    }
}

#[component]
fn Certificate(names: Vec<String>, not_after: Option<String>, fingerprint: String) -> impl IntoView {
    let day = not_after.and_then(|moment| moment.split('T').next().map(str::to_owned)).unwrap_or_default();
    view! {
        <section class="https__card">
            <h2>{words::CERTIFICATE}</h2>
            <dl class="https__facts">
                <dt>{words::HOLDS_FOR}</dt>
                <dd>{names.join(", ")}</dd>
                <dt>{words::UNTIL}</dt>
                <dd>{day}</dd>
                <dt>{words::FINGERPRINT}</dt>
                <dd class="https__print">{breakable(&fingerprint)}</dd>
            </dl>
        </section>
    }
}

/// A fingerprint that goes on in the next line between two bytes only: it is compared byte by byte.
fn breakable(fingerprint: &str) -> impl IntoView + use<> {
    let bytes: Vec<String> = fingerprint.split_inclusive(':').map(str::to_owned).collect();
    bytes.into_iter().map(|byte| view! { {byte} <wbr /> }).collect_view()
}

/// A name that other devices can use: an address of the network before a name, which home networks often don't resolve.
fn best_name(names: &[String]) -> Option<String> {
    let local =
        |name: &&String| !name.starts_with("127.") && name.as_str() != "::1" && name.as_str() != "localhost" && !name.starts_with('*');
    let v4 = names.iter().filter(local).find(|name| name.parse::<std::net::Ipv4Addr>().is_ok());
    let named = names.iter().filter(local).find(|name| !name.contains(':'));
    v4.or(named).or(names.first()).map(|name| if name.contains(':') { format!("[{name}]") } else { name.clone() })
}

#[cfg(test)]
mod tests {
    use super::best_name;

    #[test]
    fn other_devices_are_sent_to_an_address_that_they_reach() {
        let names = |list: &[&str]| best_name(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["127.0.0.1", "::1", "localhost", "nas", "192.168.1.5"]).as_deref(), Some("192.168.1.5"));
        assert_eq!(names(&["localhost", "cams.example"]).as_deref(), Some("cams.example"));
        assert_eq!(names(&["::1"]).as_deref(), Some("[::1]"));
        assert_eq!(names(&[]), None);
    }
}
