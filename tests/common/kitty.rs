//! A kitty terminal as far as pictures go: what it was sent, what it shows, what it answers.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use image::imageops::{FilterType, replace, resize};

/// Width and height of a cell in pixels.
pub const CELL: (u32, u32) = (10, 20);

/// Where a picture stands: left, top, columns, rows.
pub type Place = (u16, u16, u16, u16);

/// The terminal.
pub struct KittyScreen {
    text: vt100::Parser,
    /// What has come of a sequence that is not whole yet.
    rest: Vec<u8>,
    loading: Option<(HashMap<String, String>, String)>,
    pub images: HashMap<u32, RgbImage>,
    /// By layer and number.
    pub placements: BTreeMap<(i32, u32), Place>,
    /// What it says to the program.
    pub answers: Vec<String>,
    /// Numbers of the pictures that were sent, in their order.
    pub sent: Vec<u32>,
    /// Bytes of each transmission.
    pub bytes: Vec<usize>,
    pub freed: Vec<u32>,
}

impl KittyScreen {
    pub fn new(columns: u16, rows: u16) -> KittyScreen {
        KittyScreen {
            text: vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0),
            rest: Vec::new(),
            loading: None,
            images: HashMap::new(),
            placements: BTreeMap::new(),
            answers: Vec::new(),
            sent: Vec::new(),
            bytes: Vec::new(),
            freed: Vec::new(),
        }
    }

    /// What stands in cells.
    pub fn text(&self) -> &vt100::Screen {
        self.text.screen()
    }

    pub fn set_size(&mut self, columns: u16, rows: u16) {
        self.text
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
    }

    /// Takes in what a program writes; fails where it breaks the protocol's rules.
    pub fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.rest);
        let mut rest = all.as_slice();
        loop {
            match super::pty::find(rest, b"\x1b_G") {
                None => {
                    // An escape at the end may begin a command.
                    let keep = rest.iter().rposition(|byte| *byte == 0x1b);
                    let cut = keep.filter(|at| rest.len() - at < 3).unwrap_or(rest.len());
                    self.write(&rest[..cut]);
                    self.rest = rest[cut..].to_vec();
                    return;
                }
                Some(begin) => {
                    self.write(&rest[..begin]);
                    let Some(end) = super::pty::find(&rest[begin..], b"\x1b\\") else {
                        self.rest = rest[begin..].to_vec();
                        return;
                    };
                    let command = std::str::from_utf8(&rest[begin + 3..begin + end]).unwrap();
                    self.command(command);
                    rest = &rest[begin + end + 2..];
                }
            }
        }
    }

    fn write(&mut self, text: &[u8]) {
        for cleared in [&b"\x1b[2J"[..], b"\x1b[?1049h", b"\x1b[?1049l"] {
            if super::pty::find(text, cleared).is_some() {
                self.placements.clear();
                self.images.clear();
            }
        }
        self.text.process(text);
    }

    fn command(&mut self, command: &str) {
        let (options, payload) = command.split_once(';').unwrap_or((command, ""));
        assert!(payload.len() <= 4096, "a chunk of {} bytes", payload.len());
        let keys: HashMap<String, String> = options
            .split(',')
            .filter_map(|option| option.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        if let Some((first, mut data)) = self.loading.take() {
            assert!(
                keys.keys().all(|key| key == "m" || key == "q"),
                "amid a transmission: {options}"
            );
            data.push_str(payload);
            return self.load(first, data, &keys);
        }
        let id = || keys["i"].parse::<u32>().unwrap();
        match keys.get("a").map_or("t", String::as_str) {
            "t" | "T" => self.load(keys.clone(), payload.to_owned(), &keys),
            "p" => self.place(id(), &keys),
            "q" => {}
            "d" => {
                self.placements.retain(|(_, shown), _| *shown != id());
                if keys["d"] == "I" {
                    self.images.remove(&id());
                    self.freed.push(id());
                }
            }
            other => panic!("action {other}"),
        }
    }

    fn load(
        &mut self,
        first: HashMap<String, String>,
        data: String,
        last: &HashMap<String, String>,
    ) {
        if last.get("m").is_some_and(|more| more == "1") {
            self.loading = Some((first, data));
            return;
        }
        let id: u32 = first["i"].parse().unwrap();
        assert_eq!(first["f"], "100", "PNG");
        let png = STANDARD.decode(&data).unwrap();
        let image = image::load_from_memory(&png).unwrap().into_rgb8();
        self.images.insert(id, image);
        self.sent.push(id);
        self.bytes.push(data.len());
        if !first.contains_key("q") {
            self.answers.push(format!("\x1b_Gi={id};OK\x1b\\"));
        }
        if first.get("a").is_some_and(|action| action == "T") && !first.contains_key("U") {
            self.place(id, &first);
        }
    }

    fn place(&mut self, id: u32, keys: &HashMap<String, String>) {
        assert!(self.images.contains_key(&id), "picture {id} is not there");
        assert_eq!(keys["C"], "1", "the cursor stays");
        let number = |key: &str| {
            keys.get(key)
                .map_or(0, |value| value.parse::<i32>().unwrap())
        };
        let (row, column) = self.text.screen().cursor_position();
        let cells = |key| u16::try_from(number(key)).unwrap();
        self.placements.retain(|(_, shown), _| *shown != id);
        // What comes later is above, on the same layer.
        let layer = number("z") * 1000 + i32::try_from(self.sent.len()).unwrap();
        self.placements
            .insert((layer, id), (column, row, cells("c"), cells("r")));
    }

    /// The cells that pictures cover, as one box.
    pub fn covered(&self) -> Option<Place> {
        let places = || self.placements.values();
        let (left, top) = (
            places().map(|place| place.0).min()?,
            places().map(|place| place.1).min()?,
        );
        let right = places().map(|place| place.0 + place.2).max()?;
        let bottom = places().map(|place| place.1 + place.3).max()?;
        Some((left, top, right - left, bottom - top))
    }

    /// What stands in a box, in pixels; black where there is none.
    pub fn picture(&self, (left, top, columns, rows): Place) -> RgbImage {
        let pixels = |cells: u16, of: u32| u32::from(cells) * of;
        let mut canvas = RgbImage::new(pixels(columns, CELL.0), pixels(rows, CELL.1));
        for ((_, id), (x, y, across, down)) in &self.placements {
            let size = (pixels(*across, CELL.0), pixels(*down, CELL.1));
            let image = &self.images[id];
            let image = match image.dimensions() == size {
                true => image.clone(),
                false => resize(image, size.0, size.1, FilterType::Triangle),
            };
            let place = |at: u16, from: u16, of| (i64::from(at) - i64::from(from)) * i64::from(of);
            replace(
                &mut canvas,
                &image,
                place(*x, left, CELL.0 as u16),
                place(*y, top, CELL.1 as u16),
            );
        }
        canvas
    }
}
