//! docs/team.md does what it says: every command in it is run, in order.

mod common;

use common::Project;
use common::page::Page;

#[test]
fn every_command_of_the_page_runs() {
    let project = Project::of_drawings();
    let page = Page::read("team.md", 7);
    let said = page.run(&project, "n", |_| false);
    for line in [
        " main   alice  rater",
        " gold   erin   expert",
        " retests             2 %",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}
