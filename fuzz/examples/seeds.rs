//! Writes a few whole files for each target into `corpus/TARGET/`: `cargo run --example seeds`.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use image::{DynamicImage, ImageFormat};
use relabel::domain::{Answer, ClassIndex, Role};
use relabel::formats::export::{
    Formulas, ScoredLabel, VoteLine, VoteObject, VotesCsv, VotesParquet, write_jsonl,
    write_scores_csv, write_scores_parquet,
};
use relabel::formats::label_studio::{
    Annotation, Answers, Given, Predicted, Prediction, Task, TaskWriter,
};
use zip::write::SimpleFileOptions;

fn keep(target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder).expect("a folder for the seeds");
    fs::write(folder.join(name), bytes).expect("a seed is written");
}

fn votes() -> Vec<VoteLine> {
    let vote = |number: u32| VoteLine {
        image: format!("folder/image {number}.jpg"),
        class: ClassIndex(number * 7),
        rater: ["alice", "bob, \"the\" other"][number as usize % 2].to_owned(),
        round: "main".to_owned(),
        answer: Answer::ALL[number as usize % 3],
        at: (number % 2 == 0).then_some(1_793_611_800_250 + i64::from(number)),
    };
    (0..5).map(vote).collect()
}

fn scores() -> Vec<ScoredLabel> {
    let label = |number: u32| ScoredLabel {
        image: format!("{number}.jpg"),
        class: ClassIndex(number),
        name: "notebook, notebook computer".to_owned(),
        score: (number > 0).then(|| 1.0 / f64::from(number)),
        in_set: number % 2 == 0,
    };
    (0..5).map(label).collect()
}

fn tables() {
    let mut csv = Vec::new();
    let mut writer = VotesCsv::new(&mut csv, Formulas::Kept).expect("a header");
    let mut parquet = Vec::new();
    let mut columns = VotesParquet::new(&mut parquet).expect("a header");
    for vote in votes() {
        writer.write(&vote).expect("a vote");
        columns.write(vote).expect("a vote");
    }
    writer.finish().expect("an end");
    columns.finish().expect("an end");
    keep("table_csv", "votes", csv);
    keep("table_parquet", "votes", parquet);
    let lines = votes();
    let objects: Vec<VoteObject<'_>> = lines.iter().map(VoteObject::of).collect();
    let mut jsonl = Vec::new();
    write_jsonl(&objects, &mut jsonl).expect("votes");
    keep("table_jsonl", "votes", jsonl);
    let mut csv = Vec::new();
    write_scores_csv(&scores(), Formulas::Kept, &mut csv).expect("scores");
    keep("table_csv", "scores", csv);
    let mut parquet = Vec::new();
    write_scores_parquet(&scores(), &mut parquet).expect("scores");
    keep("table_parquet", "scores", parquet);
    keep(
        "table_csv",
        "labels",
        "\u{feff}file_name,labels\r\na.jpg,\"[1, \"\"n01440764\"\"]\"\r\n\"b\nb.jpg\",tench\r\n",
    );
    keep(
        "table_csv",
        "predictions",
        "image,label,logit,source\na,1,-3.5e2,m\na,2,inf,\n",
    );
    keep(
        "table_jsonl",
        "metadata",
        "{\"file_name\":\"a.jpg\",\"labels\":[1,\"cat\"],\"scores\":[0.5,null]}\n\n{\"image\":\"b\",\"label\":7,\"score\":1e-3,\"model\":null}\n",
    );
}

fn label_studio() {
    let task = Task {
        image: "a b.jpg".to_owned(),
        labels: vec!["cat".to_owned(), "dog".to_owned()],
        annotations: vec![Annotation {
            place: String::new(),
            rater: "alice".to_owned(),
            role: Some(Role::Expert),
            ground_truth: true,
            round: Some("gold".to_owned()),
            spent: Some(2_500),
            answers: Answers::Given(vec![
                Given {
                    label: "cat".to_owned(),
                    answer: Answer::Yes,
                    at: Some(1_793_611_800_250),
                },
                Given {
                    label: "dog".to_owned(),
                    answer: Answer::No,
                    at: None,
                },
            ]),
        }],
        predictions: vec![Prediction {
            place: String::new(),
            source: Some("resnet50".to_owned()),
            labels: vec![Predicted {
                label: "cat".to_owned(),
                yes: true,
                score: Some(0.25),
            }],
        }],
        cancelled: 0,
    };
    let mut json = Vec::new();
    let mut writer = TaskWriter::new(&mut json, "/data/local-files/?d=").expect("a list");
    writer.write(&task).expect("a task");
    writer.finish().expect("an end");
    keep("label_studio", "ours", json);
    keep(
        "label_studio",
        "theirs",
        r#"[{"id":1,"data":{"image":"https://x.org/a%20b.jpg?x=1"},"annotations":[{"completed_by":{"id":3,"email":"a@b.org"},"was_cancelled":false,"lead_time":4.5,"updated_at":"2026-11-02T09:30:00.25Z","result":[{"type":"choices","from_name":"choice","value":{"choices":["cat",["animal","dog"]]}},{"type":"rectanglelabels","value":{}}]}],"predictions":[{"model_version":"m","score":0.5,"result":[{"type":"choices","from_name":"c","score":0.2,"value":{"choices":"cat"}}]}]},{"data":{"url":"s3://b/c.jpg"},"annotations":[{"completed_by":7,"result":[]}]}]"#,
    );
    keep(
        "coco",
        "images",
        r#"{"images":[{"id":1,"file_name":"a.jpg"},{"id":2,"file_name":"b.jpg"}],"categories":[{"id":1,"name":"cat"},{"id":18,"name":"dog"}],"annotations":[{"id":1,"image_id":1,"category_id":18,"score":0.5,"bbox":[0,0,1,1]},{"id":2,"image_id":1,"category_id":18,"score":0.75},{"id":3,"image_id":2,"category_id":1}]}"#,
    );
}

fn npy(descr: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(body);
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)], options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), options)
            .expect("an array begins");
        zip.write_all(bytes).expect("an array is written");
    }
    zip.finish().expect("the archive ends").into_inner()
}

fn arrays() {
    let text = |text: &str| -> Vec<u8> {
        let points = text.chars().map(u32::from).chain(std::iter::repeat(0));
        points.take(8).flat_map(u32::to_le_bytes).collect()
    };
    let info = ["a.jpg", "1", "b.jpg", "2"].map(text).concat();
    let ids = [1i64, 2].map(i64::to_le_bytes).concat();
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let packed = SimpleFileOptions::default();
    let tensor = [0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0u8];
    let wide: Vec<u8> = tensor
        .iter()
        .flat_map(|value| f64::from(*value).to_le_bytes())
        .collect();
    let tensors = [
        ("stored", "|u1", tensor.to_vec(), stored),
        ("packed", "<f8", wide, packed),
    ];
    for (name, descr, body, options) in tensors {
        let arrays = [
            ("tensor", npy(descr, "(2, 2, 3)", &body)),
            ("info", npy("<U8", "(2, 2)", &info)),
            ("ids", npy("<i8", "(2,)", &ids)),
        ];
        keep("votes_npz", name, npz(&arrays, options));
    }
    let f4: Vec<u8> = [0.5f32, -1.0, 3.25, 0.0, 1e9, 7.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let f8: Vec<u8> = [0.5f64, -1.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    let matrices = [
        ("f4", npy("<f4", "(2, 3)", &f4)),
        ("f8", npy(">f8", "(1, 2)", &f8)),
        ("f2", npy("<f2", "(2, 2)", &[0, 60, 0, 0, 1, 60, 0, 188])),
    ];
    for (name, bytes) in &matrices {
        let one = npz(&[("scores", bytes.clone())], stored);
        let two = npz(
            &[("scores", bytes.clone()), ("rest", bytes.clone())],
            packed,
        );
        for target in ["matrix", "features"] {
            keep(target, name, bytes);
            keep(target, &format!("{name}_stored"), &one);
            keep(target, &format!("{name}_packed"), &two);
        }
    }
    let mut parquet = Vec::new();
    write_scores_parquet(&scores(), &mut parquet).expect("scores");
    keep("features", "scores", parquet);
    keep("features", "lists", lists());
}

/// Two images with a list of two numbers each.
fn lists() -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, FloatType};
    let schema = "message m { required binary image (UTF8);
        required group features (LIST) { repeated group list { optional float element; } } }";
    let schema = parquet::schema::parser::parse_message_type(schema).expect("a schema");
    let mut bytes = Vec::new();
    let mut writer = parquet::file::writer::SerializedFileWriter::new(
        &mut bytes,
        schema.into(),
        Default::default(),
    )
    .expect("a header");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("the images");
    let images = [ByteArray::from("a.jpg"), ByteArray::from("b.jpg")];
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&images, None, None).expect("images");
    column.close().expect("an end");
    let mut column = group
        .next_column()
        .expect("a column")
        .expect("the features");
    let (numbers, defined, repeats) = ([0.5, -1.0, 2.0, 1e9], [2; 4], [0, 1, 0, 1]);
    let typed = column.typed::<FloatType>();
    let written = typed.write_batch(&numbers, Some(&defined), Some(&repeats));
    written.expect("numbers");
    column.close().expect("an end");
    group.close().expect("an end");
    writer.close().expect("an end");
    bytes
}

fn pictures() {
    let paint = |x: u32, y: u32| image::Rgba([x as u8 * 20, y as u8 * 20, 128, (x * 25) as u8]);
    let rgba = DynamicImage::from(image::RgbaImage::from_fn(10, 7, paint));
    let forms = [
        ("rgb", DynamicImage::from(rgba.to_rgb8())),
        ("rgba", rgba.clone()),
        ("grey", DynamicImage::from(rgba.to_luma8())),
        ("rgb16", DynamicImage::from(rgba.to_rgb16())),
    ];
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];
    for (name, picture) in &forms {
        for format in formats {
            let mut bytes = Cursor::new(Vec::new());
            // Not every format takes every form.
            if picture.write_to(&mut bytes, format).is_ok() {
                keep("picture", &format!("{name}.{format:?}"), bytes.get_ref());
            }
            if (format, *name) == (ImageFormat::Jpeg, "rgb") {
                for orientation in 0..=9u8 {
                    let exif = [
                        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0",
                        &[orientation][..],
                        b"\0\0\0\0\0\0",
                    ]
                    .concat();
                    let length = (exif.len() as u16 + 2).to_be_bytes();
                    let jpeg = bytes.get_ref();
                    let turned = [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat();
                    keep("picture", &format!("turned{orientation}.jpg"), turned);
                }
            }
        }
    }
}

fn texts() {
    keep(
        "classes",
        "full",
        "\u{feff}Gloss, name ,extra,INDEX,wnid\r\na fish,\"tench, Tinca tinca\",x,0,n01440764\r\n,\" crane\",,7,\r\n",
    );
    keep(
        "classes",
        "short",
        "index,name\n0,cat\n1,dog\n\n2,\"a \"\"truck\"\"\"\n",
    );
    keep(
        "hierarchy",
        "all",
        "child,parent,rank\na,x,0\nb,x,0\nx,y,0\nc,y,1\nd,y,0\ny,,0\n\n---\nnode,name\nx,pets\ny,things\n\n---\nnode,heading\nx,Pets\n",
    );
    keep(
        "hierarchy",
        "edges",
        "child,parent\na,x\nb,x\nc,x\nd,z\ne,z\nf,z\nx,top\nz,top\ng,top\nh,x\ni,z\nj,z\nj,x\ntop,\n",
    );
    keep(
        "public_key",
        "ed25519",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIChOLccTrDQZsJN7HiedTVaVphS3jAjComeSsdBpxAnZ a comment\n",
    );
    keep(
        "key_config",
        "keys",
        "[keys]\nyes = [\"j\", \"ctrl-y\"]\nzoom = [\"space\"]\n",
    );
    keep("terminal_answers", "kitty", b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22c\x1b[6;18;9t\x1bP>|kitty(0.40)\x1b\\\x1bP1+r524742=38\x1b\\\x1b[0n");
    keep("terminal_answers", "keys", b"yn\x1b[A\x1b_Gi=31;ENOTSUP\x1b\\\x1b[?62;22cm\x1bP0+r524742\x1b\\y\x1b[6;0;0t\r\xdfGi=7;OK\xdcyn");
}

fn main() {
    tables();
    label_studio();
    arrays();
    pictures();
    texts();
}
