use super::chart::Room;
use super::table::thousands;
use crate::consensus::quality::ScoreQuality;

/// Mean score against share true, bin by bin: alike where scores mean what they say.
pub fn reliability_table(quality: &ScoreQuality, room: Room) -> String {
    let bins = quality.reliability.iter().map(|bin| {
        let interval = bin.interval.map_or_else(String::new, |interval| {
            format!("{:.3}–{:.3}", interval.low, interval.high)
        });
        vec![
            format!("{:.1}–{:.1}", bin.from, bin.to),
            thousands(bin.questions),
            format!("{:.3}", bin.mean_score),
            format!("{:.3}", bin.share_true),
            interval,
        ]
    });
    let header = [
        "score",
        "questions",
        "mean score",
        "share true",
        "95 % interval",
    ];
    let shares = quality.reliability.iter().map(|bin| Some(bin.share_true));
    let shares: Vec<_> = shares.collect();
    room.table(&header, &[1, 2, 3, 4], bins.collect(), &shares)
}
