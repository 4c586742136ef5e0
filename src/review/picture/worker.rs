use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::terminal::TerminalPictures;
use super::{DecodeError, Decoded, Picture, PictureRequest, decode, encode};
use crate::domain::ImageId;

/// Threads that decode have names that begin so; a panic in them is an answer, not an end.
pub const THREAD_PREFIX: &str = "picture-";

/// Two decode while the third core draws.
const THREADS: usize = 2;

/// Decoded images are kept up to so many bytes, and at least one: for zooming into the task on the screen and those beside it.
const DECODED_BYTES: usize = 256 << 20;
const DECODED: usize = 8;

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

/// Why there is no picture, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// There is no file.
    #[error("{}", DecodeError::Missing)]
    Missing,
    /// The file is there, and no picture can be made of it.
    #[error("{0}")]
    Unusable(String),
}

impl NoPicture {
    /// True if there is a file, but no picture can be made of it.
    pub fn is_unusable(&self) -> bool {
        matches!(self, NoPicture::Unusable(_))
    }
}

impl From<DecodeError> for NoPicture {
    fn from(error: DecodeError) -> NoPicture {
        match error {
            DecodeError::Missing => NoPicture::Missing,
            other => NoPicture::Unusable(other.to_string()),
        }
    }
}

/// What came of a request.
pub type Outcome = (PictureRequest, Result<Arc<Picture>, NoPicture>);

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
    decoded: Vec<(ImageId, Arc<Decoded>)>,
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
        let made = catch_unwind(AssertUnwindSafe(|| make(shared, &wanted, known)));
        let outcome = made
            .unwrap_or_else(|_| Err(NoPicture::Unusable("the picture cannot be made".to_owned())));
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
    known: Option<Arc<Decoded>>,
) -> Result<Arc<Picture>, NoPicture> {
    let request = &wanted.request;
    let image = match known {
        Some(image) => image,
        None => {
            let image = Arc::new(decode(&wanted.path)?);
            shared.lock().keep(request.image, Arc::clone(&image));
            image
        }
    };
    let room = (request.columns, request.rows);
    let picture = encode(&image, room, request.viewport, &shared.terminal);
    picture.map(Arc::new).map_err(NoPicture::Unusable)
}

impl Work {
    /// Keeps a decoded image for zooming; the oldest make room for it.
    fn keep(&mut self, image: ImageId, decoded: Arc<Decoded>) {
        self.decoded.retain(|(known, _)| *known != image);
        self.decoded.push((image, decoded));
        let bytes = |kept: &[(ImageId, Arc<Decoded>)]| {
            kept.iter()
                .map(|(_, d)| d.image.as_raw().len())
                .sum::<usize>()
        };
        let is_much = |kept: &[_]| kept.len() > DECODED || bytes(kept) > DECODED_BYTES;
        while self.decoded.len() > 1 && is_much(&self.decoded) {
            self.decoded.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    use image::RgbImage;

    use super::*;
    use crate::review::picture::{ColorDepth, PictureMode, Viewport};

    const PATIENCE: Duration = Duration::from_secs(20);

    const TERMINAL: TerminalPictures = TerminalPictures {
        mode: PictureMode::Half,
        cell: (10, 20),
        tmux: false,
        depth: ColorDepth::True,
        budget: None,
    };

    /// A folder with pictures 1.png, 2.png, ….
    fn pictures(count: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=count {
            let image = RgbImage::from_pixel(8, 8, image::Rgb([number as u8; 3]));
            image.save(file(&folder, number)).unwrap();
        }
        folder
    }

    fn file(folder: &tempfile::TempDir, number: i64) -> PathBuf {
        folder.path().join(format!("{number}.png"))
    }

    fn wanted(folder: &tempfile::TempDir, number: i64) -> Wanted {
        Wanted {
            request: PictureRequest {
                image: ImageId(number),
                columns: 8,
                rows: 4,
                viewport: Viewport::WHOLE,
            },
            path: file(folder, number),
        }
    }

    fn worker() -> (PictureWorker, Receiver<Outcome>) {
        let (sender, outcomes) = channel();
        let deliver = move |outcome| {
            let _ = sender.send(outcome);
        };
        (PictureWorker::start(TERMINAL, deliver).unwrap(), outcomes)
    }

    /// A worker whose threads stop at each outcome until they are let on.
    fn stopped_worker() -> (PictureWorker, Receiver<Outcome>, Sender<()>) {
        let (sender, outcomes) = channel();
        let (let_on, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let deliver = move |outcome| {
            let _ = sender.send(outcome);
            let _ = gate.lock().unwrap().recv();
        };
        let worker = PictureWorker::start(TERMINAL, deliver).unwrap();
        (worker, outcomes, let_on)
    }

    fn number((request, outcome): &Outcome) -> i64 {
        assert!(outcome.is_ok(), "{outcome:?}");
        request.image.0
    }

    #[test]
    fn what_is_wanted_arrives_and_is_kept() {
        let folder = pictures(3);
        let (worker, outcomes) = worker();
        let all = || (1..=3).map(|n| wanted(&folder, n)).collect::<Vec<_>>();
        assert!(worker.want(all()).is_empty());
        let mut came: Vec<i64> = (0..3)
            .map(|_| number(&outcomes.recv_timeout(PATIENCE).unwrap()))
            .collect();
        came.sort_unstable();
        assert_eq!(came, [1, 2, 3]);
        // Ready pictures come back at once, even when their files are gone by now, and are not delivered again.
        std::fs::remove_file(file(&folder, 2)).unwrap();
        let ready: Vec<i64> = worker.want(all()).iter().map(number).collect();
        assert_eq!(ready, [1, 2, 3]);
        assert!(outcomes.try_recv().is_err());
    }

    #[test]
    fn what_is_no_longer_wanted_is_not_made() {
        let folder = pictures(9);
        let (worker, outcomes, let_on) = stopped_worker();
        worker.want(vec![wanted(&folder, 1), wanted(&folder, 2)]);
        let mut came = [1, 2].map(|_| number(&outcomes.recv_timeout(PATIENCE).unwrap()));
        came.sort_unstable();
        assert_eq!(came, [1, 2]);
        worker.want((3..=8).map(|n| wanted(&folder, n)).collect());
        worker.want(vec![wanted(&folder, 9)]);
        drop(let_on);
        assert_eq!(number(&outcomes.recv_timeout(PATIENCE).unwrap()), 9);
        let later = outcomes.recv_timeout(Duration::from_millis(200));
        assert_eq!(later.unwrap_err(), RecvTimeoutError::Timeout);
    }

    #[test]
    fn the_most_urgent_comes_first() {
        let folder = pictures(6);
        let (worker, outcomes, let_on) = stopped_worker();
        worker.want(vec![wanted(&folder, 1), wanted(&folder, 2)]);
        for _ in 0..2 {
            number(&outcomes.recv_timeout(PATIENCE).unwrap());
        }
        worker.want([5, 3, 6, 4].map(|n| wanted(&folder, n)).to_vec());
        // One thread goes on, step by step; the other stays where it is.
        let mut came = Vec::new();
        for _ in 0..4 {
            let_on.send(()).unwrap();
            came.push(number(&outcomes.recv_timeout(PATIENCE).unwrap()));
        }
        assert_eq!(came, [5, 3, 6, 4]);
    }

    #[test]
    fn a_file_that_gives_no_picture_gives_its_reason_and_may_come_back() {
        let folder = pictures(1);
        std::fs::write(folder.path().join("2.png"), "words").unwrap();
        let (worker, outcomes) = worker();
        let reason = |number| {
            worker.want(vec![wanted(&folder, number)]);
            let (request, outcome) = outcomes.recv_timeout(PATIENCE).unwrap();
            assert_eq!(request.image.0, number);
            outcome.unwrap_err().to_string()
        };
        assert_eq!(reason(2), "not a picture, or of an unknown format");
        assert_eq!(reason(3), "the file is missing");
        std::fs::copy(file(&folder, 1), file(&folder, 3)).unwrap();
        worker.want(vec![wanted(&folder, 3)]);
        assert_eq!(number(&outcomes.recv_timeout(PATIENCE).unwrap()), 3);
    }

    #[test]
    fn as_many_pictures_are_kept_as_there_is_room_for() {
        let count = PICTURES as i64 + 8;
        let folder = pictures(count);
        let (worker, outcomes) = worker();
        for n in 1..=count {
            worker.want(vec![wanted(&folder, n)]);
            assert_eq!(number(&outcomes.recv_timeout(PATIENCE).unwrap()), n);
        }
        assert_eq!(worker.shared.lock().pictures.len(), PICTURES);
        assert_eq!(worker.want(vec![wanted(&folder, count)]).len(), 1);
        assert!(worker.want(vec![wanted(&folder, 1)]).is_empty());
    }

    #[test]
    fn decoded_images_are_kept_by_their_bytes_and_at_least_one() {
        let half = u32::try_from(DECODED_BYTES / 2 / 3).unwrap();
        let row = |pixels| Decoded {
            image: RgbImage::new(pixels, 1),
            damage: None,
        };
        let mut work = Work::default();
        for n in 1..=3 {
            work.keep(ImageId(n), Arc::new(row(half)));
        }
        let kept: Vec<i64> = work.decoded.iter().map(|(image, _)| image.0).collect();
        assert_eq!(kept, [2, 3]);
        work.keep(ImageId(4), Arc::new(row(3 * half)));
        assert_eq!(work.decoded.len(), 1);
    }

    #[test]
    fn dropping_the_worker_ends_its_threads() {
        let folder = pictures(4);
        let (worker, outcomes) = worker();
        worker.want((1..=4).map(|n| wanted(&folder, n)).collect());
        drop(worker);
        // The threads hold the sender: it is gone when they are.
        let end = loop {
            match outcomes.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(end) => break end,
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected);
    }
}
