//! The HTML document around the application. Rendered by the server only.

use crate::app::App;
use crate::assets::Assets;
use crate::backend::ServerBackend;
use crate::text;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// The whole document. The one inline script carries the response's nonce, so a policy of
/// `script-src 'self' 'nonce-…' 'wasm-unsafe-eval'; img-src 'self' data: blob:; media-src 'self' blob:` holds.
pub fn shell(assets: Assets) -> impl IntoView {
    let script = assets.url("nightjar.js");
    let module = assets.url("nightjar.wasm");
    let start = format!("import init, {{ hydrate }} from '{script}';\ninit({{ module_or_path: '{module}' }}).then(() => hydrate());");
    let role = use_context::<ServerBackend>().and_then(|backend| backend.0.role()).map(|role| role.as_str());
    view! {
        <!DOCTYPE html>
        <html lang="en" data-hls=assets.url("hls.js") data-role=role>
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
                <link rel="preload" href=module.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
