use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::runtime::Runtime;

use crate::formats::table::TableError;

/// Why a plan gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// A file or folder cannot be read, or threads cannot be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A column is missing.
    #[error("{0}")]
    Table(#[from] TableError),
    /// There is no Parquet file in a folder.
    #[error("there is no file that ends in .parquet")]
    Empty,
    /// A column holds what the plan cannot compare.
    #[error("column {column:?} is of type {found}; expected {expected}")]
    Type {
        /// Its name.
        column: String,
        /// Its type in words of Arrow.
        found: String,
        /// What is understood.
        expected: &'static str,
    },
    /// The memory that the plan may use is not enough, even with what it writes to disk.
    #[error("{} MB of memory are not enough: {reason}", bytes / 1_000_000)]
    Memory {
        /// What it may use.
        bytes: usize,
        /// What could not be had.
        reason: String,
    },
    /// The plan failed, here or on the cluster.
    #[error("{0}")]
    Plan(String),
    /// The user asked it to stop.
    #[error("interrupted")]
    Stopped,
}

/// What a plan may use of this machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of what plans hold at once; what is more goes to disk.
    pub memory: usize,
    /// Where that goes.
    pub spill: PathBuf,
    /// Parts that a plan is cut into; none: one a core.
    pub partitions: Option<usize>,
}

/// Where plans run.
pub struct Session {
    /// None once it is being dropped.
    runtime: Option<Runtime>,
    pub(super) context: SessionContext,
    memory: usize,
    stop: fn() -> bool,
    /// Tells other machines that nobody waits for a plan any more. What runs in this process ends with whoever reads its rows.
    pub(super) call_off: Option<CallOff>,
}

pub(super) type CallOff =
    Box<dyn Fn(Arc<dyn ExecutionPlan>) -> BoxFuture<'static, ()> + Send + Sync>;

/// How long it is tried to tell them: a command that is interrupted has half a second to end.
const FAREWELL: Duration = Duration::from_millis(400);

/// How often it is looked whether the user wants to stop.
const PAUSE: Duration = Duration::from_millis(50);

impl Session {
    /// Plans run in this process. `stop` is asked again and again whether to give up.
    ///
    /// # Errors
    /// There are no threads, or no folder to spill to.
    pub fn local(limits: &Limits, stop: fn() -> bool) -> Result<Session, ScaleError> {
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory)))
            .with_temp_file_path(&limits.spill)
            .build_arc()
            .map_err(|error| failure(&error, limits.memory))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let partitions = limits.partitions.unwrap_or(cores);
        let state = SessionStateBuilder::new()
            .with_config(plain(SessionConfig::new()).with_target_partitions(partitions))
            .with_runtime_env(environment)
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        Ok(Session::of(runtime()?, context, limits, stop))
    }

    pub(super) fn of(
        runtime: Runtime,
        context: SessionContext,
        limits: &Limits,
        stop: fn() -> bool,
    ) -> Session {
        Session {
            runtime: Some(runtime),
            context,
            memory: limits.memory,
            stop,
            call_off: None,
        }
    }

    /// Waits for what a plan gives, or for the user to give up.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, DataFusionError>>,
    ) -> Result<T, ScaleError> {
        let runtime = self.runtime.as_ref().ok_or(ScaleError::Stopped)?;
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(PAUSE, &mut work).await {
                    Ok(outcome) => return outcome.map_err(|error| failure(&error, self.memory)),
                    Err(_) if (self.stop)() => return Err(ScaleError::Stopped),
                    Err(_) => {}
                }
            }
        })
    }

    /// What went wrong with a plan.
    pub(super) fn failure(&self, error: &DataFusionError) -> ScaleError {
        failure(error, self.memory)
    }

    /// Hands a plan's rows out as they come. A plan that is not seen to its end is called off.
    pub(super) fn each_batch<E: From<ScaleError>>(
        &self,
        plan: DataFrame,
        take: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let context = Arc::new(plan.task_ctx());
        let plan = self.wait(plan.create_physical_plan())?;
        let outcome = self.hand_out(Arc::clone(&plan), context, take);
        if let (Err(_), Some(call_off), Some(runtime)) = (&outcome, &self.call_off, &self.runtime) {
            let told = async { tokio::time::timeout(FAREWELL, call_off(plan)).await };
            // Whether anybody heard it changes nothing here.
            let _ = runtime.block_on(told);
        }
        outcome
    }

    fn hand_out<E: From<ScaleError>>(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        mut take: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rows = self.wait(async { execute_stream(plan, context) })?;
        while let Some(batch) = self.wait(async { rows.next().await.transpose() })? {
            take(&batch)?;
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A part that reads a slow disk is not waited for.
            runtime.shutdown_background();
        }
    }
}

/// Threads for plans; deep plans need deep stacks.
pub(super) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("plan")
        .thread_stack_size(8 << 20)
        .build()
}

/// Texts as they are everywhere else, so that plans can be compared and sent.
pub(super) fn plain(config: SessionConfig) -> SessionConfig {
    config
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        // Filters that change while a plan runs are worth little here, and the rows must be the same each time.
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
}

const LIBRARIES: [&str; 4] = [
    "Parquet error: ",
    "Arrow error: ",
    "Execution error: ",
    "External error: ",
];

/// What went wrong in one line, for a plan's own words go on for pages.
pub(super) fn failure(error: &DataFusionError, bytes: usize) -> ScaleError {
    let root = error.find_root();
    let text = root.to_string();
    let mut reason = text.lines().next().unwrap_or_default().trim();
    // Which library it was says nothing to whoever reads it, least of all twice.
    while let Some(rest) = LIBRARIES
        .iter()
        .find_map(|library| reason.strip_prefix(library))
    {
        reason = rest;
    }
    let reason = reason.to_owned();
    match root {
        DataFusionError::ResourcesExhausted(_) => ScaleError::Memory { bytes, reason },
        _ => ScaleError::Plan(reason),
    }
}
