use ballista::extension::{SessionConfigExt, SessionContextExt};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::session::{Limits, ScaleError, Session, failure, plain, runtime};

/// Parts that a plan is cut into where nobody says: enough for a few machines.
const PARTITIONS: usize = 16;

impl Session {
    /// Plans run on the cluster whose scheduler is at `url`, such as `df://10.0.0.1:50050`; the files must lie at the same path on every machine of
    /// it. `stop` is asked again and again whether to give up.
    ///
    /// # Errors
    /// The address makes no sense, or there are no threads. Whether a scheduler answers shows the first plan.
    pub fn on_cluster(
        url: &str,
        limits: &Limits,
        stop: fn() -> bool,
    ) -> Result<Session, ScaleError> {
        let partitions = limits.partitions.unwrap_or(PARTITIONS);
        let config = plain(SessionConfig::new_with_ballista().with_target_partitions(partitions));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .build();
        let runtime = runtime()?;
        let context = runtime
            .block_on(SessionContext::remote_with_state(url, state))
            .map_err(|error| failure(&error, limits.memory))?;
        Ok(Session::of(runtime, context, limits, stop))
    }
}
