//! The command line: one file a command. Parses, calls and prints; may import everything below it.

mod aggregate;
mod agreement;
mod arguments;
mod audit;
mod chart;
mod clean;
mod cluster;
mod completions;
mod context;
mod demo;
mod doctor;
mod engine;
mod eval;
mod export;
mod failure;
mod feature;
mod folds;
mod image;
mod import;
mod init;
mod input;
mod interrupt;
mod man;
mod merge;
mod newcomer;
mod notes;
mod output;
mod plan;
mod predictions;
mod propose;
mod rater;
mod reliability;
mod report;
mod review;
mod show;
mod status;
mod suggest;
mod table;
mod team;
mod train;
mod trust;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser};

pub use failure::Failure;

use context::Context;

/// Find out what is really in the images of a labelled data set: models propose labels, people vote on them in the
/// terminal, votes become label sets.
#[derive(Debug, Parser)]
#[command(
    name = "relabel",
    version,
    after_help = "Start with `relabel demo`, or on your own data:\n  relabel init --images photos/\n  relabel import labels labels.csv\n  relabel import proposals proposals.csv\n  relabel plan\n  relabel review --rater alice\n  relabel aggregate\n  relabel export --as csv -o labels-new.csv"
)]
pub struct Cli {
    #[command(flatten)]
    context: Context,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the built-in example project and open it in the review screen
    #[command(
        after_help = "Examples:\n  relabel demo\n  relabel demo --dir /tmp/example --rater alice"
    )]
    Demo(demo::Demo),
    /// Make a new project
    #[command(
        after_help = "Examples:\n  relabel init --images photos/\n  relabel init --classes classes.csv --hierarchy hierarchy.csv"
    )]
    Init(init::Init),
    /// Take in images, original labels, predictions, proposals or votes
    #[command(
        subcommand,
        after_help = "Examples:\n  relabel import images photos/\n  relabel import labels labels.csv\n  relabel import votes votes.csv --round gold --role expert"
    )]
    Import(import::Import),
    /// Turn predictions into proposals, and find the smallest set of models that suffices
    #[command(
        after_help = "Examples:\n  relabel propose\n  relabel propose --pool-by both --search --min-recall 0.97 --plot models.svg\n  relabel propose --memory 8G                       (Parquet that outgrows memory)\n  relabel propose --cluster df://10.0.0.1:50050     (or one machine: docs/scale.md)"
    )]
    Propose(propose::Propose),
    /// Decide which images need people, and group their labels into tasks
    #[command(
        after_help = "Examples:\n  relabel plan\n  relabel plan --raters 3 --gold 0.05 --retest 0.02\nPlanning again keeps every question that is still asked, and every vote."
    )]
    Plan(plan::Plan),
    /// Open the review screen
    #[command(
        after_help = "Examples:\n  relabel review --rater alice\n  relabel review --order disputed --rater carol\nPress ? on the screen for its keys."
    )]
    Review(review::Review),
    /// Print one image inline, then exit
    #[command(
        after_help = "Examples:\n  relabel show photo.jpg\n  relabel show photo.jpg --pictures half --cells 60x30 > picture.txt"
    )]
    Show(show::Show),
    /// Say what is imported, planned and answered, and what to do next
    #[command(
        after_help = "Examples:\n  relabel status\n  relabel status --gold-bound 0.8 --format json"
    )]
    Status(status::StatusOptions),
    /// Turn votes into scores and label sets
    #[command(
        after_help = "Examples:\n  relabel aggregate\n  relabel aggregate --method dawid-skene --threshold 0.8\n  relabel aggregate --preset real"
    )]
    Aggregate(aggregate::Aggregate),
    /// Say how far raters agree with each other, with themselves and with gold
    #[command(
        after_help = "Examples:\n  relabel agreement\n  relabel agreement --by rater,subtree --top 50\n  relabel agreement --format json"
    )]
    Agreement(agreement::Agreement),
    /// Score predictions on the original labels and on the label sets
    #[command(after_help = "Examples:\n  relabel eval resnet50.csv vit.csv")]
    Eval(eval::Eval),
    /// Fit a linear classifier to features of the images (needs the feature `train`)
    #[command(
        after_help = "Examples:\n  relabel train embeddings.npy --folds folds.csv -o held-out.npy\n  relabel train train.npy --images-order train.txt --loss sigmoid --clean clean.csv --validation val.npy --validation-order val.txt\n  relabel train train.parquet --grid --clean clean.csv --validation val.parquet --seeds 10 --plot grid.svg"
    )]
    Train(Box<train::Train>),
    /// Deal the images into folds, for models that are trained without what they predict
    #[command(
        after_help = "Examples:\n  relabel folds --k 10 -o folds.csv\n  relabel folds --k 5 --seed 7 --groups sessions.csv -o folds.csv   (columns image, group)"
    )]
    Folds(folds::Folds),
    /// Keep what a model bears out of a training set's labels, and put the rest before people
    #[command(
        after_help = "Examples:\n  relabel clean --model resnet50 -o cleaned.csv\n  relabel clean --model resnet50 --rule threshold --threshold 0.05\n  relabel clean --model resnet50 --votes -o kept.txt --as image-folder\nThe model must not have been trained on the images that it predicts: see `relabel folds`."
    )]
    Clean(clean::Clean),
    /// Spot-check given labels, and stop as soon as the question put is settled
    #[command(
        subcommand,
        after_help = "Examples:\n  relabel audit plan --tolerance 0.05 --confidence 0.95\n  relabel audit review --rater ada\n  relabel audit result"
    )]
    Audit(audit::Audit),
    /// Write one page with figures, plots and the most disputed images
    #[command(
        after_help = "Examples:\n  relabel report\n  relabel report -o report.html --thumbnails 48 --eval resnet50.csv\n  relabel report --format json > figures.json\nThe page needs no network: it opens from the disk, and can be mailed."
    )]
    Report(report::ReportOptions),
    /// Write label sets, scores, votes or tasks to a file
    #[command(
        after_help = "Examples:\n  relabel export --as csv -o scores.csv\n  relabel export --as real-json > real.json"
    )]
    Export(export::Export),
    /// List flags and comments with their answers, or answer one
    #[command(
        after_help = "Examples:\n  relabel notes --open\n  relabel notes answer 3fa9-12 'two cats: take both' --rater dora\n  relabel export --as notes-csv -o notes.csv"
    )]
    Notes(notes::Notes),
    /// Take in votes and notes made in other copies of the project
    #[command(
        after_help = "Examples:\n  relabel merge laptop.db\n  relabel merge --dry-run copies/*.db\nMerging again changes nothing."
    )]
    Merge(merge::Merge),
    /// Say what this terminal can show and why, and whether the project file is sound
    #[command(
        after_help = "Examples:\n  relabel doctor\n  relabel doctor --project team.db --format json"
    )]
    Doctor(doctor::Doctor),
    /// Print what a shell needs to complete commands and options
    #[command(
        after_help = "Examples:\n  relabel completions bash > ~/.local/share/bash-completion/completions/relabel\n  relabel completions zsh > ~/.zfunc/_relabel\n  relabel completions fish > ~/.config/fish/completions/relabel.fish"
    )]
    Completions(completions::Completions),
    /// Print a manual page
    #[command(
        after_help = "Examples:\n  relabel man | man -l -\n  relabel man audit plan | man -l -\n  relabel man --dir ~/.local/share/man/man1"
    )]
    Man(man::Man),
    /// Remove images that came in by mistake
    #[command(subcommand, after_help = "Examples:\n  relabel image remove cat.JPG")]
    Image(image::Image),
    /// Add or list raters
    #[command(
        subcommand,
        after_help = "Examples:\n  relabel rater add alice\n  relabel rater list"
    )]
    Rater(rater::Rater),
    /// Servers of a cluster that `propose --cluster` works on: one scheduler, executors on every machine
    #[command(
        subcommand,
        after_help = "Examples:\n  relabel cluster scheduler --bind 10.0.0.1\n  relabel cluster executor --scheduler 10.0.0.1:50050 --bind 10.0.0.2\nThere is no authentication: keep them on a network of their own."
    )]
    Cluster(cluster::Cluster),
    /// Logins for people who vote over SSH
    #[command(
        subcommand,
        after_help = "Examples:\n  relabel team key alice alice.pub >> ~/.ssh/authorized_keys"
    )]
    Team(team::Team),
}

impl Command {
    /// Whether it takes ctrl-c itself, with the terminal or as a server.
    fn takes_interrupts(&self) -> bool {
        match self {
            Command::Cluster(_) => true,
            Command::Demo(_) | Command::Review(_) => true,
            Command::Audit(audit) => matches!(audit, audit::Audit::Review(_)),
            _ => false,
        }
    }
}

impl Cli {
    /// What this process was told; ends it with a word where that makes no sense.
    pub fn of_process() -> Cli {
        let matches = arguments::of_process();
        let mut cli = Cli::from_arg_matches(&matches)
            .map_err(|error| error.format(&mut Cli::command()))
            .unwrap_or_else(|error| arguments::end(error));
        cli.context.project_named =
            matches.value_source("project") == Some(ValueSource::CommandLine);
        cli
    }
}

/// The command line as clap knows it.
fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that was asked for.
///
/// # Errors
/// The command could not do its work; the failure says why and gives the exit code.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let context = &cli.context;
    interrupt::outlive_file_size_limit();
    if !cli.command.takes_interrupts() {
        interrupt::watch()?;
    }
    match &cli.command {
        Command::Demo(options) => demo::run(options, context),
        Command::Init(options) => init::run(options, context),
        Command::Import(options) => import::run(options, context),
        Command::Image(image) => image::run(image, context),
        Command::Propose(options) => propose::run(options, context),
        Command::Plan(options) => plan::run(options, context),
        Command::Review(options) => review::run(options, context),
        Command::Show(options) => show::run(options, context),
        Command::Status(options) => status::run(options, context),
        Command::Aggregate(options) => aggregate::run(options, context),
        Command::Agreement(options) => agreement::run(options, context),
        Command::Eval(options) => eval::run(options, context),
        Command::Train(options) => train::run(options, context),
        Command::Folds(options) => folds::run(options, context),
        Command::Clean(options) => clean::run(options, context),
        Command::Audit(audit) => audit::run(audit, context),
        Command::Report(options) => report::run(options, context),
        Command::Export(options) => export::run(options, context),
        Command::Notes(options) => notes::run(options, context),
        Command::Merge(options) => merge::run(options, context),
        Command::Doctor(options) => doctor::run(options, context),
        Command::Completions(options) => completions::run(options, context),
        Command::Man(options) => man::run(options, context),
        Command::Rater(rater) => rater::run(rater, context),
        Command::Cluster(cluster) => cluster::run(cluster, context),
        Command::Team(team) => team::run(team, context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
