//! How the wall's tiles are arranged: pure layout maths.

use serde::{Deserialize, Serialize};

/// Width over height of a tile.
pub const ASPECT: f64 = 16.0 / 9.0;

/// What a person chose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// As large as fits the screen without scrolling, as long as tiles stay readable.
    #[default]
    Auto,
    /// 1 to 5 columns; the page scrolls.
    Columns(u8),
    /// One large tile, five small ones around it.
    OnePlusFive,
    /// One large tile, seven small ones around it.
    OnePlusSeven,
}

impl Layout {
    pub const CHOICES: [Self; 8] = [
        Self::Auto,
        Self::Columns(1),
        Self::Columns(2),
        Self::Columns(3),
        Self::Columns(4),
        Self::Columns(5),
        Self::OnePlusFive,
        Self::OnePlusSeven,
    ];
}

/// Everything about the wall's arrangement that is remembered in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WallStyle {
    pub layout: Layout,
    /// Tiles stand apart; otherwise edge to edge.
    pub spaced: bool,
    pub header_hidden: bool,
    /// Cameras that are hidden stand on the wall all the same.
    pub show_hidden: bool,
}

impl Default for WallStyle {
    fn default() -> Self {
        Self { layout: Layout::Auto, spaced: true, header_hidden: false, show_hidden: false }
    }
}

impl WallStyle {
    /// CSS pixels between two tiles.
    pub fn gap_px(self) -> f64 {
        if self.spaced { 8.0 } else { 1.0 }
    }
}

/// The grid's shape for a given room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    pub columns: u32,
    /// Width of the whole grid, CSS pixels; at most the room's.
    pub width_px: f64,
    /// Columns and rows that the first tile covers.
    pub first_span: u32,
}

/// The room that the grid has, CSS pixels, paddings taken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    pub width: f64,
    pub height: f64,
}

/// On a large screen every camera is seen at once as long as tiles are no narrower than this; then the wall scrolls.
const MIN_TILE_PX: f64 = 180.0;
/// Tiles of a wall that scrolls, or on a small screen, are no narrower than this.
const COMFORTABLE_TILE_PX: f64 = 300.0;
/// Screens from this width on are walls; narrower ones are held in a hand, where one scrolls.
const LARGE_ROOM_PX: f64 = 900.0;

/// The grid for `count` tiles.
pub fn grid(style: WallStyle, count: usize, room: Room) -> Grid {
    let gap = style.gap_px();
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    match style.layout {
        Layout::Auto => auto(count, room, gap),
        Layout::Columns(columns) => Grid { columns: u32::from(columns.clamp(1, 5)), width_px: room.width, first_span: 1 },
        Layout::OnePlusFive => spotlight(3, 2, room, gap),
        Layout::OnePlusSeven => spotlight(4, 3, room, gap),
    }
}

/// Tries every number of columns and takes the one with the largest tiles that all fit; if they would be too small, as many
/// readable columns as the width holds.
fn auto(count: u32, room: Room, gap: f64) -> Grid {
    let fit = |columns: u32| tile_width(columns, count.div_ceil(columns), room, gap);
    let most = count.min(12);
    let largest = (1..=most).map(fit).fold(0.0, f64::max);
    // Among nearly equal ones more columns win: screens are wide, and a full row reads better than a tall stack.
    let columns = (1..=most).rev().find(|columns| fit(*columns) >= largest * 0.95).unwrap_or(1);
    let best = (columns, fit(columns));
    if best.1 >= smallest(room) {
        let (columns, tile) = best;
        let width = f64::from(columns) * tile + f64::from(columns - 1) * gap;
        return Grid { columns, width_px: width.min(room.width), first_span: 1 };
    }
    // It has to scroll. Phones: one column upright, two across; iPads: three.
    let readable = COMFORTABLE_TILE_PX.min(room.width);
    let fitting =
        (1..=6).rev().find(|columns| tile_width(*columns, 1, Room { height: f64::INFINITY, ..room }, gap) >= readable).unwrap_or(1);
    Grid { columns: fitting.min(count), width_px: room.width, first_span: 1 }
}

/// The narrowest tile for the sake of seeing all at once.
fn smallest(room: Room) -> f64 {
    if room.width >= LARGE_ROOM_PX { MIN_TILE_PX } else { COMFORTABLE_TILE_PX.min(room.width) }
}

/// The width of a tile when `rows` rows of `columns` must fit the room.
fn tile_width(columns: u32, rows: u32, room: Room, gap: f64) -> f64 {
    let by_width = (room.width - f64::from(columns - 1) * gap) / f64::from(columns);
    let by_height = (room.height - f64::from(rows - 1) * gap) / f64::from(rows) * ASPECT;
    by_width.min(by_height)
}

/// A preset with one large tile: as wide as the room, unless `columns` rows would not fit its height.
fn spotlight(columns: u32, span: u32, room: Room, gap: f64) -> Grid {
    let tile = tile_width(columns, columns, room, gap);
    let narrow = room.width < 640.0;
    let width = if narrow { room.width } else { f64::from(columns) * tile + f64::from(columns - 1) * gap };
    Grid { columns, width_px: width.min(room.width), first_span: span }
}

/// The neighbour of `current` in the wall's order, wrapping around; `step` is 1 or -1.
pub fn neighbour(order: &[i64], current: i64, step: i64) -> Option<i64> {
    let place = i64::try_from(order.iter().position(|id| *id == current)?).ok()?;
    let count = i64::try_from(order.len()).ok()?;
    let next = usize::try_from((place + step).rem_euclid(count)).ok()?;
    order.get(next).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn auto_grid(count: usize, width: f64, height: f64) -> Grid {
        grid(WallStyle::default(), count, Room { width, height })
    }

    #[test]
    fn one_camera_fills_the_screen() {
        let shape = auto_grid(1, 1_424.0, 832.0);
        assert_eq!((shape.columns, shape.width_px.round()), (1, 1_424.0));
    }

    #[test]
    fn four_are_two_by_two_on_a_desktop() {
        let shape = auto_grid(4, 1_424.0, 832.0);
        assert_eq!(shape.columns, 2);
    }

    #[test]
    fn six_are_three_by_two() {
        assert_eq!(auto_grid(6, 1_424.0, 832.0).columns, 3);
    }

    #[test]
    fn two_are_stacked_on_an_upright_phone_and_side_by_side_across() {
        assert_eq!(auto_grid(2, 374.0, 700.0).columns, 1);
        assert_eq!(auto_grid(2, 760.0, 320.0).columns, 2);
    }

    #[test]
    fn many_scroll_in_readable_columns() {
        assert_eq!(auto_grid(50, 374.0, 700.0).columns, 1);
        assert_eq!(auto_grid(50, 760.0, 320.0).columns, 2);
        assert_eq!(auto_grid(50, 1_008.0, 680.0).columns, 3);
        assert_eq!(auto_grid(100, 1_424.0, 832.0).columns, 4);
    }

    #[test]
    fn a_large_screen_shows_all_at_once() {
        for (count, columns, rows) in [(20, 5, 4), (36, 6, 6), (42, 7, 6)] {
            let shape = auto_grid(count, 1_424.0, 832.0);
            assert_eq!((shape.columns, u32::try_from(count).unwrap_or(0).div_ceil(shape.columns)), (columns, rows));
        }
        assert_eq!(auto_grid(20, 1_008.0, 680.0).columns, 4);
    }

    #[test]
    fn presets_keep_their_shape() {
        let room = Room { width: 1_424.0, height: 832.0 };
        let five = grid(WallStyle { layout: Layout::OnePlusFive, ..WallStyle::default() }, 6, room);
        assert_eq!((five.columns, five.first_span), (3, 2));
        let seven = grid(WallStyle { layout: Layout::OnePlusSeven, ..WallStyle::default() }, 8, room);
        assert_eq!((seven.columns, seven.first_span), (4, 3));
    }

    #[test]
    fn a_stored_style_reads_back_and_an_old_one_is_filled_up() {
        let style = WallStyle { layout: Layout::Columns(3), spaced: false, header_hidden: true, show_hidden: true };
        let json = serde_json::to_string(&style).expect("plain data");
        assert_eq!(serde_json::from_str::<WallStyle>(&json).expect("just written"), style);
        assert_eq!(serde_json::from_str::<WallStyle>("{}").expect("defaults"), WallStyle::default());
    }

    #[test]
    fn neighbours_wrap_around() {
        assert_eq!(neighbour(&[3, 5, 9], 9, 1), Some(3));
        assert_eq!(neighbour(&[3, 5, 9], 3, -1), Some(9));
        assert_eq!(neighbour(&[3, 5, 9], 4, 1), None);
    }

    proptest! {
        #[test]
        fn any_room_gives_a_grid_inside_it(count in 0_usize..300, width in 200.0..6_000.0_f64, height in 100.0..4_000.0_f64, choice in 0_usize..8, spaced: bool) {
            let style = WallStyle { layout: Layout::CHOICES[choice], spaced, ..WallStyle::default() };
            let shape = grid(style, count, Room { width, height });
            prop_assert!(shape.columns >= 1);
            prop_assert!(shape.width_px > 0.0 && shape.width_px <= width);
            prop_assert!(shape.first_span <= shape.columns);
        }

        #[test]
        fn auto_fits_the_height_unless_tiles_would_be_unreadable(count in 1_usize..40, width in 320.0..4_000.0_f64, height in 300.0..2_200.0_f64) {
            let shape = auto_grid(count, width, height);
            let tile = (shape.width_px - f64::from(shape.columns - 1) * 8.0) / f64::from(shape.columns);
            let rows = f64::from(u32::try_from(count).unwrap_or(1).div_ceil(shape.columns));
            let tall = rows * tile / ASPECT + (rows - 1.0) * 8.0;
            let room = Room { width, height };
            let best = (1..=12).map(|columns| tile_width(columns, u32::try_from(count).unwrap_or(1).div_ceil(columns), room, 8.0)).fold(0.0, f64::max);
            // The nearly best counts as well.
            let too_small = best * 0.95 < smallest(room);
            prop_assert!(tall <= height + 1.0 || (too_small && tile >= COMFORTABLE_TILE_PX.min(width) - 1.0));
        }
    }
}
