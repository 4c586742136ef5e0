use std::sync::Arc;

use ballista::extension::{SessionConfigExt, SessionContextExt};
use ballista_core::JobId;
use ballista_core::execution_plans::DistributedQueryExec;
use ballista_core::serde::protobuf::CancelJobParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::protobuf::LogicalPlanNode;
use url::Url;

use super::session::{CallOff, Limits, ScaleError, Session, failure, plain, runtime};

/// Parts that a plan is cut into where nobody says: enough for a few machines.
const PARTITIONS: usize = 16;

/// Where the client calls when the address has no port.
const BALLISTAS_PORT: u16 = 50_050;

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
        let config = plain(SessionConfig::new_with_ballista().with_target_partitions(partitions))
            // The other way the job's number is told with its end, too late to call it off.
            .set_bool("ballista.client.pull", true);
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .build();
        let runtime = runtime()?;
        let context = runtime
            .block_on(SessionContext::remote_with_state(url, state))
            .map_err(|error| failure(&error, limits.memory))?;
        let mut session = Session::of(runtime, context, limits, stop);
        session.call_off = address(url).map(|scheduler| -> CallOff {
            Box::new(move |plan| Box::pin(call_off(scheduler.clone(), plan)))
        });
        Ok(session)
    }
}

/// Where the scheduler listens, for calls of one's own.
fn address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let port = url.port().unwrap_or(BALLISTAS_PORT);
    Some(format!("http://{}:{port}", url.host()?))
}

/// The scheduler's number of what a plan has it do; none before it has said so, or where it has nothing to do.
fn job_of(plan: &dyn ExecutionPlan) -> Option<JobId> {
    plan.downcast_ref::<DistributedQueryExec<LogicalPlanNode>>()?
        .job_id()
}

/// The scheduler would hand out the rest of a job whoever waits for it. What cannot be called off goes on.
async fn call_off(scheduler: String, plan: Arc<dyn ExecutionPlan>) {
    let Some(job) = job_of(plan.as_ref()) else {
        return;
    };
    if let Ok(mut scheduler) = SchedulerGrpcClient::connect(scheduler).await {
        let job_id = job.into();
        // Nobody is left to hear of a failure.
        let _ = scheduler.cancel_job(CancelJobParams { job_id }).await;
    }
}
