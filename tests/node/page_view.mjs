// Looks at the page in Debian's Chromium, as a person would: node page_view.mjs URL LEVEL PICTURES NAME. Waits until the verdict has
// the level, tells what is there as JSON on standard output, and writes a picture where PICTURES names a folder. Exits with 1 where
// the page is wrong in any state: an error in the console, something cut off, a chart or a part without a name.
import { chromium } from "playwright-core";

const [url, level, pictures, name] = process.argv.slice(2);
const PATIENCE_MS = 60_000;
const faults = [];

const browser = await chromium.launch({ executablePath: process.env.TWINSHIFT_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => request.url().startsWith(url) || request.url().startsWith("data:") || faults.push(`from elsewhere: ${request.url()}`));
  await page.goto(url);
  console.error("open");
  await page.waitForSelector(`#verdict.${level}`, { timeout: PATIENCE_MS });
  await page.waitForSelector("#lanes article", { timeout: PATIENCE_MS });
  const picture = async (suffix) => pictures && page.screenshot({ path: `${pictures}/page-${name}${suffix}.png`, fullPage: true });
  await picture("");
  const told = await page.evaluate(look);
  if (name === "healthy") {
    await page.emulateMedia({ colorScheme: "dark" });
    await picture("-dark");
    await page.emulateMedia({ colorScheme: "light" });
  }
  for (const width of [320, 700, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    const [has, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    if (has > room) faults.push(`at ${width} px it is ${has} px wide`);
    for (const cut of await page.evaluate(cutOff)) faults.push(`at ${width} px cut off: ${cut}`);
    if (width === 320 && name === "healthy") await picture("-narrow");
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.keyboard.press("Tab");
  if (!(await page.evaluate(() => document.activeElement.matches("a.skip")))) faults.push("the keyboard does not come to the verdict first");
  for (const fault of told.faults) faults.push(fault);
  console.log(JSON.stringify({ ...told, faults }));
} finally {
  await browser.close();
}
process.exit(faults.length > 0 ? 1 : 0);

// In the page.
function look() {
  const text = (node) => node?.textContent.trim().replace(/\s+/g, " ") ?? "";
  const faults = [];
  let depth = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3")) {
    const here = Number(heading.tagName[1]);
    if (here > depth + 1) faults.push(`a heading skips a level: ${text(heading)}`);
    if (!text(heading)) faults.push("a heading without text");
    depth = here;
  }
  for (const chart of document.querySelectorAll("svg[role=img]")) if (!chart.getAttribute("aria-label")) faults.push("a chart without a name");
  for (const part of document.querySelectorAll("article, section[aria-labelledby]")) {
    if (!text(document.getElementById(part.getAttribute("aria-labelledby")))) faults.push(`a part without a name: ${part.id}`);
  }
  const lanes = [...document.querySelectorAll("#lanes article")].map((lane) => ({ name: text(lane.querySelector("h3 span")), chip: text(lane.querySelector(".chip")), all: text(lane) }));
  return {
    title: document.title, headline: text(document.getElementById("headline")), points: text(document.getElementById("points")), lanes,
    parity: text(document.querySelector("#parity .sentence")), books: text(document.querySelector("#books .sentence")), errors: text(document.getElementById("errors")),
    live: text(document.getElementById("live")), markup: document.querySelectorAll("main b i, main img, main script").length, faults,
  };
}

function cutOff() {
  return [...document.querySelectorAll("main h2, main h3, main p, main dd, main dt, main li")]
    .filter((node) => node.textContent.trim() && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline" && node.clientWidth > 0)
    .map((node) => node.textContent.trim().slice(0, 60));
}
