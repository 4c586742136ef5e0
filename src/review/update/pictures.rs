use std::collections::HashMap;
use std::sync::Arc;

use crate::review::effect::Effect;
use crate::review::layout::{areas, tiles};
use crate::review::picture::{NoPicture, Picture, PictureRequest, Viewport};
use crate::review::state::{AHEAD, Mode, PictureState, State};

/// The pictures that the screen shows now, then those that it shows soon.
fn wanted(state: &State) -> Vec<PictureRequest> {
    let Some(area) = areas(state.size).map(|areas| areas.picture()) else {
        return Vec::new();
    };
    if !state.pictures_on {
        return Vec::new();
    }
    let mut wanted = Vec::new();
    if let Mode::Examples(examples) = &state.mode {
        let images = examples.images.as_deref().unwrap_or_default();
        let boxes = tiles(area, images.len().min(MOST_EXAMPLES));
        wanted.extend(
            images
                .iter()
                .zip(boxes)
                .map(|((image, _), tile)| PictureRequest {
                    image: *image,
                    columns: tile.width.saturating_sub(1).max(1),
                    rows: tile.height.saturating_sub(1).max(1),
                    viewport: Viewport::WHOLE,
                }),
        );
    }
    let near = state.current.iter().chain(state.queue.iter().take(AHEAD));
    for task in near.filter_map(|id| state.tasks.get(id)) {
        if task.no_picture.is_some() {
            continue;
        }
        let viewport = match Some(task.id) == state.current {
            true => state.viewport,
            false => Viewport::WHOLE,
        };
        let request = PictureRequest::filling(area, task.image, viewport);
        if !wanted.contains(&request) {
            wanted.push(request);
        }
    }
    wanted
}

/// The most pictures that one screen of examples holds.
pub const MOST_EXAMPLES: usize = 4;

/// Asks for the pictures that are wanted, when they are others than before.
pub fn want(state: &mut State) -> Option<Effect> {
    let wanted = wanted(state);
    if wanted == state.wanted {
        return None;
    }
    let mut former = std::mem::take(&mut state.pictures);
    state.pictures = wanted
        .iter()
        .map(|request| {
            (
                *request,
                former.remove(request).unwrap_or(PictureState::Waiting),
            )
        })
        .collect::<HashMap<_, _>>();
    state.wanted.clone_from(&wanted);
    Some(Effect::WantPictures(wanted))
}

/// A picture came.
pub fn ready(state: &mut State, request: PictureRequest, picture: Arc<Picture>) {
    if let Some(kept) = state.pictures.get_mut(&request) {
        *kept = PictureState::Ready(picture);
    }
}

/// A picture will not come.
pub fn failed(state: &mut State, request: PictureRequest, reason: NoPicture) {
    if let Some(kept) = state.pictures.get_mut(&request) {
        *kept = PictureState::Failed(reason);
    }
}
