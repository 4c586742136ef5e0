use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Wrap};

use crate::review::keymap::Action;
use crate::review::layout::tiles;
use crate::review::picture::{Damage, NoPicture, PictureRequest, Placed, Viewport};
use crate::review::state::{Examples, Mode, PictureState, State, Task};
use crate::text::{fit, printable};

/// The picture in its frame, or why there is none; says whether nothing more of it is to be waited for before a vote.
pub fn draw(state: &State, area: Rect, frame: &mut Frame<'_>, placed: &mut Vec<Placed>) -> bool {
    let inside = area.inner(Margin::new(1, 1));
    let mut block = Block::bordered().border_style(state.palette.quiet());
    if let Some(task) = state.task() {
        let mut marks = marks(task);
        if let Some(damage) = damage(state, task, inside) {
            marks.insert(0, damage.to_string());
        }
        if state.viewport.zoom > 0 {
            marks.push(format!("{}×", 1 << state.viewport.zoom));
        }
        if !marks.is_empty() {
            let title = fit(
                &marks.join(" · "),
                usize::from(inside.width).saturating_sub(2),
            );
            block = block.title(Line::from(format!(" {title} ")));
        }
    }
    if state.info_on
        && !matches!(state.mode, Mode::Examples(_))
        && let Some(info) = info(state, inside)
    {
        block = block.title_bottom(Line::styled(format!(" {info} "), state.palette.quiet()));
    }
    frame.render_widget(block, area);
    if let Mode::Examples(examples) = &state.mode {
        draw_examples(state, examples, inside, frame, placed);
        return false;
    }
    let Some(task) = state.task() else {
        say(state, &["reading the task…"], inside, frame);
        return false;
    };
    if let Some(reason) = &task.no_picture {
        say(state, &[reason], inside, frame);
        return true;
    }
    if !state.pictures_on {
        say(state, &["pictures are off"], inside, frame);
        return true;
    }
    let request = PictureRequest::filling(inside, task.image, state.viewport);
    if let Some(PictureState::Failed(NoPicture::Unusable(reason))) = state.pictures.get(&request) {
        let key = |action| state.keymap.keys_of(action).first().copied().unwrap_or("–");
        let (flag, skip) = (key(Action::Flag), key(Action::Skip));
        let words = format!("no votes without it: {flag} flags it, {skip} skips it");
        say(state, &[reason, "", &words], inside, frame);
        return false;
    }
    draw_picture(state, &request, inside, frame, placed)
}

/// The fault of the file whose picture is on the screen.
fn damage(state: &State, task: &Task, inside: Rect) -> Option<Damage> {
    let request = PictureRequest::filling(inside, task.image, state.viewport);
    match state.pictures.get(&request) {
        Some(PictureState::Ready(picture)) if !matches!(state.mode, Mode::Examples(_)) => {
            picture.damage
        }
        _ => None,
    }
}

/// What the task's picture costs.
fn info(state: &State, inside: Rect) -> Option<String> {
    let request = PictureRequest::filling(inside, state.task()?.image, state.viewport);
    let Some(PictureState::Ready(picture)) = state.pictures.get(&request) else {
        return None;
    };
    let arrived = match state.arrival {
        Some(time) => format!("sent in {} ms", time.as_millis()),
        None => "under way".to_owned(),
    };
    Some(format!(
        "{:.1} kB · made in {} ms · {arrived}",
        picture.bytes as f64 / 1000.0,
        picture.took.as_millis()
    ))
}

/// What this rater has noted on the image.
fn marks(task: &Task) -> Vec<String> {
    let mut marks = Vec::new();
    if task.flagged {
        marks.push("flagged".to_owned());
    }
    match task.comments.len() {
        0 => {}
        1 => marks.push("1 comment".to_owned()),
        count => marks.push(format!("{count} comments")),
    }
    match task.notes.iter().filter(|note| note.is_open()).count() {
        0 => {}
        1 => marks.push("1 open note".to_owned()),
        count => marks.push(format!("{count} open notes")),
    }
    marks
}

fn draw_picture(
    state: &State,
    request: &PictureRequest,
    area: Rect,
    frame: &mut Frame<'_>,
    placed: &mut Vec<Placed>,
) -> bool {
    match state.pictures.get(request) {
        Some(PictureState::Ready(picture)) => {
            let size = picture.size();
            let (columns, rows) = (size.width.min(area.width), size.height.min(area.height));
            let centred = Rect::new(
                area.x + (area.width - columns) / 2,
                area.y + (area.height - rows) / 2,
                columns,
                rows,
            );
            frame.render_widget(picture.as_ref(), centred);
            placed.push(Placed {
                picture: Arc::clone(picture),
                area: centred,
            });
            true
        }
        Some(PictureState::Failed(reason)) => {
            say(state, &[&reason.to_string()], area, frame);
            true
        }
        Some(PictureState::Waiting) | None => {
            say(state, &["…"], area, frame);
            false
        }
    }
}

fn draw_examples(
    state: &State,
    examples: &Examples,
    area: Rect,
    frame: &mut Frame<'_>,
    placed: &mut Vec<Placed>,
) {
    let Some(images) = &examples.images else {
        let words = ["looking for other images of this class…"];
        return say(state, &words, area, frame);
    };
    if images.is_empty() {
        return say(state, &["no other image carries this class"], area, frame);
    }
    let boxes = tiles(area, images.len().min(4));
    for ((image, name), tile) in images.iter().zip(boxes) {
        let request = PictureRequest {
            image: *image,
            columns: tile.width.saturating_sub(1).max(1),
            rows: tile.height.saturating_sub(1).max(1),
            viewport: Viewport::WHOLE,
        };
        let picture = Rect::new(
            tile.x,
            tile.y,
            request.columns.min(tile.width),
            request.rows.min(tile.height),
        );
        draw_picture(state, &request, picture, frame, placed);
        let caption = Rect::new(tile.x, tile.bottom().saturating_sub(1), tile.width, 1);
        let damaged = matches!(state.pictures.get(&request), Some(PictureState::Ready(shown)) if shown.damage.is_some());
        let name = if damaged {
            format!("damaged file: {name}")
        } else {
            name.clone()
        };
        let caption_text = fit(&name, usize::from(tile.width).saturating_sub(1));
        frame.render_widget(Line::styled(caption_text, state.palette.quiet()), caption);
    }
}

/// A few lines in the middle of an area.
fn say(state: &State, lines: &[&str], area: Rect, frame: &mut Frame<'_>) {
    let middle = area.height / 2;
    let place = Rect::new(
        area.x,
        area.y + middle.saturating_sub(1),
        area.width,
        area.height - middle.saturating_sub(1),
    );
    let lines = lines.iter().map(|line| Line::from(printable(line)));
    let words = Paragraph::new(lines.collect::<Vec<_>>())
        .style(state.palette.quiet())
        .wrap(Wrap { trim: true })
        .centered();
    frame.render_widget(words, place);
}
