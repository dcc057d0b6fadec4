//! The window: connects state, session, files and panels.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::{CreationContext, NativeOptions};
use egui::{Ui, ViewportCommand};

use super::commands::Command;
use super::files::FileThreads;
use super::frame_log::FrameLog;
use super::panels::{dialog, network, notes, palette};
use super::shell::Shell;
use super::state::{Clip, Effect, PendingAction, State};
use super::theme;
use super::thumbnail::Thumbnails;
use super::views::{Views, WindowLayout, WrittenLayout};
use super::window_size;
use crate::engine::frame_begins;
use crate::figure::Pixels;
use crate::io::{Files, Settings, Store, ThemeChoice, WindowSize};
use crate::session::Session;

/// How long the window must keep its size before the size is saved.
const STEADY_SECS: f64 = 1.0;

/// Interval at which the progress of an export is redrawn.
const EXPORT_REPAINT: Duration = Duration::from_millis(100);

/// Start options of the program.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A project or a design to open.
    pub file: Option<PathBuf>,
    /// Folder for work in progress; the system default if `None`.
    pub state_dir: Option<PathBuf>,
    /// Folder for settings; the system default if `None`.
    pub config_dir: Option<PathBuf>,
    /// Threads to train with; if `None`, the number in the settings, or one per core.
    pub threads: Option<usize>,
}

impl Options {
    fn settings_path(&self) -> Option<PathBuf> {
        match &self.config_dir {
            Some(folder) => Some(folder.join("settings.ron")),
            None => Settings::default_path(),
        }
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// An error message if no window can be opened: no display, or no graphics.
pub fn run(options: Options) -> Result<(), String> {
    let settings = options.settings_path().map(|path| Settings::load(&path)).unwrap_or_default();
    let viewport = window_size::first(settings.window)
        .with_title("Hourglass")
        .with_app_id("hourglass")
        .with_drag_and_drop(true)
        .with_icon(icon());
    let native = NativeOptions { viewport, ..NativeOptions::default() };
    let create: eframe::AppCreator<'_> = Box::new(move |cc| Ok(Box::new(HourglassApp::new(cc, options))));
    eframe::run_native("Hourglass", native, create).map_err(|error| {
        // The window library's text names its own source files, so it is only logged for diagnosis.
        log::info!("no window: {error}");
        let reason = if std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none()
        {
            "there is no display"
        } else {
            "the display cannot be used (RUST_LOG=info says why)"
        };
        format!("No window could be opened: {reason}. The command line needs none: hourglass --help.")
    })
}

/// The window.
pub struct HourglassApp {
    /// Everything it shows and changes.
    pub state: State,
    /// Present until the window closes.
    session: Option<Session>,
    files: FileThreads,
    shell: Shell,
    views: Views,
    thumbnails: Thumbnails,
    settings: Settings,
    settings_path: Option<PathBuf>,
    settings_changed: bool,
    layout: WrittenLayout,
    /// The window's size, and since when it has had this size, in egui's seconds.
    window: (Option<WindowSize>, f64),
    /// Number of threads for this session only, not saved as a setting.
    given_threads: Option<usize>,
    title: String,
    may_close: bool,
    frame_log: FrameLog,
}

impl HourglassApp {
    /// Creates a window with the default project, or with the file it was started with.
    pub fn new(cc: &CreationContext<'_>, options: Options) -> HourglassApp {
        let ctx = &cc.egui_ctx;
        theme::install(ctx);
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let settings_path = options.settings_path();
        let settings = settings_path.as_deref().map(Settings::load).unwrap_or_default();
        let window = settings.window;
        let mut files = FileThreads::new(ctx.clone());
        let root = options.state_dir.or_else(Store::default_root);
        let mut state = State::default();
        state.recent.clone_from(&settings.recent);
        state.view.theme = preference(settings.theme);
        state.view.recent_commands.clone_from(&settings.commands);
        state.view.starts_anew = settings.starts_anew;
        state.threads = options.threads.or(settings.threads);
        let layout = WindowLayout::read(settings.layout.as_deref());
        layout.apply(&mut state.view);
        if let Some(zoom) = settings.zoom {
            ctx.set_zoom_factor(zoom.clamp(0.5, 3.0));
        }
        if let Some(root) = root {
            files.start_keeping(root);
        }
        let last = settings.last.clone().filter(|_| !settings.starts_anew);
        if let Some(file) = options.file.or(last) {
            state.proceed(PendingAction::OpenPath(file));
        }
        HourglassApp {
            session: Some(Session::start({
                let ctx = ctx.clone();
                move || {
                    // The frame's requester continues computing and would keep its core busy.
                    frame_begins();
                    ctx.request_repaint();
                }
            })),
            state,
            files,
            shell: Shell::default(),
            views: Views::arranged(&layout.views),
            thumbnails: Thumbnails::default(),
            settings,
            settings_path,
            settings_changed: false,
            layout: WrittenLayout::default(),
            window: (window, 0.0),
            given_threads: options.threads,
            title: String::new(),
            may_close: false,
            frame_log: FrameLog::new(),
        }
    }

    fn run_effects(&mut self, ctx: &egui::Context) {
        for effect in std::mem::take(&mut self.state.effects) {
            match effect {
                Effect::Session(command) => {
                    if let Some(session) = &mut self.session {
                        session.send(command);
                    }
                }
                Effect::Open(path) => self.files.open(path),
                Effect::IdentifyPaths(paths) => self.files.identify_paths(paths),
                Effect::Save(request) => self.files.save(request),
                Effect::CancelExport => self.files.cancel_export(),
                Effect::Browse(browse) => self.files.browse(browse),
                Effect::CopyFigure(request, is_picture) => self.files.copy_figure(request, is_picture),
                Effect::Copy(Clip::Text(text)) => ctx.copy_text(text),
                Effect::Copy(Clip::Picture(Pixels { width, height, rgba })) => {
                    ctx.copy_image(egui::ColorImage::from_rgba_unmultiplied([width, height], &rgba));
                }
                Effect::CheckPath(question) => self.files.check_path(question),
                Effect::ShowDialog(browse, folder) => self.files.show_dialog(browse, folder.as_deref()),
                Effect::Recover(recovery) => self.files.recover(recovery),
                Effect::Discard(recovery) => self.files.discard(recovery),
                Effect::Store(request) => self.files.keep(request),
                Effect::Zoom(by) => {
                    let zoom = if by == 0.0 { 1.0 } else { ctx.zoom_factor() + by };
                    ctx.set_zoom_factor(((zoom * 10.0).round() / 10.0).clamp(0.5, 3.0));
                }
                Effect::Quit => {
                    self.may_close = true;
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                }
            }
        }
    }

    /// Synchronises the window's frame and the settings with the state.
    fn follow(&mut self, ctx: &egui::Context) {
        if ctx.options(|options| options.theme_preference) != self.state.view.theme {
            ctx.set_theme(self.state.view.theme);
        }
        let mark = if self.state.is_modified() { "• " } else { "" };
        let title = format!("{mark}{} – Hourglass", self.state.title());
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if ctx.input(|input| input.viewport().close_requested()) && !self.may_close {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.state.ask(PendingAction::Quit);
        }
        let zoom = ctx.zoom_factor();
        let is_steady = self.follow_window(ctx);
        let mut settings = self.settings_now();
        settings.zoom = (zoom != 1.0).then_some(zoom);
        if !is_steady {
            // The size changes in every frame while the window's edge is dragged.
            settings.window = self.settings.window;
        }
        if is_editing(ctx) {
            // The layout is saved after the drag has ended.
            settings.layout.clone_from(&self.settings.layout);
        }
        if settings != self.settings {
            self.settings = settings;
            self.settings_changed = true;
            if let Some(path) = &self.settings_path {
                self.files.save_settings(self.settings.clone(), path.clone());
            }
        }
    }

    /// Records the size of the window. Returns whether it has been constant for a while.
    fn follow_window(&mut self, ctx: &egui::Context) -> bool {
        let now = ctx.time();
        let size = window_size::now(ctx, self.window.0);
        if size != self.window.0 {
            self.window = (size, now);
            ctx.request_repaint_after_secs(STEADY_SECS as f32);
        }
        now - self.window.1 >= STEADY_SECS
    }

    /// The settings to remember between sessions.
    fn settings_now(&mut self) -> Settings {
        let is_given = self.given_threads.is_some() && self.state.threads == self.given_threads;
        Settings {
            recent: self.state.recent.clone(),
            theme: choice(self.state.view.theme),
            threads: if is_given { self.settings.threads } else { self.state.threads },
            zoom: self.settings.zoom,
            layout: self.layout.text_of(WindowLayout::new(&self.state.view, self.views.arrangement())),
            window: self.window.0,
            commands: self.state.view.recent_commands.clone(),
            // While a file is being opened, it is not yet known whether it will become the current
            // one.
            last: if self.state.busy.is_some() {
                self.settings.last.clone()
            } else {
                self.state.file.clone()
            },
            starts_anew: self.state.view.starts_anew,
        }
    }

    /// Saves the settings before the program ends.
    fn save_settings(&mut self) {
        let settings = self.settings_now();
        self.settings_changed |= settings != self.settings;
        self.settings = settings;
        if let (true, Some(path)) = (self.settings_changed, &self.settings_path)
            && let Err(error) = self.settings.save(&Files::default(), path)
        {
            ::log::warn!("{error}");
        }
    }
}

impl eframe::App for HourglassApp {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let start = Instant::now();
        frame_begins();
        let events: Vec<_> = self.session.iter().flat_map(Session::poll).collect();
        for event in events {
            self.state.handle_event(event);
        }
        for event in self.files.poll() {
            self.state.handle_file_event(event);
        }
        self.state.exporting = self.files.export_progress();
        if self.files.is_exporting() {
            ctx.request_repaint_after(EXPORT_REPAINT);
        }
        self.state.refresh(is_editing(ctx));
        self.run_effects(ctx);
        self.follow(ctx);
        self.frame_log.logic(start);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let start = Instant::now();
        keys(ui, &mut self.state);
        let state = &mut self.state;
        let room = self.shell.show(ui, state, &mut self.views, &mut self.thumbnails);
        palette::palette_ui(ui, state);
        dialog::dialog_ui(ui, state);
        notes::notes_ui(ui, state, room);
        notes::dropped_ui(ui, state);
        let ctx = ui.ctx().clone();
        self.state.refresh(is_editing(&ctx));
        self.run_effects(&ctx);
        self.frame_log.ui(start, frame.info().cpu_usage);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.files.end_saving_settings();
        self.save_settings();
        self.files.end_export();
        // The worker writes its last checkpoint into the workspace, so it must end before the
        // workspace does.
        self.session = None;
        if self.may_close {
            self.state.effects.clear();
            self.state.store = None;
            self.files.end_keeping();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

/// Returns whether a widget is being dragged or typed into, so that an edit is still in progress.
fn is_editing(ctx: &egui::Context) -> bool {
    ctx.egui_is_using_pointer() || ctx.text_edit_focused()
}

/// Runs the commands whose keys were pressed.
fn keys(ui: &Ui, state: &mut State) {
    if state.dialog.is_some()
        || state.view.palette.is_some()
        || ui.memory(|memory| memory.top_modal_layer().is_some())
        || !ui.input(|input| input.events.iter().any(is_press))
    {
        return;
    }
    let ctx = ui.ctx();
    let typing = ctx.text_edit_focused();
    let focused = ui.memory(egui::Memory::focused);
    let card = network::focused_card(state);
    let on_card = focused.is_some() && focused == Some(card);
    let mut keys: Vec<_> = Command::all()
        .flat_map(|command| command.shortcuts().iter().map(move |keys| (*keys, command)))
        .collect();
    // egui ignores additional modifiers in shortcuts, so the most specific shortcuts come first.
    keys.sort_by_key(|(keys, _)| {
        let modifiers = keys.modifiers;
        std::cmp::Reverse(u8::from(modifiers.command) + u8::from(modifiers.shift) + u8::from(modifiers.alt))
    });
    for (shortcut, command) in keys {
        let bare = shortcut.modifiers.is_none() && !is_function_key(shortcut.logical_key);
        let text_key = matches!(command, Command::Undo | Command::Redo | Command::SelectAll);
        let taken = match (bare, focused) {
            // Space presses the focused widget, and arrow keys move within it.
            (true, Some(_)) => !on_card || shortcut.logical_key == egui::Key::Space,
            (true, None) => false,
            (false, _) => typing && text_key,
        };
        if !taken && ui.input_mut(|input| input.consume_shortcut(&shortcut)) {
            state.run(command);
        }
    }
}

fn is_press(event: &egui::Event) -> bool {
    matches!(event, egui::Event::Key { pressed: true, .. })
}

fn is_function_key(key: egui::Key) -> bool {
    use egui::Key::{F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12};
    [F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12].contains(&key)
}

/// The hourglass of the toolbar as the window's icon.
fn icon() -> egui::IconData {
    const SIZE: usize = 64;
    let [red, green, blue] = crate::figure::Palette::DARK.highlight;
    let mut rgba = Vec::with_capacity(SIZE * SIZE * 4);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let (x, y) = (x as f32 + 0.5 - 32.0, y as f32 + 0.5 - 32.0);
            // Two triangles meeting tip to tip between two bars; the lower one is filled up to half
            // its height.
            let glass = (x.abs() - y.abs() * 0.8).abs() < 2.6 && y.abs() < 26.0;
            let bars = (y.abs() - 26.0).abs() < 2.8 && x.abs() < 25.0;
            let sand = y > 12.0 && y < 26.0 && x.abs() < y * 0.8;
            rgba.extend([red, green, blue, if glass || bars || sand { 255 } else { 0 }]);
        }
    }
    egui::IconData { rgba, width: SIZE as u32, height: SIZE as u32 }
}

fn preference(theme: ThemeChoice) -> egui::ThemePreference {
    match theme {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
        ThemeChoice::Light => egui::ThemePreference::Light,
    }
}

fn choice(theme: egui::ThemePreference) -> ThemeChoice {
    match theme {
        egui::ThemePreference::System => ThemeChoice::System,
        egui::ThemePreference::Dark => ThemeChoice::Dark,
        egui::ThemePreference::Light => ThemeChoice::Light,
    }
}
