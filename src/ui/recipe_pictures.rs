//! Pictures of the recipes in the list of recipes; `scripts/test.sh --long` compares them with
//! trained networks.

use egui::{ColorImage, Context, Id, TextureHandle, TextureOptions, Ui};

use crate::project::Recipe;

/// Half the size of the pictures in pixels.
const SIZE: egui::Vec2 = egui::vec2(144.0, 81.0);

macro_rules! png {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/recipes/", $name, ".png"))
    };
}

/// The picture's file.
pub fn png(recipe: Recipe) -> &'static [u8] {
    match recipe {
        Recipe::Undercomplete => png!("undercomplete"),
        Recipe::Linear => png!("linear"),
        Recipe::Denoising => png!("denoising"),
        Recipe::Sparse => png!("sparse"),
        Recipe::KSparse => png!("k-sparse"),
        Recipe::Contractive => png!("contractive"),
        Recipe::Convolutional => png!("convolutional"),
        Recipe::Variational => png!("vae"),
        Recipe::BetaVariational => png!("beta-vae"),
        Recipe::Concrete => png!("concrete"),
        Recipe::DescriptionLength => png!("mdl"),
        Recipe::Machines => png!("rbm"),
        Recipe::JointVsLayerWise => png!("joint-vs-layerwise"),
        Recipe::Hashing => png!("hashing"),
        Recipe::Quantised => png!("vq-vae"),
        Recipe::SuperResolution => png!("super-resolution"),
        Recipe::Inpainting => png!("inpainting"),
        Recipe::Anomaly => png!("anomaly"),
        Recipe::Tabular => png!("tabular"),
    }
}

/// Paints the picture of a recipe as large as fits into `room` with its aspect ratio.
pub fn paint_picture(ui: &Ui, recipe: Recipe, room: egui::Rect) {
    let scale = (room.width() / SIZE.x).min(room.height() / SIZE.y);
    let rect = egui::Rect::from_center_size(room.center(), SIZE * scale);
    if let Some(texture) = ui.is_rect_visible(rect).then(|| texture(ui.ctx(), recipe)).flatten() {
        let whole = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        ui.painter().image(texture.id(), rect, whole, egui::Color32::WHITE);
    }
}

/// The texture, decoded once and cached.
fn texture(ctx: &Context, recipe: Recipe) -> Option<TextureHandle> {
    let id = Id::unique(("recipe", recipe));
    if let Some(texture) = ctx.data(|data| data.get_temp::<TextureHandle>(id)) {
        return Some(texture);
    }
    let pixels = image::load_from_memory(png(recipe)).ok()?.to_rgba8();
    let size = [pixels.width() as usize, pixels.height() as usize];
    let image = ColorImage::from_rgba_unmultiplied(size, pixels.as_raw());
    let texture = ctx.load_texture(recipe.name(), image, TextureOptions::LINEAR);
    ctx.data_mut(|data| data.insert_temp(id, texture.clone()));
    Some(texture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_has_its_own_picture() {
        let mut seen = std::collections::HashSet::new();
        for recipe in Recipe::ALL {
            let picture = image::load_from_memory(png(recipe)).expect("a picture");
            assert_eq!((picture.width(), picture.height()), (288, 162), "{recipe:?}");
            assert!(seen.insert(png(recipe)), "{recipe:?} looks like another");
        }
    }
}
