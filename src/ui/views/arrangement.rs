//! The arrangement of the views: a serialisable form of the tiles, saved between sessions.

use egui::Id;
use egui_tiles::{Container, Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::registry::ENTRIES;
use super::view::Entry;
use crate::ui::state::{DATA_VIEW, EXPLORE_VIEW};

/// Fractions of the height above and below, initially and once Explore is shown.
const FIRST: [f32; 2] = [1.15, 1.0];
const EXPLORING: [f32; 2] = [0.6, 1.55];

/// A view in the central area. Serialised by name like an enum variant, as in earlier versions.
#[derive(Clone, Copy, Debug)]
pub struct Pane(&'static Entry);

impl Pane {
    /// The view with this name.
    pub fn named(name: &str) -> Option<Pane> {
        ENTRIES.iter().find(|entry| entry.name == name).map(|entry| Pane(entry))
    }

    /// Every view.
    fn all() -> impl Iterator<Item = Pane> {
        ENTRIES.iter().map(|entry| Pane(entry))
    }

    /// Its registry entry.
    pub fn entry(self) -> &'static Entry {
        self.0
    }
}

impl PartialEq for Pane {
    fn eq(&self, other: &Pane) -> bool {
        self.0.name == other.0.name
    }
}

impl Serialize for Pane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Pane", 0, self.0.name)
    }
}

impl<'de> Deserialize<'de> for Pane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pane, D::Error> {
        struct Name;
        impl de::Visitor<'_> for Name {
            type Value = Pane;

            fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
                to.write_str("the name of a view")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Pane, E> {
                Pane::named(name).ok_or_else(|| E::custom(format!("there is no view {name}")))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// A part of the central area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Arrangement {
    /// A view.
    View(Pane),
    /// Tabs: one of these views at a time.
    Tabs {
        /// Index of the visible one.
        active: usize,
        /// All of them, from left to right.
        children: Vec<Arrangement>,
    },
    /// Side by side, each with a fraction of the width.
    Row(Vec<(f32, Arrangement)>),
    /// Stacked vertically, each with a fraction of the height.
    Column(Vec<(f32, Arrangement)>),
}

impl Default for Arrangement {
    /// Loss next to the latent space, with reconstructions and the other views as tabs below.
    fn default() -> Self {
        let tabs = |names: &[&str]| {
            let panes = names.iter().filter_map(|name| Pane::named(name));
            Arrangement::Tabs { active: 0, children: panes.map(Arrangement::View).collect() }
        };
        let above = Arrangement::Row(vec![(1.0, tabs(&["Loss"])), (1.0, tabs(&["Latent"]))]);
        let below = tabs(&["Reconstructions", "Explore", "Health", DATA_VIEW]);
        let [first, second] = FIRST;
        Arrangement::Column(vec![(first, above), (second, below)]).completed()
    }
}

/// Gives Explore, which starts below the other views, more than half of the height unless the user
/// has moved the border above it. Returns whether it did.
pub fn enlarge_explore(tree: &mut Tree<Pane>) -> bool {
    let Some(root) = tree.root() else { return false };
    let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get(root) else { return false };
    let (dir, children) = (linear.dir, linear.children.clone());
    let [above, below] = children[..] else { return false };
    let shares = [above, below].map(|child| linear.shares[child].to_bits());
    let is_first = dir == LinearDir::Vertical && shares == FIRST.map(f32::to_bits);
    let is_below = is_first && Arrangement::part_has(&tree.tiles, below, EXPLORE_VIEW);
    if let (true, Some(Tile::Container(Container::Linear(linear)))) = (is_below, tree.tiles.get_mut(root)) {
        for (child, share) in [above, below].into_iter().zip(EXPLORING) {
            linear.shares.set_share(child, share);
        }
    }
    is_below
}

impl Arrangement {
    /// Whether this part of the tiles contains a view.
    fn part_has(tiles: &Tiles<Pane>, id: TileId, name: &str) -> bool {
        let mut panes = Vec::new();
        let is_valid = part(tiles, id).is_some_and(|part| part.is_valid(&mut panes));
        is_valid && panes.iter().any(|pane| pane.0.name == name)
    }

    /// The arrangement of these tiles.
    pub fn of(tree: &Tree<Pane>) -> Arrangement {
        tree.root().and_then(|root| part(&tree.tiles, root)).unwrap_or_default()
    }

    /// Tiles with this arrangement.
    pub fn tree(&self) -> Tree<Pane> {
        let mut tiles = Tiles::default();
        let root = self.insert(&mut tiles);
        Tree::new(Id::unique("views"), root, tiles)
    }

    /// Whether every view is included exactly once and can be shown.
    pub fn is_whole(&self) -> bool {
        let mut panes = Vec::new();
        self.is_valid(&mut panes)
            && panes.len() == ENTRIES.len()
            && Pane::all().all(|pane| panes.contains(&pane))
    }

    /// Adds views missing from an older saved arrangement as tabs next to the data.
    #[must_use]
    pub fn completed(mut self) -> Arrangement {
        let mut known = Vec::new();
        self.is_valid(&mut known);
        let missing = Pane::all().filter(|pane| !known.contains(pane)).map(Arrangement::View);
        let missing: Vec<Arrangement> = missing.collect();
        if let Some(tabs) = self.tabs_of(DATA_VIEW) {
            tabs.extend(missing);
        }
        self
    }

    /// The group of tabs that contains a view.
    fn tabs_of(&mut self, wanted: &str) -> Option<&mut Vec<Arrangement>> {
        match self {
            Arrangement::View(_) => None,
            Arrangement::Tabs { children, .. } => {
                let is_wanted =
                    |child: &Arrangement| matches!(child, Arrangement::View(pane) if pane.0.name == wanted);
                if children.iter().any(is_wanted) {
                    return Some(children);
                }
                children.iter_mut().find_map(|child| child.tabs_of(wanted))
            }
            Arrangement::Row(children) | Arrangement::Column(children) => {
                children.iter_mut().find_map(|(_, child)| child.tabs_of(wanted))
            }
        }
    }

    fn is_valid(&self, panes: &mut Vec<Pane>) -> bool {
        match self {
            Arrangement::View(pane) => {
                panes.push(*pane);
                true
            }
            Arrangement::Tabs { active, children } => {
                *active < children.len() && children.iter().all(|child| child.is_valid(panes))
            }
            Arrangement::Row(children) | Arrangement::Column(children) => {
                let is_share = |share: f32| share.is_finite() && share > 0.0;
                !children.is_empty()
                    && children.iter().all(|(share, child)| is_share(*share) && child.is_valid(panes))
            }
        }
    }

    fn insert(&self, tiles: &mut Tiles<Pane>) -> TileId {
        let (dir, children) = match self {
            Arrangement::View(pane) => return tiles.insert_pane(*pane),
            Arrangement::Tabs { active, children } => {
                let children: Vec<TileId> = children.iter().map(|child| child.insert(tiles)).collect();
                let mut tabs = egui_tiles::Tabs::new(children.clone());
                tabs.active = children.get(*active).copied();
                return tiles.insert_container(Container::Tabs(tabs));
            }
            Arrangement::Row(children) => (LinearDir::Horizontal, children),
            Arrangement::Column(children) => (LinearDir::Vertical, children),
        };
        let ids = children.iter().map(|(_, child)| child.insert(tiles)).collect();
        let mut linear = Linear::new(dir, ids);
        for (id, (share, _)) in linear.children.clone().into_iter().zip(children) {
            linear.shares.set_share(id, *share);
        }
        tiles.insert_container(Container::Linear(linear))
    }
}

fn part(tiles: &Tiles<Pane>, id: TileId) -> Option<Arrangement> {
    let container = match tiles.get(id)? {
        Tile::Pane(pane) => return Some(Arrangement::View(*pane)),
        Tile::Container(container) => container,
    };
    Some(match container {
        Container::Tabs(tabs) => {
            let children: Vec<TileId> =
                tabs.children.iter().copied().filter(|child| tiles.get(*child).is_some()).collect();
            let active = children.iter().position(|child| Some(*child) == tabs.active).unwrap_or(0);
            let children = children.into_iter().filter_map(|child| part(tiles, child)).collect();
            Arrangement::Tabs { active, children }
        }
        Container::Linear(linear) => {
            let share = |child: &TileId| Some((linear.shares[*child], part(tiles, *child)?));
            let children = linear.children.iter().filter_map(share).collect();
            match linear.dir {
                LinearDir::Horizontal => Arrangement::Row(children),
                LinearDir::Vertical => Arrangement::Column(children),
            }
        }
        Container::Grid(grid) => {
            Arrangement::Row(grid.children().filter_map(|child| Some((1.0, part(tiles, *child)?))).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> Arrangement {
        Arrangement::View(Pane::named(name).expect("a view"))
    }

    #[test]
    fn an_arrangement_survives_a_round_trip() {
        let data_in_front = Arrangement::Row(vec![
            (2.5, view("Loss")),
            (
                0.5,
                Arrangement::Tabs {
                    active: 2,
                    children: ["Latent", "Health", "Reconstructions", "Data"].map(view).into(),
                },
            ),
        ]);
        for arrangement in [Arrangement::default(), data_in_front.completed()] {
            assert!(arrangement.is_whole());
            assert_eq!(Arrangement::of(&arrangement.tree()), arrangement);
        }
    }

    #[test]
    fn explore_gets_more_height_once_unless_the_border_was_moved() {
        let mut tree = Arrangement::default().tree();
        assert!(enlarge_explore(&mut tree) && !enlarge_explore(&mut tree));
        let Arrangement::Column(parts) = Arrangement::of(&tree) else { panic!("{tree:?}") };
        assert_eq!(parts.iter().map(|part| part.0).collect::<Vec<_>>(), EXPLORING);
        let Arrangement::Column(first) = Arrangement::default() else { panic!("two parts") };
        let names =
            |parts: &[(f32, Arrangement)]| parts.iter().map(|part| part.1.clone()).collect::<Vec<_>>();
        assert_eq!(names(&parts), names(&first), "nothing else changes");
        let moved = Arrangement::Column(first.iter().map(|(_, part)| (1.0, part.clone())).collect());
        let above = Arrangement::Column(FIRST.into_iter().zip(names(&first).into_iter().rev()).collect());
        for other in [moved, above, view("Explore")] {
            let mut tree = other.tree();
            assert!(!enlarge_explore(&mut tree), "{other:?}");
            assert_eq!(Arrangement::of(&tree), other);
        }
    }

    #[test]
    fn new_views_are_added_to_a_saved_arrangement() {
        let old = Arrangement::Row(vec![
            (1.0, view("Loss")),
            (1.0, view("Latent")),
            (2.0, Arrangement::Tabs { active: 1, children: ["Reconstructions", "Data"].map(view).into() }),
        ]);
        assert!(!old.is_whole());
        let new = old.completed();
        assert!(new.is_whole(), "{new:?}");
        let Arrangement::Row(parts) = &new else { panic!("{new:?}") };
        let Arrangement::Tabs { active, children } = &parts[2].1 else { panic!("{new:?}") };
        assert_eq!((*active, &children[..2]), (1, &["Reconstructions", "Data"].map(view)[..]));
        assert!(children[2..].contains(&view("Health")));
        assert_eq!(Arrangement::default().completed(), Arrangement::default());
    }

    #[test]
    fn invalid_arrangements_are_not_whole() {
        let all = || Pane::all().map(Arrangement::View).collect::<Vec<_>>();
        let shares = |share: f32| Arrangement::Row(all().into_iter().map(|view| (share, view)).collect());
        assert!(shares(1.0).is_whole());
        for broken in [
            shares(0.0),
            shares(f32::NAN),
            view("Loss"),
            Arrangement::Column(Vec::new()),
            Arrangement::Tabs { active: all().len(), children: all() },
            Arrangement::Tabs { active: 0, children: [all(), all()].concat() },
        ] {
            assert!(!broken.is_whole(), "{broken:?}");
        }
    }
}
