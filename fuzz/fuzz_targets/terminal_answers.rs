#![no_main]

use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use relabel::review::input::{Input, Parser};

/// Nothing comes until then.
fn pause(parser: &mut Parser, now: &mut Instant, time: Duration) -> Vec<Input> {
    let end = *now + time;
    let mut inputs = Vec::new();
    while let Some(deadline) = parser.deadline().filter(|deadline| *deadline <= end) {
        *now = deadline.max(*now);
        inputs.extend(parser.pass_time(*now));
    }
    *now = end;
    inputs
}

/// Votes of the review screen, or what leads to one.
fn votes(inputs: &[Input]) -> usize {
    let is_vote = |input: &&Input| match input {
        Input::Key(key) => matches!(key.code, KeyCode::Char(_) | KeyCode::Enter),
        Input::Paste(_) | Input::Answer(_) => false,
    };
    inputs.iter().filter(is_vote).count()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut now = Instant::now();
    let mut parser = Parser::new(now);

    // Any bytes; 0xff, which is no character's, stands for pauses up to 6 s.
    let mut pauses = 1;
    for byte in bytes {
        if *byte == 0xff {
            pauses = pauses * 7 % 61;
            pause(&mut parser, &mut now, Duration::from_millis(pauses * 100));
        } else {
            let inputs = parser.take(&[*byte], now);
            for input in &inputs {
                if let Input::Paste(text) = input {
                    assert!(text.len() <= 4 * 64 * 1024, "a paste is bounded");
                }
            }
            assert!(inputs.len() <= 3, "a byte ends few units: {inputs:?}");
        }
    }

    // Whatever that was, a key counts once after a minute.
    pause(&mut parser, &mut now, Duration::from_secs(60));
    let mut inputs = parser.take(b"y", now);
    inputs.extend(pause(&mut parser, &mut now, Duration::from_secs(60)));
    assert_eq!(votes(&inputs), 1, "{inputs:?}");

    // The same bytes as the content of a string, but for what ends one, are no keys.
    let content: Vec<u8> = bytes
        .iter()
        .map(|byte| byte & 0x7f)
        .filter(|byte| !matches!(byte, 0x03 | 0x07 | 0x18 | 0x1a | 0x1b))
        .collect();
    for kind in *b"PX]^_" {
        let mut inputs = parser.take(&[0x1b, kind], now);
        for part in content.chunks(3) {
            inputs.extend(parser.take(part, now));
            inputs.extend(pause(&mut parser, &mut now, Duration::from_millis(1)));
        }
        inputs.extend(parser.take(b"\x1b\\", now));
        // More than 20 s in parts of 3 bytes are given up.
        if content.len() < 50_000 {
            assert_eq!(votes(&inputs), 0, "{inputs:?}");
            assert!(matches!(inputs.as_slice(), [Input::Answer(_)]));
        }
        pause(&mut parser, &mut now, Duration::from_secs(60));
    }
});
