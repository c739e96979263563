//! The HTML document around the application. Rendered by the server only.

use crate::app::App;
use crate::assets::Assets;
use crate::backend::{Guest, ServerBackend};
use crate::lazy::Lazy;
use crate::text;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_router::location::RequestUrl;
use std::iter;

/// Starts the program; without it the page stays as the server rendered it, and says so.
const START: &str = "init({ module_or_path: 'MODULE' }).then(() => hydrate()).catch((error) => {
  console.error(error);
  document.getElementById('not-whole').hidden = false;
});";

/// The whole document. The one inline script carries the response's nonce, so a policy of
/// `script-src 'self' 'nonce-…' 'wasm-unsafe-eval'; img-src 'self' data: blob:; media-src 'self' blob:` holds.
pub fn shell(assets: Assets) -> impl IntoView {
    let script = assets.url("nightjar.js");
    let module = assets.url("nightjar.wasm");
    let start = format!("import init, {{ hydrate }} from '{script}';\n{}", START.replace("MODULE", &module));
    let parts = assets.url("parts.js");
    let page = use_context::<RequestUrl>().and_then(|url| Lazy::of(url.parse().ok()?.path()));
    // Fetched beside the program itself instead of after it.
    let fetched: Vec<String> =
        iter::once(module.clone()).chain(page.into_iter().flat_map(|page| assets.module(page.module()).cloned())).collect();
    let backend = use_context::<ServerBackend>();
    let role = backend.as_ref().and_then(|backend| backend.0.role()).map(|role| role.as_str());
    let guest = backend.and_then(|backend| backend.0.guest()).map(Guest::told);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-hls=assets.url("hls.js") data-program=parts.clone() data-role=role data-guest=guest>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="theme-color" content="#0b0d10" />
                <meta name="color-scheme" content="dark" />
                <meta name="description" content=text::DESCRIPTION />
                <meta name="mobile-web-app-capable" content="yes" />
                <meta name="apple-mobile-web-app-capable" content="yes" />
                <meta name="apple-mobile-web-app-status-bar-style" content="black-translucent" />
                <meta name="apple-mobile-web-app-title" content=text::PRODUCT />
                <link rel="stylesheet" href=assets.url("nightjar.css") />
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/icons/icon-180.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="modulepreload" href=script.clone() />
                <link rel="modulepreload" href=parts.clone() />
                {fetched
                    .into_iter()
                    .map(|module| view! { <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="anonymous" /> })
                    .collect_view()}
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
                <div id="not-whole" class="not-whole" role="alert" hidden>
                    <p>{text::NOT_WHOLE}</p>
                    // Loads this document anew, without a script.
                    <a class="button button--primary" href="" rel="external">
                        {text::pages::TRY_AGAIN}
                    </a>
                </div>
            </body>
        </html>
    }
}
