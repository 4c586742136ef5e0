//! Label Studio, there and back: whole commands, as a user sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use insta::assert_snapshot;

const CLASSES: &str = "index,name\n0,\"cat, tabby\"\n1,dog\n2,truck\n3,crane\n4,crane\n";

fn fresh() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.run(&["init", "--classes", "classes.csv"]);
    project
}

/// What Label Studio writes for `<Choices name="animal" toName="image" choice="multiple">`.
const EXPORTED: &str = r#"[
  {"id": 1, "data": {"image": "/data/upload/1/0a1b2c3d-a.jpg"}, "annotations": [
    {"id": 7, "completed_by": 3, "was_cancelled": false, "ground_truth": false, "lead_time": 4.5,
     "created_at": "2026-03-09T22:16:08.728353Z", "updated_at": "2026-03-09T22:16:08.728378Z", "result": [
      {"id": "x1", "from_name": "animal", "to_name": "image", "type": "choices", "value": {"choices": ["tabby", "dog"]}},
      {"id": "x2", "from_name": "box", "to_name": "image", "type": "rectanglelabels", "value": {"x": 1, "y": 2, "width": 3, "height": 4, "rectanglelabels": ["Moon"]}}]},
    {"id": 8, "completed_by": {"id": 4, "email": "bob@example.org"}, "was_cancelled": false, "ground_truth": false, "lead_time": 1.25, "result": [
      {"id": "x3", "from_name": "animal", "to_name": "image", "type": "choices", "value": {"choices": ["truck"]}}]},
    {"id": 9, "completed_by": 5, "was_cancelled": true, "result": []},
    {"id": 10, "completed_by": 3, "ground_truth": true, "result": [
      {"id": "x4", "from_name": "animal", "to_name": "image", "type": "choices", "value": {"choices": ["cat"]}}]}],
   "predictions": [{"model_version": "one", "score": 0.75, "result": [
      {"id": "p1", "from_name": "animal", "to_name": "image", "type": "choices", "value": {"choices": ["dog"]}}]}]},
  {"id": 2, "data": {"image": "https://example.org/photos/b%20b.jpg?x=1"}, "annotations": [
    {"id": 11, "completed_by": 3, "result": []}], "predictions": []}
]"#;

#[test]
fn choices_are_yes_and_what_else_was_asked_is_no() {
    let project = fresh();
    project.write("ls.json", EXPORTED);
    project.write(
        "asked.csv",
        "image,label,rater,answer\nb b.jpg,dog,ann,yes\n",
    );
    project.run(&["import", "votes", "asked.csv"]);
    assert_snapshot!(project.transcript(&["import", "votes", "ls.json"]), @r#"
    stderr: 1 cancelled annotation left out
    stderr: ls.json: 10 votes of 3 raters imported, 0 known already; 1 new image, known by name only
    "#);
    assert_snapshot!(project.run(&["export", "--as", "votes-csv"]), @r#"
    image,label,rater,round,answer,at
    a.jpg,0,bob@example.org,main,no,
    a.jpg,0,user 3,main,yes,2026-03-09T22:16:08.728Z
    a.jpg,0,user 3 (ground truth),main,yes,
    a.jpg,1,bob@example.org,main,no,
    a.jpg,1,user 3,main,yes,2026-03-09T22:16:08.728Z
    a.jpg,1,user 3 (ground truth),main,no,
    a.jpg,2,bob@example.org,main,yes,
    a.jpg,2,user 3,main,no,2026-03-09T22:16:08.728Z
    a.jpg,2,user 3 (ground truth),main,no,
    b b.jpg,1,ann,main,yes,
    b b.jpg,1,user 3,main,no,
    "#);
    assert_snapshot!(project.sql("SELECT name, role FROM rater"), @r#"
    ann|rater
    user 3|rater
    bob@example.org|rater
    user 3 (ground truth)|expert
    "#);
    assert_snapshot!(project.sql("SELECT rater.name, sum(spent) FROM vote JOIN rater ON rater.id = rater GROUP BY 1"), @r#"
    ann|
    bob@example.org|1248
    user 3|4500
    user 3 (ground truth)|
    "#);
    assert_snapshot!(project.transcript(&["import", "votes", "ls.json"]), @r#"
    stderr: 1 cancelled annotation left out
    stderr: ls.json: nothing changes: 10 votes known already
    "#);
    assert_snapshot!(project.transcript(&["import", "proposals", "ls.json"]), @r#"
    stderr: ls.json: 1 proposal of 1 source imported, 0 known already
    stderr: next: `relabel plan`
    "#);
    assert_eq!(
        project.sql("SELECT name, class, score FROM proposal JOIN source ON source.id = source"),
        "one|1|0.75\n"
    );
}

#[test]
fn what_was_not_chosen_can_be_left_open() {
    let project = fresh();
    project.write("ls.json", EXPORTED);
    project.run(&["import", "votes", "ls.json", "--not-chosen", "nothing"]);
    assert_snapshot!(project.run(&["export", "--as", "votes-csv"]), @r#"
    image,label,rater,round,answer,at
    a.jpg,0,user 3,main,yes,2026-03-09T22:16:08.728Z
    a.jpg,0,user 3 (ground truth),main,yes,
    a.jpg,1,user 3,main,yes,2026-03-09T22:16:08.728Z
    a.jpg,2,bob@example.org,main,yes,
    "#);
}

#[test]
fn votes_roles_rounds_times_and_proposals_come_back_from_an_own_export() {
    let project = fresh();
    project.write(
        "votes.csv",
        "image,label,rater,answer,round,at\n\
         a.jpg,cat,ann,yes,main,2026-11-02T09:30:00Z\n\
         a.jpg,dog,ann,maybe,main,2026-11-02T09:30:01.5Z\n\
         a.jpg,truck,ann,no,main,\n\
         a.jpg,3,ann,yes,retest,\n\
         a.jpg,cat,bob,no,main,\n\
         \"=x, \"\"y\"\".jpg\",4,bob,yes,main,\n",
    );
    project.write("gold.csv", "image,label,rater,answer\na.jpg,cat,eva,yes\n");
    project.write(
        "proposals.csv",
        "image,label,source,score\na.jpg,cat,one,0.5\na.jpg,dog,one,\nc.jpg,3,two,-1.25\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    project.run(&["import", "proposals", "proposals.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    let export = [
        "export",
        "--as",
        "label-studio",
        "--image-prefix",
        "/data/local-files/?d=photos/",
        "-o",
        "ls.json",
    ];
    project.run(&export);

    let other = fresh();
    other.write("ls.json", std::fs::read(project.path("ls.json")).unwrap());
    assert_snapshot!(other.transcript(&["import", "votes", "ls.json"]), @r#"stderr: ls.json: 7 votes of 3 raters imported, 0 known already; 2 new images, known by name only"#);
    assert_snapshot!(other.transcript(&["import", "proposals", "ls.json"]), @r#"
    stderr: ls.json: 3 proposals of 2 sources imported, 0 known already; 1 new image, known by name only
    stderr: next: `relabel plan`
    "#);
    for (table, query) in [
        ("raters", "SELECT name, role FROM rater ORDER BY name"),
        (
            "proposals",
            "SELECT image.name, class, source.name, score FROM proposal JOIN image ON image.id = image JOIN source ON source.id = source ORDER BY 1, 2, 3",
        ),
    ] {
        assert_eq!(other.sql(query), project.sql(query), "{table}");
    }
    let votes = ["export", "--as", "votes-csv"];
    assert_eq!(other.run(&votes), project.run(&votes));
}

#[test]
fn one_task_as_it_is_written() {
    let project = fresh();
    project.write(
        "votes.csv",
        "image,label,rater,answer,at\na.jpg,cat,ann,yes,2026-11-02T09:30:00Z\na.jpg,4,ann,maybe,\n",
    );
    project.write(
        "proposals.csv",
        "image,label,source,score\na.jpg,cat,one,0.5\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["import", "proposals", "proposals.csv"]);
    let text = project.run(&["export", "--as", "label-studio"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    [
      {
        "annotations": [
          {
            "completed_by": {
              "email": "ann"
            },
            "created_at": "2026-11-02T09:30:00Z",
            "ground_truth": false,
            "result": [
              {
                "from_name": "yes",
                "id": "yes",
                "meta": {
                  "at": [
                    "2026-11-02T09:30:00Z"
                  ]
                },
                "to_name": "image",
                "type": "choices",
                "value": {
                  "choices": [
                    "cat, tabby"
                  ]
                }
              },
              {
                "from_name": "maybe",
                "id": "maybe",
                "meta": {
                  "at": [
                    null
                  ]
                },
                "to_name": "image",
                "type": "choices",
                "value": {
                  "choices": [
                    "4"
                  ]
                }
              }
            ],
            "role": "rater",
            "round": "main",
            "updated_at": "2026-11-02T09:30:00Z",
            "was_cancelled": false
          }
        ],
        "data": {
          "image": "a.jpg",
          "image_name": "a.jpg",
          "labels": [
            {
              "value": "cat, tabby"
            },
            {
              "value": "4"
            }
          ]
        },
        "id": 1,
        "predictions": [
          {
            "model_version": "one",
            "result": [
              {
                "from_name": "yes",
                "id": "yes",
                "meta": {
                  "scores": [
                    0.5
                  ]
                },
                "to_name": "image",
                "type": "choices",
                "value": {
                  "choices": [
                    "cat, tabby"
                  ]
                }
              }
            ],
            "score": 0.5
          }
        ]
      }
    ]
    "#);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let project = fresh();
    let annotation =
        |inner: &str| format!(r#"[{{"data": {{"image": "a.jpg"}}, "annotations": [{inner}]}}]"#);
    let choices = |labels: &str| {
        format!(
            r#"{{"completed_by": 1, "result": [{{"type": "choices", "from_name": "c", "value": {{"choices": {labels}}}}}]}}"#
        )
    };
    let cases = [
        r#"{"images": []}"#.to_owned(),
        r#"[{"data": {"image": "a.jpg"}"#.to_owned(),
        r#"[{"id": 1, "image": "a.jpg", "choice": "cat"}]"#.to_owned(),
        r#"[{"data": {"img": "a.jpg"}}]"#.to_owned(),
        annotation(r#"{"result": []}"#),
        annotation(r#"{"completed_by": 1}"#),
        annotation(&choices("7")),
        annotation(&choices(r#"["dgo"]"#)),
        annotation(&format!(
            "{}, {}",
            choices(r#"["dog"]"#),
            choices(r#"["dog"]"#)
        )),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|case| {
            project.write("ls.json", case);
            project.transcript(&["import", "votes", "ls.json"])
        })
        .collect();
    assert_snapshot!(said.join("\n"), @r#"
    stderr: error: cannot import ls.json: invalid type: map, expected a list at line 1 column 1
    stderr: hint: Label Studio's JSON is a list of tasks; an object a line is .jsonl
    exit 3

    stderr: error: cannot import ls.json: EOF while parsing an object at line 1 column 28
    stderr: hint: nothing was imported
    exit 3

    stderr: error: cannot import ls.json: [0]: there is no "data"; it has: choice, id, image
    stderr: hint: export from Label Studio as JSON, not as JSON-MIN
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].data: there is no "image"; it has: img
    stderr: hint: say which key holds the image with --image-key KEY
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].annotations[0]: there is no "completed_by"; it has: result
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].annotations[0]: there is no "result"; it has: completed_by
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].annotations[0].result[0].value.choices: expected a list, found a number
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].annotations[0]: unknown class "dgo"
    stderr: hint: classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3

    stderr: error: cannot import ls.json: [0].annotations[1]: a second vote of "user 1" on image "a.jpg", class "dog" in the same round
    stderr: hint: nothing was imported; fix it, or leave out what is bad with --skip-bad
    exit 3
    "#);
    assert_eq!(project.sql("SELECT count(*) FROM image"), "0\n");
    project.write(
        "ls.json",
        annotation(&choices(r#"["dgo", "cat", "crane"]"#)),
    );
    assert_snapshot!(project.transcript(&["import", "votes", "ls.json", "--skip-bad"]), @r#"
    stderr: left out 2:
    stderr:   [0].annotations[0]: unknown class "dgo"
    stderr:   [0].annotations[0]: class name "crane" is ambiguous: 3 (crane) or 4 (crane)
    stderr: ls.json: 1 vote of 1 rater imported, 0 known already; 1 new image, known by name only
    "#);
}
