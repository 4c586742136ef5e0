//! What this build cannot do.

use super::failure::Failure;

/// The failure of what needs a cargo feature that this relabel was built without.
#[cfg_attr(
    feature = "cluster",
    allow(dead_code, reason = "nothing is missing in this build")
)]
pub fn missing(feature: &str, what: &str) -> Failure {
    Failure::usage(format!(
        "{what}: this relabel was built without the feature {feature:?}"
    ))
    .hint(format!("cargo install --path . --features {feature}"))
}
