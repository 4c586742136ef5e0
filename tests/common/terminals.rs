//! Terminals by their answers to what the review screen asks of them, as far as each answers at all.

/// Name; kitty's graphics query; primary attributes; cell; version; capabilities.
type Known = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const OK: &str = "\x1b_Gi=31;OK\x1b\\";

/// The letters of many of them are keys of the review screen.
const KNOWN: &[Known] = &[
    (
        "xterm",
        "",
        "\x1b[?64;1;2;4;6;9;15;16;17;18;21;22;28c",
        "\x1b[6;13;6t",
        "\x1bP>|XTerm(390)\x1b\\",
        "\x1bP0+r\x1b\\",
    ),
    (
        "kitty",
        OK,
        "\x1b[?62;52;c",
        "\x1b[6;20;10t",
        "\x1bP>|kitty(0.36.4)\x1b\\",
        "\x1bP1+r524742=38;5463\x1b\\",
    ),
    (
        "ghostty",
        OK,
        "\x1b[?62;22c",
        "\x1b[6;42;20t",
        "\x1bP>|ghostty 1.1.3\x1b\\",
        "\x1bP1+r524742=38\x1b\\",
    ),
    (
        "foot",
        "",
        "\x1b[?62;4;22;28;29c",
        "\x1b[6;20;10t",
        "\x1bP>|foot(1.16.2)\x1b\\",
        "\x1bP1+r524742=382F382F38\x1b\\\x1bP1+r5463\x1b\\",
    ),
    (
        "mintty",
        "",
        "\x1b[?64;1;2;4;6;9;15;21;22;28;29c",
        "\x1b[6;16;8t",
        "\x1bP>|mintty 3.7.0\x1b\\",
        "\x1bP0+r524742\x1b\\",
    ),
    (
        "Konsole",
        OK,
        "\x1b[?62;1;4c",
        "\x1b[6;18;8t",
        "\x1bP>|Konsole 23.08.5\x1b\\",
        "",
    ),
    (
        "GNOME Terminal",
        "",
        "\x1b[?65;1;9c",
        "",
        "\x1bP>|VTE(7600)\x1b\\",
        "\x1bP0+r\x1b\\",
    ),
    ("Alacritty", "", "\x1b[?6c", "", "", ""),
    (
        "WezTerm",
        OK,
        "\x1b[?65;4;6;18;22;52c",
        "\x1b[6;20;9t",
        "\x1bP>|WezTerm 20240203-110809-5046fc22\x1b\\",
        "\x1bP1+r524742=382f382f38\x1b\\",
    ),
    (
        "iTerm2",
        "",
        "\x1b[?64;1;2;4;6;17;18;21;22;52c",
        "\x1b[6;17;8t",
        "\x1bP>|iTerm2 3.5.10\x1b\\",
        "\x1bP1+r524742=38\x1b\\",
    ),
    (
        "Windows Terminal",
        "",
        "\x1b[?61;4;6;7;14;21;22;23;24;28;32;42;52c",
        "\x1b[6;20;10t",
        "",
        "\x1bP0+r\x1b\\",
    ),
    (
        "mlterm",
        "",
        "\x1b[?63;1;2;3;4;6;7;15;18;22;29c",
        "\x1b[6;17;8t",
        "\x1bP>|mlterm(3.9.3)\x1b\\",
        "",
    ),
    ("st", "", "\x1b[?6c", "", "", ""),
    ("rxvt-unicode", "", "\x1b[?1;2c", "", "", ""),
    ("tmux", "", "\x1b[?1;2;4c", "", "\x1bP>|tmux 3.4\x1b\\", ""),
    ("GNU screen", "", "\x1b[?1;2c", "", "", ""),
    ("Terminal.app", "", "\x1b[?1;2c", "", "", ""),
    (
        "Contour",
        "",
        "\x1b[?65;1;3;4;6;8;22;28;52;314c",
        "\x1b[6;18;9t",
        "\x1bP>|contour 0.6.1.7494\x1b\\",
        "\x1bP1+r524742=38\x1b\\",
    ),
    (
        "Rio",
        "",
        "\x1b[?62;4;6;22c",
        "\x1b[6;18;9t",
        "\x1bP>|Rio 0.2.20\x1b\\",
        "\x1bP0+r524742\x1b\\",
    ),
];

/// The end of all answers, which every terminal sends.
pub const READY: &str = "\x1b[0n";

/// Each terminal's name and its single answers, in the order in which it gives them.
pub fn terminals() -> Vec<(&'static str, Vec<&'static str>)> {
    let answers = |known: &Known| {
        let answers = [known.1, known.2, known.3, known.4, known.5, READY];
        let given = answers.into_iter().filter(|answer| !answer.is_empty());
        (known.0, given.collect())
    };
    KNOWN.iter().map(answers).collect()
}

/// What terminals say besides: unasked, or because another program asked.
pub const REPORTS: &[&str] = &[
    "\x1b_Gi=5;ENOENT:Put command refers to no image any more\x1b\\",
    "\x1b_Gi=4294967295,p=1;OK\x1b\\",
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
    "\x1b]10;rgb:ffff/ffff/ffff\x07",
    "\x1b]4;1;rgb:cccc/0000/0000\x1b\\",
    "\x1b]52;c;bXkgbm90ZXM=\x1b\\",
    "\x1b]lmy Übung, nanny ÿ\x1b\\",
    "\x1bP1$r0;1m\x1b\\",
    "\x1bP!|464F4F54\x1b\\",
    "\x1b^any\x1b\\",
    "\x1bXmany names\x1b\\",
    "\u{90}>|mintty\u{9c}",
    "\x1b[>41;390;0c",
    "\x1b[=0;1c",
    "\x1b[?2026;2$y",
    "\x1b[4;2$y",
    "\x1b[12;40R",
    "\x1b[?0u",
    "\x1b[?997;1n",
    "\x1b[48;30;100;600;1000t",
    "\x1b[I",
    "\x1b[O",
    "\x1b[<0;12;7M",
    "\x1b[32;110;121M",
    "\x1b[M yn",
];
