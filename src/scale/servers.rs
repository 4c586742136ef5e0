use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::error::BallistaError;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use futures::future::{Either, select};
use tokio::signal::unix::{SignalKind, signal};

use super::session::{ScaleError, runtime};

/// Hands parts of plans out to executors.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Where it listens. There is no authentication: whoever reaches it can read what the executors can.
    pub bind: IpAddr,
    /// The port that clients and executors call.
    pub port: u16,
    /// How long an executor may be silent before its parts are given to others.
    pub lost_after: Duration,
}

/// Works on parts of plans, and keeps what comes of them for the others.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler's host and port.
    pub scheduler: (String, u16),
    /// Where it listens.
    pub bind: IpAddr,
    /// The port from which others fetch what it has made.
    pub port: u16,
    /// Where that lies, and what outgrows memory; it must be there.
    pub work_dir: PathBuf,
    /// Parts that it works on at once.
    pub slots: usize,
    /// Bytes of memory for all of them.
    pub memory: usize,
}

impl Scheduler {
    /// Works until SIGINT or SIGTERM. `ready` hears when it is about to listen.
    ///
    /// # Errors
    /// The port is taken.
    pub fn run(&self, ready: impl FnOnce()) -> Result<(), ScaleError> {
        let seconds = self.lost_after.as_secs().max(2);
        let config = SchedulerConfig {
            external_host: self.bind.to_string(),
            bind_host: self.bind.to_string(),
            bind_port: self.port,
            // Executors ask for work: that is how it is known that they live, and nobody need call them but for what they have made.
            scheduling_policy: TaskSchedulingPolicy::PullStaged,
            executor_timeout_seconds: seconds,
            expire_dead_executor_interval_seconds: (seconds / 4).max(1),
            // Without any executor a plan fails rather than waiting for ever.
            no_executors_grace_period_seconds: seconds,
            ..SchedulerConfig::default()
        };
        let address = SocketAddr::new(self.bind, self.port);
        runtime()?.block_on(async {
            let cluster = BallistaCluster::new_from_config(&config)
                .await
                .map_err(failed)?;
            ready();
            until_told(start_server(cluster, address, Arc::new(config))).await
        })
    }
}

impl Executor {
    /// Works until SIGINT or SIGTERM. `ready` hears when it is about to call the scheduler.
    ///
    /// # Errors
    /// The port is taken, or the scheduler does not answer within half a minute.
    pub fn run(&self, ready: impl FnOnce()) -> Result<(), ScaleError> {
        let config = ExecutorProcessConfig {
            bind_host: self.bind.to_string(),
            external_host: (!self.bind.is_unspecified()).then(|| self.bind.to_string()),
            port: self.port,
            scheduler_host: self.scheduler.0.clone(),
            scheduler_port: self.scheduler.1,
            scheduler_connect_timeout_seconds: 30,
            vcores: self.slots,
            task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
            work_dir: Some(self.work_dir.display().to_string()),
            memory_pool_size: Some(self.memory as u64),
            ..ExecutorProcessConfig::default()
        };
        runtime()?.block_on(async {
            ready();
            // It listens for the same signals, and says goodbye to the scheduler.
            start_executor_process(Arc::new(config))
                .await
                .map_err(failed)
        })
    }
}

/// Runs a server until a signal ends it.
async fn until_told(
    server: impl Future<Output = Result<(), BallistaError>>,
) -> Result<(), ScaleError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (terminate, interrupt) = (pin!(terminate.recv()), pin!(interrupt.recv()));
    match select(pin!(server), select(terminate, interrupt)).await {
        Either::Left((outcome, _)) => outcome.map_err(failed),
        Either::Right(_) => Ok(()),
    }
}

fn failed(error: BallistaError) -> ScaleError {
    let text = error.to_string();
    ScaleError::Plan(text.lines().next().unwrap_or_default().to_owned())
}
