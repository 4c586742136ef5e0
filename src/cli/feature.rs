//! Commands and options of cargo features that are not in every build.

use super::failure::Failure;

/// The failure of `what`, a command or an option, in a build without the feature that it needs.
#[cfg_attr(
    all(feature = "train", feature = "cluster"),
    allow(dead_code, reason = "nothing is missing in this build")
)]
pub fn missing(feature: &str, what: &str) -> Failure {
    Failure::usage(format!(
        "{what}: this relabel was built without the feature {feature:?}"
    ))
    .hint(format!("cargo install --path . --features {feature}"))
}
