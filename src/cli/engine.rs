//! What goes through predictions in Parquet: the stream of every other format, or plans of DataFusion on this machine or on a cluster.

#[cfg(feature = "datafusion")]
use std::collections::HashMap;
use std::path::Path;

use clap::ValueEnum;

use super::failure::Failure;
#[cfg(not(all(feature = "datafusion", feature = "cluster")))]
use super::feature::missing;
#[cfg(feature = "datafusion")]
use super::predictions::plans::{Planned, refusal};
#[cfg(feature = "datafusion")]
use crate::domain::{ClassIndex, ImageId};
#[cfg(feature = "datafusion")]
use crate::formats::records::PredictionRecord;
#[cfg(feature = "datafusion")]
use crate::scale::{Limits, ScaleError, Session, Sorted};

/// How predictions in Parquet are gone through.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EngineOptions {
    /// What goes through predictions in Parquet; the proposals are the same
    #[arg(long, value_enum, default_value = "auto", value_name = "ENGINE")]
    engine: EngineChoice,
    /// The scheduler of a cluster whose machines see the Parquet files at the same path, such as df://10.0.0.1:50050 (`relabel cluster`)
    #[arg(long, value_name = "URL")]
    cluster: Option<String>,
    /// Memory for plans on this machine, such as 500M or 8G; what is more goes to the folder for temporary files [default: 2G]
    #[arg(long, value_name = "SIZE", value_parser = super::context::parse_bytes)]
    memory: Option<usize>,
    /// Parts that a plan is cut into [default: one a core; on a cluster 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    partitions: Option<u16>,
}

/// What goes through Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum EngineChoice {
    /// DataFusion where this relabel has it, else the stream
    #[default]
    Auto,
    /// Row by row, with a model's values in memory
    Stream,
    /// Plans with bounded memory
    Datafusion,
}

/// What goes through predictions.
pub struct Engine {
    #[cfg(feature = "datafusion")]
    session: Option<Session>,
    /// Whether plans are told for.
    #[cfg(feature = "datafusion")]
    is_told: bool,
    #[cfg(feature = "datafusion")]
    on_cluster: bool,
}

/// What plans may hold where nobody says.
#[cfg(feature = "datafusion")]
const MEMORY: usize = 2_000_000_000;

/// Whether plans can read it: a Parquet file, or a folder of them.
fn is_for_plans(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) || path.is_dir()
}

impl EngineOptions {
    /// Makes ready what goes through these files.
    pub fn open<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) -> Result<Engine, Failure> {
        if self.engine == EngineChoice::Stream && self.cluster.is_some() {
            return Err(Failure::usage(
                "--cluster is for plans, not for --engine stream",
            ));
        }
        let wanted = paths.into_iter().any(is_for_plans) && self.engine != EngineChoice::Stream;
        self.engine(wanted)
    }

    #[cfg(not(feature = "datafusion"))]
    fn engine(&self, _wanted: bool) -> Result<Engine, Failure> {
        match self {
            _ if self.cluster.is_some() => Err(missing("cluster", "--cluster")),
            _ if self.engine == EngineChoice::Datafusion => {
                Err(missing("datafusion", "--engine datafusion"))
            }
            _ if self.memory.is_some() => Err(missing("datafusion", "--memory")),
            _ if self.partitions.is_some() => Err(missing("datafusion", "--partitions")),
            _ => Ok(Engine {}),
        }
    }

    #[cfg(feature = "datafusion")]
    fn engine(&self, wanted: bool) -> Result<Engine, Failure> {
        #[cfg(not(feature = "cluster"))]
        if self.cluster.is_some() {
            return Err(missing("cluster", "--cluster"));
        }
        let limits = Limits {
            memory: self.memory.unwrap_or(MEMORY),
            spill: std::env::temp_dir(),
            partitions: self.partitions.map(usize::from),
        };
        let session = match wanted {
            true => Some(self.session(&limits)?),
            false => None,
        };
        Ok(Engine {
            session,
            is_told: self.engine == EngineChoice::Datafusion || self.cluster.is_some(),
            on_cluster: self.cluster.is_some(),
        })
    }

    #[cfg(feature = "datafusion")]
    fn session(&self, limits: &Limits) -> Result<Session, Failure> {
        let stop = super::interrupt::is_asked;
        let session = match &self.cluster {
            #[cfg(feature = "cluster")]
            Some(url) => {
                let session = Session::on_cluster(url, limits, stop);
                return session.map_err(|error| {
                    Failure::usage(format!("--cluster {url:?}: {error}"))
                        .hint("such as df://10.0.0.1:50050")
                });
            }
            _ => Session::local(limits, stop),
        };
        session.map_err(|error| Failure::failed(format!("cannot make plans: {error}")))
    }
}

impl Engine {
    /// The table of a file or folder for plans; none where it is to be streamed.
    #[cfg(feature = "datafusion")]
    pub fn plan<'a>(&'a self, path: &'a Path) -> Result<Option<Planned<'a>>, Failure> {
        let session = match &self.session {
            Some(session) if is_for_plans(path) => session,
            _ if path.is_dir() => return Err(folder_is_for_plans(path)),
            _ => return Ok(None),
        };
        match session.open(path, PredictionRecord::COLUMNS) {
            Ok(predictions) => Ok(Some(Planned {
                session,
                predictions,
                path,
                on_cluster: self.on_cluster,
            })),
            // The stream takes whatever reads as text.
            Err(ScaleError::Type { .. }) if !self.is_told && !path.is_dir() => Ok(None),
            Err(error) => Err(refusal(path, self.on_cluster, &error)),
        }
    }

    /// Triage as a plan; none where nothing is planned on this machine: a cluster does not see the project file.
    #[cfg(feature = "datafusion")]
    pub fn triage(
        &self,
        proposed: &[(ImageId, ClassIndex)],
        labels: &HashMap<ImageId, ClassIndex>,
    ) -> Result<Option<Sorted>, Failure> {
        let session = self.session.as_ref().filter(|_| !self.on_cluster);
        let sorted = session.map(|session| session.triage(proposed, labels));
        sorted.transpose().map_err(|error| match error {
            ScaleError::Stopped => Failure::interrupted(),
            error => Failure::failed(format!("cannot sort images by their proposals: {error}")),
        })
    }

    /// Refuses what only plans can read.
    #[cfg(not(feature = "datafusion"))]
    pub fn needs_no_plan(&self, path: &Path) -> Result<(), Failure> {
        match path.is_dir() {
            true => Err(missing("datafusion", "a folder of Parquet files")),
            false => Ok(()),
        }
    }
}

#[cfg(feature = "datafusion")]
fn folder_is_for_plans(path: &Path) -> Failure {
    let path = super::context::shown(path);
    Failure::usage(format!("cannot read {path}: a folder is not streamed"))
        .hint("leave --engine stream out")
}
