//! Questions to the terminal, and what its answers come to. Nothing is read or written here.

use std::time::{Duration, Instant};

use super::PictureMode;
use super::terminal::{Detected, Environment, TerminalPictures, chosen, is_tmux};
use crate::review::input::Answer;

/// The sum of a terminal's answers about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// It knows kitty's graphics protocol.
    pub kitty: bool,
    /// Its primary device attributes name sixel.
    pub sixel: bool,
    /// Width and height of a cell in pixels.
    pub cell: Option<(u16, u16)>,
    /// Its name and version (XTVERSION).
    pub version: Option<String>,
    /// It has 16.7 million colours (XTGETTCAP).
    pub full_color: bool,
}

impl Answers {
    /// Adds an answer; true where it says something about the terminal.
    pub fn add(&mut self, answer: &Answer) -> bool {
        match answer {
            Answer::Picture { number, ok } if *number == QUERY => self.kitty |= ok,
            Answer::Attributes { sixel } => self.sixel |= sixel,
            Answer::Cell(width, height) => self.cell = Some((*width, *height)),
            Answer::Version(version) => self.version = Some(version.clone()),
            Answer::Capabilities { known } => self.full_color |= known,
            Answer::Picture { .. } | Answer::Ready | Answer::Other => return false,
        }
        true
    }
}

/// Bytes that ask a terminal something; the last of them ask for [`Answer::Ready`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Everything.
    Terminal,
    /// Questions without strings: a multiplexer (tmux, screen) would take them for titles, others print them.
    Attributes,
    /// The terminal around tmux, if tmux passes questions on.
    BehindTmux,
    /// Nothing but the end of all answers before.
    Ready,
}

/// The number of kitty's query.
pub const QUERY: u32 = 31;
/// A picture of a pixel, which is not kept.
const KITTY: &str = "_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA";
/// Primary device attributes; the cell's measures; name and version.
const ATTRIBUTES: &str = "\x1b[c\x1b[16t\x1b[>q";
/// The capabilities `RGB` and `Tc`, in hexadecimal digits.
const COLORS: &str = "\x1bP+q524742;5463\x1b\\";
/// The question that every terminal answers.
const STATUS: &str = "\x1b[5n";

impl Question {
    /// The bytes.
    pub fn text(self) -> String {
        match self {
            Question::Terminal => format!("\x1b{KITTY}\x1b\\{ATTRIBUTES}{COLORS}{STATUS}"),
            Question::Attributes => format!("{ATTRIBUTES}{STATUS}"),
            Question::BehindTmux => {
                format!("\x1bPtmux;\x1b\x1b{KITTY}\x1b\x1b\\\x1b\x1b[5n\x1b\\")
            }
            Question::Ready => STATUS.to_owned(),
        }
    }
}

/// Pictures wait for the terminal's answers for no longer than this.
pub const PATIENCE: Duration = Duration::from_millis(250);
/// A terminal that has not answered by then is not expected to.
const LATEST: Duration = Duration::from_secs(5);
/// The same for a terminal around tmux: most tmux pass no question on.
const LATEST_BEHIND_TMUX: Duration = Duration::from_millis(1500);

/// Questions to a terminal, its answers, and their consequences for pictures. Answers count whenever they come.
#[derive(Debug)]
pub struct Inquiry {
    environment: Environment,
    forced: Option<PictureMode>,
    /// Why nothing is asked, where that is so.
    not_asked: Option<&'static str>,
    interactive: bool,
    answers: Answers,
    has_answered: bool,
    began: Instant,
    round_trip: Option<Duration>,
    /// Questions whose end has not come, and until when it may come.
    unanswered: usize,
    latest: Instant,
    /// tmux was asked, or is not to be asked.
    asked_tmux: bool,
    /// Time to report the findings.
    due: Option<Instant>,
    told: Option<TerminalPictures>,
}

impl Inquiry {
    /// An inquiry in which nothing was asked yet.
    pub fn new(
        environment: Environment,
        interactive: bool,
        forced: Option<PictureMode>,
        now: Instant,
    ) -> Inquiry {
        let not_asked = if !interactive {
            Some("not asked: input or output is no terminal")
        } else if environment.is_dumb() {
            Some("not asked: TERM says that it is dumb")
        } else if forced == Some(PictureMode::None) {
            Some("not asked: the answer would change nothing")
        } else {
            None
        };
        Inquiry {
            environment,
            forced,
            not_asked,
            interactive,
            answers: Answers::default(),
            has_answered: false,
            began: now,
            round_trip: None,
            unanswered: 0,
            latest: now,
            asked_tmux: false,
            due: None,
            told: None,
        }
    }

    /// The first question, if the terminal is to be asked at all.
    pub fn begin(&mut self, now: Instant) -> Option<Question> {
        if self.not_asked.is_some() {
            self.due = Some(now);
            return None;
        }
        self.began = now;
        self.due = Some(now + PATIENCE);
        let needs_care = self.environment.may_be_multiplexer() || self.environment.is_simple();
        let question = match needs_care {
            true => Question::Attributes,
            false => Question::Terminal,
        };
        Some(self.ask(question, now))
    }

    fn ask(&mut self, question: Question, now: Instant) -> Question {
        self.unanswered += 1;
        self.latest = now
            + match question {
                Question::BehindTmux => LATEST_BEHIND_TMUX,
                _ => LATEST,
            };
        question
    }

    /// Asks for nothing but the end of all answers from now on.
    pub fn close(&mut self, now: Instant) -> Question {
        self.asked_tmux = true;
        self.ask(Question::Ready, now)
    }

    /// Takes an answer; the question that follows from it.
    pub fn take(&mut self, answer: &Answer, now: Instant) -> Option<Question> {
        if self.answers.add(answer) {
            self.has_answered = true;
            if self.told.is_some() {
                self.due = Some(now + PATIENCE);
            }
        }
        if *answer != Answer::Ready {
            return None;
        }
        self.has_answered = true;
        self.round_trip
            .get_or_insert(now.saturating_duration_since(self.began));
        self.unanswered = self.unanswered.saturating_sub(1);
        let asks_tmux = !self.asked_tmux
            && self.not_asked.is_none()
            && (self.environment.may_be_multiplexer() || self.environment.is_simple())
            && is_tmux(&self.environment, &self.answers);
        if asks_tmux {
            self.asked_tmux = true;
            return Some(self.ask(Question::BehindTmux, now));
        }
        if self.unanswered == 0 && self.due.is_some() {
            self.due = Some(now);
        }
        None
    }

    /// Until when the terminal may still answer; none once it owes nothing.
    pub fn answers_until(&self) -> Option<Instant> {
        (self.unanswered > 0).then_some(self.latest)
    }

    /// When [`Inquiry::news`] may have something to tell.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns the findings if it is time to report them and they differ from the last report.
    pub fn news(&mut self, now: Instant) -> Option<Detected> {
        self.due.take_if(|due| *due <= now)?;
        let found = self.found();
        let is_new = self.told != Some(found.pictures);
        self.told = Some(found.pictures);
        is_new.then_some(found)
    }

    /// Returns the findings so far.
    pub fn found(&self) -> Detected {
        let asked = self.not_asked.unwrap_or(match self.has_answered {
            true => "asked, and it answered",
            false => "asked, and it said nothing in time",
        });
        Detected {
            asked,
            round_trip: self.round_trip,
            ..chosen(
                self.forced,
                &self.environment,
                &self.answers,
                self.interactive,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    /// An inquiry of a terminal with these variables, begun; the clock starts at its beginning.
    fn begun(variables: &[(&str, &str)], forced: Option<PictureMode>) -> (Inquiry, Instant) {
        let environment = Environment::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let now = Instant::now() + START;
        let mut inquiry = Inquiry::new(environment, true, forced, now);
        inquiry.begin(now);
        (inquiry, now)
    }

    fn told(inquiry: &mut Inquiry, now: Instant) -> Option<PictureMode> {
        inquiry.news(now).map(|found| found.pictures.mode)
    }

    const XTERM: &[(&str, &str)] = &[("TERM", "xterm-256color")];
    const KITTY: Answer = Answer::Picture {
        number: QUERY,
        ok: true,
    };

    #[test]
    fn a_terminal_that_answers_in_time_is_told_of_once() {
        let (mut inquiry, now) = begun(XTERM, None);
        assert_eq!(told(&mut inquiry, now), None);
        assert!(inquiry.answers_until().is_some());
        for answer in [KITTY, Answer::Cell(9, 18), Answer::Ready] {
            assert_eq!(inquiry.take(&answer, now), None);
        }
        assert_eq!(inquiry.answers_until(), None);
        let found = inquiry.news(now).unwrap();
        assert_eq!(found.pictures.mode, PictureMode::Kitty);
        assert_eq!(found.pictures.cell, (9, 18));
        assert_eq!(found.asked, "asked, and it answered");
        assert_eq!(told(&mut inquiry, now + START), None);
    }

    #[test]
    fn a_terminal_that_answers_late_is_told_of_again() {
        let (mut inquiry, now) = begun(XTERM, None);
        let late = now + PATIENCE;
        assert_eq!(told(&mut inquiry, late), Some(PictureMode::Quadrant));
        // All of a late answer counts at once, when its end is there or nothing more comes for a while.
        let later = late + Duration::from_secs(3);
        inquiry.take(&Answer::Attributes { sixel: true }, later);
        assert_eq!(told(&mut inquiry, later), None);
        inquiry.take(&Answer::Version("mintty 3.7.0".to_owned()), later);
        inquiry.take(&Answer::Ready, later);
        assert_eq!(told(&mut inquiry, later), Some(PictureMode::Iterm2));

        let (mut inquiry, now) = begun(XTERM, None);
        assert!(told(&mut inquiry, now + PATIENCE).is_some());
        inquiry.take(&KITTY, later);
        assert_eq!(told(&mut inquiry, later), None);
        let mode = told(&mut inquiry, later + PATIENCE);
        assert_eq!(mode, Some(PictureMode::Kitty));
        // The same once more is no news, nor is what says nothing about pictures.
        inquiry.take(&KITTY, later);
        inquiry.take(&Answer::Other, later);
        assert_eq!(told(&mut inquiry, later + START), None);
    }

    #[test]
    fn a_silent_terminal_is_expected_to_answer_for_a_while() {
        let (inquiry, now) = begun(XTERM, None);
        assert_eq!(inquiry.answers_until(), Some(now + LATEST));
        assert_eq!(inquiry.found().asked, "asked, and it said nothing in time");
    }

    #[test]
    fn the_terminal_around_tmux_is_asked_after_tmux() {
        let (mut inquiry, now) = begun(&[("TERM", "tmux-256color")], None);
        let next = inquiry.take(&Answer::Ready, now);
        assert_eq!(next, Some(Question::BehindTmux));
        let until = inquiry.answers_until();
        assert_eq!(until, Some(now + LATEST_BEHIND_TMUX));
        inquiry.take(&KITTY, now);
        assert_eq!(told(&mut inquiry, now), None);
        assert_eq!(inquiry.take(&Answer::Ready, now), None);
        assert_eq!(told(&mut inquiry, now), Some(PictureMode::Kitty));
        // Another multiplexer is not asked, nor is tmux at the end.
        let (mut screen, now) = begun(&[("TERM", "screen")], None);
        assert_eq!(screen.take(&Answer::Ready, now), None);
        let (mut tmux, now) = begun(&[("TERM", "tmux-256color")], None);
        tmux.close(now);
        assert_eq!(tmux.take(&Answer::Ready, now), None);
        assert!(tmux.answers_until().is_some());
        assert_eq!(tmux.take(&Answer::Ready, now), None);
        assert_eq!(tmux.answers_until(), None);
    }

    #[test]
    fn nothing_is_asked_where_the_answer_changes_nothing() {
        for (variables, forced) in [(XTERM, Some(PictureMode::None)), (&[][..], None)] {
            let (mut inquiry, now) = begun(variables, forced);
            assert_eq!(inquiry.begin(now), None);
            assert_eq!(inquiry.answers_until(), None);
            assert_eq!(told(&mut inquiry, now), Some(PictureMode::None));
        }
    }

    #[test]
    fn refusals_say_nothing_good() {
        let mut answers = Answers::default();
        let (number, ok) = (QUERY, false);
        answers.add(&Answer::Picture { number, ok });
        answers.add(&Answer::Capabilities { known: false });
        answers.add(&Answer::Attributes { sixel: false });
        assert_eq!(answers, Answers::default());
        let (number, ok) = (7, true);
        assert!(!answers.add(&Answer::Picture { number, ok }));
        assert!(!answers.kitty);
    }
}
