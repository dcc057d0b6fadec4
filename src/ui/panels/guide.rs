//! The tour of the README, for users who have only the program.

use egui::{Label, RichText, ScrollArea, Ui};

use super::dialog::{Answer, close_ui, title_ui};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::scroll::beside_scroll_bar_ui;

/// The page that contains the tour.
const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
/// The heading above it.
const HEADING: &str = "## A five-minute tour";

/// Shows the tour.
pub(super) fn guide_ui(ui: &mut Ui) -> Answer {
    title_ui(ui, "A five-minute tour");
    let height = ui.ctx().content_rect().height() * 0.7;
    ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
        beside_scroll_bar_ui(ui, |ui| {
            ui.set_width(ui.available_width());
            for (number, (title, text)) in (1..).zip(steps(README)) {
                ui.spacing_mut().item_spacing.y = 3.0;
                ui.label(RichText::new(format!("{number}. {title}")).font(theme::bold(13.0)));
                ui.add(Label::new(RichText::new(text).size(12.5)).wrap());
                ui.add_space(7.0);
            }
            let more = "Pages on data, layers, training, health, exploring and the command line are in the \
                        folder docs of the source.";
            ui.add(Label::new(RichText::new(more).size(11.5).color(tokens(ui).dim)).wrap());
        });
    });
    close_ui(ui)
}

/// Title and text of each step of the tour.
fn steps(page: &str) -> Vec<(String, String)> {
    let tour = page.split_once(HEADING).map_or("", |(_, rest)| rest);
    let tour = tour.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<String> = Vec::new();
    for line in tour.lines() {
        let is_step = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        match steps.last_mut() {
            _ if is_step => steps.push(line.split_once(". ").map_or("", |(_, text)| text).to_owned()),
            // Paragraphs are indented like the steps that they belong to.
            Some(step) if line.starts_with(' ') => step.extend([" ", line.trim()]),
            Some(_) | None => {}
        }
    }
    let parted = |step: &String| {
        let (title, text) = step.split_once(".** ").unwrap_or(("", step));
        (plain(title), plain(text))
    };
    steps.iter().map(parted).collect()
}

/// Markdown without its markup: emphasis, code and the addresses of links.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, link)) = rest.split_once("](") {
        text.push_str(before);
        rest = link.split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.retain(|letter| !matches!(letter, '*' | '`' | '['));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_is_read_without_its_markdown() {
        let page = "# A\n## A five-minute tour\n\n1. **Train.** Press *Train* or **F5**.\n   `F5` again\n2. **See.** \
                    [Pages](docs/a.md) help.\n   Read them.\n\nCtrl+K.\n\n## More\n1. **No.** x\n";
        let step = |title: &str, text: &str| (title.to_owned(), text.to_owned());
        let expected = [step("Train", "Press Train or F5. F5 again"), step("See", "Pages help. Read them.")];
        assert_eq!(steps(page), expected);
        let tour = steps(README);
        assert_eq!(tour.len(), 10);
        for (title, text) in tour {
            assert!(!title.is_empty() && title.len() < 30 && text.len() > 50, "{title}: {text}");
            assert!(!text.contains(['*', '`', '[', ']']) && !text.contains(".md"), "{text}");
        }
    }
}
