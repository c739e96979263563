//! Every word that the pages show, in one place. English for now; functions where a number or a name goes in.

pub const PRODUCT: &str = "Nightjar";
pub const DESCRIPTION: &str = "Live cameras and recordings on your own machine.";
