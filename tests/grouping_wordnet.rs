//! Grouping by WordNet against reference results for the images that were rated for "Are we done
//! with ImageNet?" (arXiv 2006.07159; votes from github.com/google-research/reassessed-imagenet).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use relabel::domain::{ClassIndex, TaskLayout};
use relabel::formats::classes::ilsvrc2012;
use relabel::hierarchy::{GroupingRule, group};

/// A file of the shared test inputs. None, with a word about it, where they are absent; on CI
/// they must be there.
fn shared(name: &str) -> Option<PathBuf> {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("RELABEL_SHARED").map_or("../shared".into(), PathBuf::from);
    let path = package.join(folder).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is missing",
        path.display()
    );
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// Image → tasks → (heading, labels).
type ExpectedGroups = BTreeMap<String, Vec<Vec<(String, Vec<u32>)>>>;

fn plain(tasks: &[TaskLayout]) -> Vec<Vec<(String, Vec<u32>)>> {
    let headings = |task: &TaskLayout| {
        task.headings
            .iter()
            .map(|h| (h.title.clone(), h.labels.iter().map(|c| c.0).collect()))
            .collect()
    };
    tasks.iter().map(headings).collect()
}

#[test]
fn the_reference_groups_of_500_images_come_out() {
    let Some(path) = shared("data/wordnet/expected_groups.json") else {
        return;
    };
    let expected: ExpectedGroups = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let (_, hierarchy) = ilsvrc2012().unwrap();
    assert_eq!(expected.len(), 500);
    for (image, tasks) in expected {
        let labels: Vec<ClassIndex> = tasks
            .iter()
            .flatten()
            .flat_map(|(_, labels)| labels.iter().copied().map(ClassIndex))
            .collect();
        let found = group(&labels, &hierarchy, &GroupingRule::default());
        assert_eq!(plain(&found), tasks, "{image}");
    }
}

/// The labels of every rated image: info.npy of an npz holds fixed-width text of four bytes a
/// character, two columns: image, class index.
fn rated_labels(path: PathBuf) -> BTreeMap<Vec<u8>, Vec<ClassIndex>> {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    let mut info = archive.by_name("info.npy").unwrap();
    info.read_to_end(&mut bytes).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]);
    assert!(header.contains("'<U28'"), "{header}");
    let mut images: BTreeMap<Vec<u8>, Vec<ClassIndex>> = BTreeMap::new();
    let text = |cell: &[u8]| -> Vec<u8> {
        let bytes = cell.iter().copied().step_by(4);
        bytes.take_while(|&byte| byte != 0).collect()
    };
    for row in bytes[start..].chunks_exact(2 * 28 * 4) {
        let (image, class) = row.split_at(28 * 4);
        let class = String::from_utf8(text(class)).unwrap().parse().unwrap();
        images
            .entry(text(image))
            .or_default()
            .push(ClassIndex(class));
    }
    images
}

#[test]
fn all_rated_images_make_35_190_tasks_none_above_8_labels() {
    let Some(path) = shared("data/real/raters.npz") else {
        return;
    };
    let images = rated_labels(path);
    assert_eq!(images.len(), 24_889);
    assert_eq!(images.values().map(Vec::len).sum::<usize>(), 184_962);
    let (_, hierarchy) = ilsvrc2012().unwrap();
    let mut n_tasks = 0;
    for labels in images.values() {
        let tasks = group(labels, &hierarchy, &GroupingRule::default());
        assert!(tasks.iter().all(|task| task.labels().count() <= 8));
        n_tasks += tasks.len();
    }
    assert_eq!(n_tasks, 35_190);
}

#[test]
fn animals_kept_together_stand_in_one_task_of_an_image() {
    let Some(path) = shared("data/real/raters.npz") else {
        return;
    };
    let (_, hierarchy) = ilsvrc2012().unwrap();
    let animal = hierarchy.find_node("n00015388").unwrap();
    let rule = GroupingRule {
        keep_together: vec![animal],
        ..GroupingRule::default()
    };
    let mut largest = 0;
    for labels in rated_labels(path).values() {
        let tasks = group(labels, &hierarchy, &rule);
        let n_animals = |task: &TaskLayout| {
            let labels = task.labels();
            labels.filter(|&c| hierarchy.is_below(c, animal)).count()
        };
        assert!(tasks.iter().filter(|task| n_animals(task) > 0).count() <= 1);
        for task in &tasks {
            let n = task.labels().count();
            assert!(n <= 8 || n == n_animals(task), "{task:?}");
            largest = largest.max(n);
        }
    }
    // One image has 47 labels, of which 46 are animals.
    assert_eq!(largest, 46);
}
