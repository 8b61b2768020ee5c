//! Every page, wide and narrow, light and dark: axe-core finds nothing serious, nothing scrolls
//! sideways, the console is silent. What it looks like is for people: see the pictures.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

use crate::bank;
use crate::browser::{Browser, Scripts};
use crate::chromedriver::needed;
use crate::service::Service;

/// A desk and a phone, in CSS pixels.
const WIDTHS: [u32; 2] = [1280, 390];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Gives what axe-core finds, as lines.
const AXE: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (found) => done(found.violations
            .filter((one) => ['serious', 'critical'].includes(one.impact))
            .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`))),
        (error) => done([`axe-core failed: ${error}`]));";

/// Gives what sticks out of a page that scrolls sideways, as lines.
const SIDEWAYS: &str = "
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    return [`${page.scrollWidth} of ${page.clientWidth}`].concat(
        Array.from(document.querySelectorAll('body *'))
            .filter((one) => one.getBoundingClientRect().right > page.clientWidth)
            .map((one) => one.cloneNode().outerHTML));";

#[tokio::test]
async fn pages_keep_nobody_out() {
    let service = Service::start();
    Browser::with(Scripts::On, async |browser| {
        let mut looks = Looks::new(browser);

        browser.goto(service.start_url()).await;
        looks.at("start_empty").await;
        browser.click("form[action='/try/statement'] button").await;
        browser.wait_for(&bank::version(1)).await;
        looks.at("map_asked").await;
        browser.goto(&service.at("/")).await;
        bank::upload(browser, &bank::example("umsaetze_2026-03.csv")).await;
        browser.wait_for(&bank::version(1)).await;
        looks.at("map").await;
        browser.click("[data-row='7'] [data-open]").await;
        browser.wait_for("[data-row='7'].open").await;
        looks.at("map_open").await;
        bank::settle(browser).await;
        bank::run(browser).await;
        looks.at("run").await;
        browser.click("main a[href^='/jobs/']").await;
        browser.wait_for("#h-events").await;
        looks.at("job").await;
        over(browser, &service, &mut looks).await;
        browser.goto(&service.at("/")).await;
        bank::upload(browser, &broken_file(browser)).await;
        browser.wait_for(".flash.bad").await;
        looks.at("failed").await;
        let plain = [
            ("start", "/"),
            ("jobs", "/jobs"),
            ("sources", "/sources"),
            ("targets", "/targets"),
            ("memory", "/memory"),
            ("mappings", "/mappings"),
            ("api", "/api"),
            ("sign_in", "/sign-in"),
        ];
        for (name, path) in plain {
            browser.goto(&service.at(path)).await;
            looks.at(name).await;
        }
        browser.goto(&service.at("/targets")).await;
        browser.click("main tbody a").await;
        browser.wait_for(".crumb").await;
        looks.at("target").await;
        browser.has_no_complaints().await;

        for (name, path) in [("nowhere", "/nowhere"), ("used_up", "/start/used")] {
            browser.goto(&service.at(path)).await;
            looks.at(name).await;
            // The browser itself says that the page is an error.
            let said = browser.complaints().await;
            assert!(
                said.len() == 1 && said[0].contains("status of 4"),
                "{said:?}"
            );
        }
        looks.find_nothing();
    })
    .await;
}

/// The pages on the way of a mapping to the next file, and its runs.
async fn over(browser: &Browser, service: &Service, looks: &mut Looks<'_>) {
    browser.goto(&service.at("/mappings")).await;
    browser.click("main tbody a").await;
    browser.click("a[href$='/over']").await;
    browser.wait_for("#h-sources").await;
    looks.at("over").await;
    for (name, file) in [
        ("over_fits", "umsaetze_2026-03.csv"),
        ("over_not", "statement_2026-03.csv"),
    ] {
        let field = browser.wait_for("form.one #file").await;
        field.send_keys(bank::example(file)).await.unwrap();
        browser.click("form.one button").await;
        browser
            .wait_for(if name == "over_fits" {
                ".verdict.yes"
            } else {
                ".verdict.no"
            })
            .await;
        looks.at(name).await;
    }
    browser.goto(&service.at("/mappings")).await;
    browser.click("main tbody a").await;
    browser.click("a[href$='/runs']").await;
    browser.wait_for("table.list").await;
    looks.at("runs").await;
}

#[tokio::test]
async fn a_page_that_waits_keeps_nobody_out() {
    let service = Service::that_never_begins();
    Browser::with(Scripts::On, async |browser| {
        let mut looks = Looks::new(browser);
        browser.goto(service.start_url()).await;
        bank::upload(browser, &bank::example("umsaetze_2026-03.csv")).await;
        browser.wait_for(".live progress").await;
        looks.at("waiting").await;
        // It waits until it is told not to.
        browser.click("form[action$='/cancel'] button").await;
        browser.wait_for(".state.s-cancelled").await;
        looks.at("cancelled").await;
        browser.has_no_complaints().await;
        looks.find_nothing();
    })
    .await;
}

#[tokio::test]
async fn what_keeps_people_out_is_found() {
    let service = Service::start();
    Browser::with(Scripts::On, async |browser| {
        let mut looks = Looks::new(browser);
        browser.goto(&service.at("/sign-in")).await;
        let spoil = "document.querySelector('main').innerHTML +=
            '<select><option>nameless</option></select><pre id=wide></pre>';
            document.getElementById('wide').style.width = '1000px'";
        browser.run_script(spoil).await;
        looks.at("spoiled").await;
        let found = looks.faults.join("\n");
        assert!(found.contains("1280 wide, dark: select-name"), "{found}");
        assert!(found.contains("390 wide, light: sticks out"), "{found}");
        assert!(!found.contains("1280 wide, light: sticks out"), "{found}");
    })
    .await;
}

/// A file that cannot be read, because its packing breaks off.
fn broken_file(browser: &Browser) -> String {
    let path = browser.folder().join("broken.csv.gz");
    fs::write(&path, b"\x1f\x8b\x08\0\0\0\0\0\0\x03broken").unwrap();
    path.into_os_string().into_string().unwrap()
}

/// What was seen of the pages so far.
struct Looks<'b> {
    browser: &'b Browser,
    axe: String,
    pictures: Option<PathBuf>,
    faults: Vec<String>,
}

impl<'b> Looks<'b> {
    fn new(browser: &'b Browser) -> Self {
        Self {
            browser,
            axe: fs::read_to_string(needed("AIMAPPER_TEST_AXE")).unwrap(),
            pictures: env::var_os("AIMAPPER_TEST_SCREENSHOTS").map(|_| pictures()),
            faults: Vec::new(),
        }
    }

    /// Looks at the page that is open.
    async fn at(&mut self, name: &str) {
        self.browser.run_script(&self.axe).await;
        for width in WIDTHS {
            for scheme in SCHEMES {
                self.browser.show(width, 900, scheme).await;
                let found = self.browser.ask_later(AXE).await;
                let said = format!("{name}, {width} wide, {scheme}");
                self.faults
                    .extend(lines(&found).map(|line| format!("{said}: {line}")));
                self.sideways(&said).await;
                self.picture(name, width, scheme).await;
            }
        }
        self.browser.show(WIDTHS[0], 900, SCHEMES[0]).await;
    }

    async fn sideways(&mut self, said: &str) {
        let found = self.browser.ask(SIDEWAYS).await;
        let found = lines(&found).map(|line| format!("{said}: sticks out: {line}"));
        self.faults.extend(found);
    }

    /// The whole page as a picture.
    async fn picture(&self, name: &str, width: u32, scheme: &str) {
        let Some(folder) = &self.pictures else { return };
        let script = "return document.documentElement.scrollHeight";
        let height = self.browser.ask(script).await.as_u64().unwrap();
        let height = u32::try_from(height).unwrap();
        self.browser.show(width, height, scheme).await;
        let path = folder.join(format!("{name}-{width}-{scheme}.png"));
        self.browser.driver.screenshot(&path).await.unwrap();
    }

    fn find_nothing(self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
    }
}

fn lines(found: &Value) -> impl Iterator<Item = &str> {
    let lines = found.as_array().unwrap().iter();
    lines.map(|line| line.as_str().unwrap())
}

fn pictures() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let folder = target.join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    folder
}
