//! The role of whoever looks at the page: what is of no use to them is not offered. The server decides by itself what they may do.

use crate::backend::Guest;
use crate::model::Role;
use leptos::prelude::*;

/// The role that the page was rendered for; None if nobody is signed in.
pub fn use_role() -> Option<Role> {
    #[cfg(feature = "ssr")]
    {
        use_context::<crate::backend::ServerBackend>().and_then(|backend| backend.0.role())
    }
    #[cfg(not(feature = "ssr"))]
    {
        // A new document comes with every signing in and out.
        document().document_element().and_then(|root| root.get_attribute("data-role")).and_then(|role| role.parse().ok())
    }
}

/// Whether cameras, settings and people are theirs to change.
pub fn administers() -> bool {
    use_role() == Some(Role::Admin)
}

/// Whether the server and its streams are theirs to look after.
pub fn operates() -> bool {
    use_role() >= Some(Role::Operator)
}

/// What the link leads to of whoever has no account but a link; None for everybody else.
pub fn guest() -> Option<Guest> {
    #[cfg(feature = "ssr")]
    {
        use_context::<crate::backend::ServerBackend>().and_then(|backend| backend.0.guest())
    }
    #[cfg(not(feature = "ssr"))]
    {
        document().document_element().and_then(|root| root.get_attribute("data-guest")).map(|told| Guest::read(&told))
    }
}
