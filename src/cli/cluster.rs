//! `relabel cluster`: the servers that plans run on.

use std::net::IpAddr;
use std::path::PathBuf;

use super::context::{Context, parse_bytes};
use super::failure::Failure;

/// Servers of a cluster.
#[derive(Debug, clap::Subcommand)]
pub enum Cluster {
    /// Hand parts of plans out to executors, until ctrl-c or SIGTERM
    #[command(
        after_help = "Examples:\n  relabel cluster scheduler\n  relabel cluster scheduler --bind 10.0.0.1 --port 50050"
    )]
    Scheduler(Scheduler),
    /// Work on parts of plans, until ctrl-c or SIGTERM
    #[command(
        after_help = "Examples:\n  relabel cluster executor --scheduler 127.0.0.1:50050\n  relabel cluster executor --scheduler 10.0.0.1:50050 --bind 10.0.0.2 --work-dir /scratch/relabel --slots 16 --memory 64G"
    )]
    Executor(Executor),
}

/// Options of `cluster scheduler`.
#[derive(Debug, clap::Args)]
#[cfg_attr(
    not(feature = "cluster"),
    allow(dead_code, reason = "help and usage are the same in every build")
)]
pub struct Scheduler {
    /// The address to listen at; whoever reaches it can read what the executors can
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// The port to listen at
    #[arg(long, value_name = "P", default_value = "50050")]
    port: u16,
    /// After how many seconds without a word an executor's work is given to others
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(10..))]
    lost_after: u64,
}

/// Options of `cluster executor`.
#[derive(Debug, clap::Args)]
#[cfg_attr(
    not(feature = "cluster"),
    allow(dead_code, reason = "help and usage are the same in every build")
)]
pub struct Executor {
    /// The scheduler
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    scheduler: (String, u16),
    /// The address to listen at, by which the other machines reach this one
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// The port from which others fetch what this one has made
    #[arg(long, value_name = "P", default_value = "50051")]
    port: u16,
    /// The folder for what was made and what outgrows memory [default: a new one among temporary files, gone at the end]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Parts to work on at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    slots: Option<u16>,
    /// Memory for all of them, such as 8G; what is more goes to the folder
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = parse_bytes)]
    memory: usize,
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':');
    let parts = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parts {
        Some((host, port)) if !host.is_empty() => Ok((host.to_owned(), port)),
        _ => Err("expected HOST:PORT, such as 10.0.0.1:50050".to_owned()),
    }
}

/// Runs the command.
#[cfg(not(feature = "cluster"))]
pub fn run(_cluster: &Cluster, _context: &Context) -> Result<(), Failure> {
    Err(super::feature::missing("cluster", "relabel cluster"))
}

/// Runs the command.
#[cfg(feature = "cluster")]
pub fn run(cluster: &Cluster, context: &Context) -> Result<(), Failure> {
    match cluster {
        Cluster::Scheduler(options) => {
            let scheduler = crate::scale::Scheduler {
                bind: options.bind,
                port: options.port,
                lost_after: std::time::Duration::from_secs(options.lost_after),
            };
            let address = std::net::SocketAddr::new(options.bind, options.port);
            let ready = || {
                context.say(format!("scheduler at df://{address}; ctrl-c stops it"));
            };
            let done = scheduler.run(ready);
            done.map_err(|error| Failure::failed(format!("cannot serve at {address}: {error}")))
        }
        Cluster::Executor(options) => executor(options, context),
    }
}

#[cfg(feature = "cluster")]
fn executor(options: &Executor, context: &Context) -> Result<(), Failure> {
    let temporary;
    let work_dir = match &options.work_dir {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            folder.clone()
        }
        None => {
            temporary = tempfile::Builder::new()
                .prefix("relabel-executor-")
                .tempdir()?;
            temporary.path().to_owned()
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let executor = crate::scale::Executor {
        scheduler: options.scheduler.clone(),
        bind: options.bind,
        port: options.port,
        work_dir,
        slots: options.slots.map_or(cores, usize::from),
        memory: options.memory,
    };
    let (host, port) = &options.scheduler;
    let ready = || {
        let slots = executor.slots;
        context.say(format!(
            "executor of {host}:{port}, {slots} parts at once; ctrl-c stops it"
        ));
    };
    let done = executor.run(ready);
    done.map_err(|error| {
        Failure::failed(format!("cannot work for {host}:{port}: {error}"))
            .hint("start the scheduler first: `relabel cluster scheduler`")
    })
}
