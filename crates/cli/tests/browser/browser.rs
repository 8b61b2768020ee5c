//! A browser with a profile of its own, and what a person does with it. All waiting is the library's:
//! it looks again until something is there, and gives up after a time.

use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::extensions::query::{
    ElementPollerWithTimeout, ElementQuery, IntoElementPoller as _,
};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel};

use crate::chromedriver::Chromedriver;

/// Longer than anything takes on a busy machine; only a failure waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between one look and the next.
pub(crate) const PERIOD: Duration = Duration::from_millis(40);
/// More stops than any page has.
const STOPS: usize = 150;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    /// As usual.
    On,
    /// Switched off by the user of the browser.
    Off,
}

/// A browser.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    _chromedriver: Chromedriver,
    folder: TempDir,
}

impl Browser {
    /// Opens one for what is to be done with it, and ends it also when that fails. Its driver would
    /// leave it running.
    pub(crate) async fn with(scripts: Scripts, deeds: impl AsyncFnOnce(&Self)) {
        let browser = Self::open(scripts).await;
        let done = AssertUnwindSafe(deeds(&browser)).catch_unwind().await;
        browser.driver.quit().await.unwrap();
        if let Err(panic) = done {
            resume_unwind(panic);
        }
    }

    async fn open(scripts: Scripts) -> Self {
        let chromedriver = Chromedriver::start();
        let folder = tempfile::tempdir().unwrap();
        let wanted = capabilities(folder.path(), scripts).unwrap();
        let driver = WebDriver::new(chromedriver.url(), wanted).await.unwrap();
        driver.set_script_timeout(PATIENCE).await.unwrap();
        Self {
            driver,
            _chromedriver: chromedriver,
            folder,
        }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Waits until there is such an element, seen or not.
    pub(crate) async fn wait_for(&self, css: &str) -> WebElement {
        match self.query(css).first().await {
            Ok(element) => element,
            Err(error) => panic!("{error}\n{}", self.seen().await),
        }
    }

    /// Whether there is such an element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        let query = self.driver.query(By::Css(css)).nowait();
        query.exists().await.unwrap()
    }

    /// Waits until it can be clicked, and does.
    pub(crate) async fn click(&self, css: &str) {
        match self.query(css).and_clickable().first().await {
            Ok(element) => element.click().await.unwrap(),
            Err(error) => panic!("{error}\n{}", self.seen().await),
        }
    }

    /// Presses keys where the focus is.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) {
        let presses = self.driver.action_chain().send_keys(keys);
        presses.perform().await.unwrap();
    }

    /// Goes on with the tabulator until this has the focus.
    pub(crate) async fn tab_to(&self, css: &str) -> WebElement {
        let focused = format!("{css}:focus");
        for _ in 0..STOPS {
            self.press(Key::Tab).await;
            if self.has(&focused).await {
                return self.wait_for(&focused).await;
            }
        }
        panic!("the tabulator never comes to {css}\n{}", self.seen().await);
    }

    /// Tabulator, then Enter.
    pub(crate) async fn enter(&self, css: &str) {
        self.tab_to(css).await;
        self.press(Key::Enter).await;
    }

    /// Text of an element as a person sees it.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.wait_for(css).await.text().await.unwrap()
    }

    /// The page as on a screen of this size, in a light or dark surrounding.
    pub(crate) async fn show(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        let media = json!({
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        });
        let tools = self.driver.cdp();
        for (method, what) in [
            ("Emulation.setDeviceMetricsOverride", size),
            ("Emulation.setEmulatedMedia", media),
        ] {
            tools.send_raw(method, what).await.unwrap();
        }
    }

    /// Runs a script in the page. The page's own policy does not bind the driver.
    pub(crate) async fn run_script(&self, script: &str) {
        self.driver.execute(script, Vec::new()).await.unwrap();
    }

    /// What a script gives to the function that is its last argument.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        let answer = self.driver.execute_async(script, Vec::new()).await.unwrap();
        answer.json().clone()
    }

    /// A folder that goes with the browser.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a script gives.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        let answer = self.driver.execute(script, Vec::new()).await.unwrap();
        answer.json().clone()
    }

    /// A file that was downloaded, once it is whole: until then it has another name.
    pub(crate) async fn downloaded(&self, name: &str) -> Vec<u8> {
        let path = downloads(self.folder.path()).join(name);
        let mut looks = ElementPollerWithTimeout::new(PATIENCE, PERIOD).start();
        loop {
            let bytes = fs::read(&path).unwrap_or_default();
            if !bytes.is_empty() {
                return bytes;
            }
            assert!(looks.tick().await, "{name} was not downloaded");
        }
    }

    /// Errors on the console since this was last asked.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.unwrap();
        let severe = log.into_iter().filter(|entry| entry.level == "SEVERE");
        severe.map(|entry| entry.message).collect()
    }

    pub(crate) async fn has_no_complaints(&self) {
        assert_eq!(self.complaints().await, [""; 0]);
    }

    fn query(&self, css: &str) -> ElementQuery {
        self.driver.query(By::Css(css)).wait(PATIENCE, PERIOD)
    }

    /// Where the browser is and what it shows, for failures.
    async fn seen(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        let body = self.driver.find(By::Css("body")).await.unwrap();
        format!("{url}\n{}", body.text().await.unwrap_or_default())
    }
}

fn downloads(folder: &Path) -> PathBuf {
    folder.join("downloads")
}

fn capabilities(folder: &Path, scripts: Scripts) -> WebDriverResult<ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    let flags = [
        "--headless=new",
        // Root has no other way, and the pages are our own.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
    ];
    for flag in flags {
        wanted.add_arg(flag)?;
    }
    let profile = folder.join("profile");
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    let mut settings = json!({
        "download.default_directory": downloads(folder),
        "download.prompt_for_download": false,
    });
    if scripts == Scripts::Off {
        settings["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    wanted.add_experimental_option("prefs", settings)?;
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(wanted)
}
