use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::put;
use crate::consensus::{Change, LabelSetChanges};
use crate::review::state::{Closing, State};
use crate::review::summary::{AnsweredNote, AuditSummary, Dispute, Estimate, FinalLabels, Summary};
use crate::text::{count, fill, fit, fit_middle, thousands, width};

/// What came of the sitting.
pub fn draw(state: &State, closing: &Closing, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    let (lines, selected) = lines(state, closing, columns);
    let rows = usize::from(area.height);
    let most = lines.len().saturating_sub(rows);
    // First the top; then the chosen dispute stays in sight; space and page keys look elsewhere.
    let first = match closing.scroll {
        0 if closing.selected == 0 => 0,
        0 => selected.map_or(0, |line| (line + 2).saturating_sub(rows)),
        scroll => usize::from(scroll),
    };
    for (row, line) in (0..area.height).zip(lines.into_iter().skip(first.min(most))) {
        put(frame, area, row, line);
    }
}

fn lines(state: &State, closing: &Closing, columns: usize) -> (Vec<Line<'static>>, Option<usize>) {
    let heading = |text: &str| Line::styled(format!(" {text}"), state.palette.heading());
    let plain = |text: String| {
        let filled = fill(&text, " ", columns.saturating_sub(4), 4);
        filled
            .into_iter()
            .map(|line| Line::raw(format!("   {line}")))
    };
    let progress = &state.progress;
    let mut lines = vec![heading("this sitting")];
    let (one, ended) = match state.is_audit() {
        true => ("label", "looked at"),
        false => ("task", "ended"),
    };
    // The first answer has no time; with it alone nothing is known.
    let seconds = match progress.votes {
        0 => String::new(),
        _ if progress.spent == 0 => String::new(),
        votes => format!(
            ", {:.1} s each",
            progress.spent as f64 / 1000.0 / votes as f64
        ),
    };
    lines.extend(plain(format!(
        "{} {ended}, {} recorded{seconds}; {} of {} done",
        count(progress.finished, one),
        count(progress.votes, "vote"),
        thousands(progress.before + progress.finished),
        count(progress.total, one)
    )));
    if let Some(line) = with_others(closing) {
        lines.extend(plain(line));
    }
    lines.push(Line::default());
    if let Some(error) = &closing.error {
        for line in fill(error, " ", columns.saturating_sub(4), 4) {
            lines.push(Line::from(vec![
                Span::raw("   "),
                Span::styled(line, state.palette.error()),
            ]));
        }
        return (lines, None);
    }
    if let Some(audit) = &closing.audit {
        return (
            lines
                .into_iter()
                .chain(audit_lines(state, audit, columns))
                .collect(),
            None,
        );
    }
    let Some(summary) = &closing.summary else {
        lines.extend(plain("counting votes…".to_owned()));
        return (lines, None);
    };
    if !summary.answered_notes.is_empty() {
        lines.push(heading("answers to your notes"));
        lines.extend(summary.answered_notes.iter().map(answered).flat_map(plain));
        lines.push(Line::default());
    }
    match &summary.purpose {
        Some(purpose) => {
            lines.push(heading("your answers"));
            lines.extend(plain(purpose.clone()));
        }
        None => {
            lines.push(heading("agreement (95 % intervals)"));
            lines.extend(agreement(summary).into_iter().flat_map(plain));
        }
    }
    lines.push(Line::default());
    lines.push(heading("label sets of this sitting's images"));
    lines.extend(plain(summary.method.clone()));
    lines.extend(plain(changes(&summary.label_sets)));
    let sets = &summary.label_sets;
    let (first, rest) = sets.split_at(sets.len().min(SETS_FIRST));
    lines.extend(first.iter().map(|set| label_set(state, set, columns)));
    if !rest.is_empty() {
        lines.extend(plain(format!(
            "… and {} more below the disputes",
            rest.len()
        )));
    }
    lines.push(Line::default());
    let selected = disputes(state, closing, summary, columns, &mut lines);
    if !rest.is_empty() {
        lines.push(Line::default());
        lines.push(heading("more label sets"));
        lines.extend(rest.iter().map(|set| label_set(state, set, columns)));
    }
    (lines, selected)
}

/// Where an audit stands.
fn audit_lines(state: &State, audit: &AuditSummary, columns: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(" the audit", state.palette.heading())];
    let widest = |column: usize| {
        let cells = audit.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let (first, second) = (widest(0), widest(1));
    for [what, figure, remark] in &audit.rows {
        let gap = " ".repeat(first - width(what) + second - width(figure));
        let mut begins = format!("   {what}{gap}  {figure}  ");
        let left = width(&begins);
        let mut remark = fill(remark, " ", columns.saturating_sub(left + 1), 4);
        if remark.is_empty() {
            remark.push(String::new());
        }
        for line in remark {
            lines.push(Line::raw(fit(&format!("{begins}{line}"), columns)));
            begins = " ".repeat(left);
        }
    }
    lines.push(Line::default());
    for line in fill(&audit.verdict, " ", columns.saturating_sub(4), 4) {
        lines.push(Line::styled(format!("   {line}"), state.palette.strong()));
    }
    if !audit.found.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled(" found", state.palette.heading()));
    }
    for (image, label, found) in &audit.found {
        let text = format!("   {found}  {}  {label}", fit_middle(image, columns / 2));
        lines.push(Line::raw(fit(&text, columns)));
    }
    lines
}

/// What was answered to a note of the rater's.
fn answered(note: &AnsweredNote) -> String {
    let asked = match &note.comment {
        Some(comment) => format!("“{comment}”"),
        None => "your flag".to_owned(),
    };
    let (image, by) = (fit_middle(&note.image, 30), fit(&note.by, 24));
    format!("{image}, {asked}: {by} answered “{}”", note.answer)
}

/// What may come back to this rater.
fn with_others(closing: &Closing) -> Option<String> {
    let (count, one, many) = match (&closing.audit, &closing.summary) {
        (Some(audit), _) => (
            audit.with_others,
            "label was left out: another auditor is",
            "labels were left out: other auditors are",
        ),
        (None, Some(summary)) => (
            summary.with_others,
            "task was left out: enough raters are",
            "tasks were left out: enough raters are",
        ),
        (None, None) => return None,
    };
    let left_out = match count {
        0 => return None,
        1 => one,
        _ => many,
    };
    Some(format!(
        "{} {left_out} at it now; a later sitting brings back what they leave",
        thousands(count)
    ))
}

/// Label sets that stand above the disputes.
const SETS_FIRST: usize = 5;

fn estimate(estimate: &Estimate, percent: bool) -> String {
    if estimate.value.is_nan() {
        return "–".to_owned();
    }
    let (low, high) = estimate.interval;
    let (times, decimals, unit) = match percent {
        true => (100.0, 1, " %"),
        false => (1.0, 2, ""),
    };
    let number = |share: f64| format!("{:.decimals$}", share * times);
    match low.is_nan() || high.is_nan() {
        // From a few images no interval can be told.
        true => format!("{}{unit}", number(estimate.value)),
        false => format!(
            "{}{unit} ({}–{})",
            number(estimate.value),
            number(low),
            number(high)
        ),
    }
}

fn agreement(summary: &Summary) -> Vec<String> {
    let mut lines: Vec<String> = summary
        .pairs
        .iter()
        .map(|pair| {
            format!(
                "with {}: equal {}, kappa {}, {}",
                fit(&pair.rater, 24),
                estimate(&pair.raw, true),
                estimate(&pair.kappa, false),
                count(pair.questions, "question")
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("nobody else has answered these questions yet".to_owned());
    }
    lines.push(match &summary.gold {
        Some(gold) => format!(
            "with gold: {} right of {}",
            estimate(&gold.accuracy, true),
            count(gold.questions, "question")
        ),
        None => "no gold among the answers".to_owned(),
    });
    lines
}

fn disputes(
    state: &State,
    closing: &Closing,
    summary: &Summary,
    columns: usize,
    lines: &mut Vec<Line<'static>>,
) -> Option<usize> {
    let on = match summary.of_own {
        true => " on images that you have answered",
        false => "",
    };
    let mut title = match summary.disputes_total {
        0 => format!(" no disputes{on}"),
        total => {
            let of = if summary.weighs_raters {
                "score"
            } else {
                "share of yes"
            };
            format!(" {}{on} ({of})", count(total, "dispute"))
        }
    };
    if summary.decided_total > 0 {
        title.push_str(&format!("; {} decided", thousands(summary.decided_total)));
    }
    lines.push(Line::styled(title, state.palette.heading()));
    let mut selected = None;
    for (at, dispute) in summary.disputes.iter().enumerate() {
        if at == closing.selected {
            selected = Some(lines.len());
        }
        lines.push(dispute_line(
            state,
            at,
            at == closing.selected,
            dispute,
            columns,
        ));
    }
    selected
}

fn dispute_line(
    state: &State,
    at: usize,
    selected: bool,
    dispute: &Dispute,
    columns: usize,
) -> Line<'static> {
    let pointer = if selected { "▸" } else { " " };
    let digit = match at {
        0..=8 => (at + 1).to_string(),
        _ => " ".to_owned(),
    };
    let style = if selected {
        state.palette.selected()
    } else {
        Style::new()
    };
    let standing = match &dispute.decided_by {
        None => format!("{:.2}", dispute.score),
        Some(name) => {
            let answer = if dispute.score > 0.5 { "yes" } else { "no" };
            format!("{answer} by {}", fit(name, 16))
        }
    };
    let text = format!(
        " {pointer}{digit} {standing}  {}  {}",
        fit_middle(&dispute.image, columns / 2),
        dispute.label
    );
    Line::from(Span::styled(fit(&text, columns), style))
}

fn changes(sets: &[FinalLabels]) -> String {
    let counts: LabelSetChanges = sets.iter().map(|set| set.change).collect();
    let parts = counts.parts().into_iter();
    let parts: Vec<String> = parts
        .map(|(images, word)| format!("{} {word}", thousands(images)))
        .collect();
    format!("{}: {}", count(sets.len(), "image"), parts.join(", "))
}

fn label_set(state: &State, set: &FinalLabels, columns: usize) -> Line<'static> {
    let name = fit_middle(&set.name, columns / 3);
    let word = set.change.word();
    let labels = match set.labels.as_slice() {
        [] => "no label".to_owned(),
        labels => labels.join("; "),
    };
    let was = match (&set.original, set.change) {
        (Some(original), Change::Replaced | Change::Empty) => format!("  (was {original})"),
        _ => String::new(),
    };
    let gap = " ".repeat(8usize.saturating_sub(width(word)));
    let text = format!("   {word}{gap}{name}: {labels}{was}");
    let style = match set.change {
        Change::Kept => state.palette.quiet(),
        _ => Style::new(),
    };
    Line::styled(fit(&text, columns), style)
}
