use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use image::RgbImage;

use super::terminal::TerminalPictures;
use super::{Picture, PictureRequest, decode, encode};
use crate::domain::ImageId;

/// Threads that decode have names that begin so; a panic in them is an answer, not an end.
pub const THREAD_PREFIX: &str = "picture-";

/// Two decode while the third core draws.
const THREADS: usize = 2;

/// Decoded images are kept up to so many bytes, and at least one.
const DECODED_BYTES: usize = 256 << 20;

/// So many pictures are kept ready.
const PICTURES: usize = 32;

/// A picture that is wanted, and the file that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is asked for.
    pub request: PictureRequest,
    /// The image's file.
    pub path: PathBuf,
}

/// What came of a request.
pub type Outcome = (PictureRequest, Result<Arc<Picture>, String>);

/// Makes pictures in its own threads, the most urgent first. Dropping it ends the threads.
pub struct PictureWorker {
    shared: Arc<Shared>,
}

struct Shared {
    work: Mutex<Work>,
    changed: Condvar,
    terminal: TerminalPictures,
}

#[derive(Default)]
struct Work {
    /// The most urgent first.
    waiting: Vec<Wanted>,
    under_way: Vec<PictureRequest>,
    /// Oldest use first.
    pictures: Vec<(PictureRequest, Arc<Picture>)>,
    decoded: Vec<(ImageId, Arc<RgbImage>)>,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Work> {
        // A thread that panicked held the lock only between complete steps.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PictureWorker {
    /// Starts the threads; each outcome is handed to `deliver` from one of them, or from [`PictureWorker::want`].
    pub fn start(
        terminal: TerminalPictures,
        deliver: impl Fn(Outcome) + Clone + Send + 'static,
    ) -> std::io::Result<PictureWorker> {
        let shared = Arc::new(Shared {
            work: Mutex::default(),
            changed: Condvar::new(),
            terminal,
        });
        for number in 1..=THREADS {
            let (shared, deliver) = (Arc::clone(&shared), deliver.clone());
            thread::Builder::new()
                .name(format!("{THREAD_PREFIX}{number}"))
                .spawn(move || run(&shared, &deliver))?;
        }
        Ok(PictureWorker { shared })
    }

    /// Says which pictures are wanted now, the most urgent first: others that wait are dropped; those that are ready
    /// are handed back at once.
    pub fn want(&self, wanted: Vec<Wanted>) -> Vec<Outcome> {
        let mut work = self.shared.lock();
        let mut ready = Vec::new();
        work.waiting.clear();
        for one in wanted {
            if let Some(at) = work
                .pictures
                .iter()
                .position(|(known, _)| *known == one.request)
            {
                let kept = work.pictures.remove(at);
                ready.push((kept.0, Ok(Arc::clone(&kept.1))));
                work.pictures.push(kept);
            } else if !work.under_way.contains(&one.request) {
                work.waiting.push(one);
            }
        }
        drop(work);
        self.shared.changed.notify_all();
        ready
    }

    /// Forgets what is ready, for a terminal that has lost its pictures.
    pub fn forget(&self) {
        self.shared.lock().pictures.clear();
    }
}

impl Drop for PictureWorker {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }
}

fn run(shared: &Shared, deliver: &impl Fn(Outcome)) {
    loop {
        let mut work = shared.lock();
        while work.waiting.is_empty() && !work.ended {
            work = shared
                .changed
                .wait(work)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if work.ended {
            return;
        }
        let wanted = work.waiting.remove(0);
        work.under_way.push(wanted.request);
        let known = work
            .decoded
            .iter()
            .find(|(image, _)| *image == wanted.request.image)
            .map(|(_, decoded)| Arc::clone(decoded));
        drop(work);
        let outcome = make(shared, &wanted, known);
        let mut work = shared.lock();
        work.under_way.retain(|request| *request != wanted.request);
        if let Ok(picture) = &outcome {
            if work.pictures.len() >= PICTURES {
                work.pictures.remove(0);
            }
            work.pictures.push((wanted.request, Arc::clone(picture)));
        }
        drop(work);
        deliver((wanted.request, outcome));
    }
}

fn make(
    shared: &Shared,
    wanted: &Wanted,
    known: Option<Arc<RgbImage>>,
) -> Result<Arc<Picture>, String> {
    let request = &wanted.request;
    let image = match known {
        Some(image) => image,
        None => {
            let image = Arc::new(decode(&wanted.path).map_err(|error| error.to_string())?);
            shared.lock().keep(request.image, Arc::clone(&image));
            image
        }
    };
    let room = (request.columns, request.rows);
    Ok(Arc::new(encode(
        &image,
        room,
        request.viewport,
        &shared.terminal,
    )?))
}

impl Work {
    /// Keeps a decoded image for zooming; the oldest make room for it.
    fn keep(&mut self, image: ImageId, decoded: Arc<RgbImage>) {
        self.decoded.retain(|(known, _)| *known != image);
        self.decoded.push((image, decoded));
        let bytes = |kept: &[(ImageId, Arc<RgbImage>)]| {
            kept.iter().map(|(_, d)| d.as_raw().len()).sum::<usize>()
        };
        while self.decoded.len() > 1 && bytes(&self.decoded) > DECODED_BYTES {
            self.decoded.remove(0);
        }
    }
}
