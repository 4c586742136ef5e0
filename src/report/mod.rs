//! What a project came to: figures made of plain records, and the page that shows them.
//!
//! Pure: imports domain, text and consensus. [`Report`] is what the page says, and what `--format json` prints;
//! [`page`] makes one HTML file of it that needs nothing else.

pub mod agreement;
mod figures;
mod labels;
pub mod page;

pub use figures::{
    Calibration, Changes, Counts, DisputedImage, DisputedLabel, Group, LabelFigures, ModelFigures,
    NoteLine, Parameter, Picture, RaterLine, Report, RunFigures, ScoresReport, Spread, VoteLine,
    parameters,
};
pub use labels::{Confused, ScoreBin, Scored, confused, most_disputed, score_bins, set_sizes};
