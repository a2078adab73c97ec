// Open pages of a site from a file in Chromium, use their widgets, and print as JSON what
// they answered, what they asked of a network, what went wrong, and what axe finds.
//
//     node browser.mjs NODE_MODULES CHROMIUM SITE '[{"page": ..., "fill": ...}]'
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, chromium, site, asked] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium: browser } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE = Number(process.env.ZOO_PATIENCE ?? 120000); // ms

const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const opened = await browser.launch({ executablePath: chromium, args: quiet });
const context = await opened.newContext({ offline: true, locale: "en-US" });
const results = [];
for (const { page: path, fill = {}, click, until, axe: judged, shot } of JSON.parse(asked)) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const [problems, requests] = [[], []];
  page.on("console", (message) => message.type() !== "log" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => /^(file|blob|data):/.test(request.url()) || requests.push(request.url()));
  const began = Date.now();
  await page.goto(`file://${site}/${path}`);
  const live = await page.evaluate(() => document.getElementById("widget") !== null);
  const start = page.locator("#widget button.main").filter({ hasText: "Start the model" });
  if (live && (await start.count())) await start.click();
  const answered = () => /·|ms$|·/.test(document.getElementById("say").textContent);
  const seen = until ?? (live ? `(${answered})()` : "true");
  let first = null;
  try {
    await page.waitForFunction(seen);
    first = Date.now() - began;
    for (const [selector, value] of Object.entries(fill)) await page.locator(selector).fill(value);
    if (click) await page.locator(click).click();
    if (click || Object.keys(fill).length) {
      await page.waitForTimeout(1500);
      await page.waitForFunction(seen);
    }
  } catch (error) {
    problems.push(String(error.message).split("\n")[0]);
  }
  const found = await page.evaluate(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? null;
    const cells = (kind) => [...document.querySelectorAll(`#widget .bars .${kind}`)].map((one) => one.textContent);
    const pictures = [...document.querySelectorAll("#widget canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const small = canvas.width * canvas.height <= 10000;
      return { width: canvas.width, height: canvas.height, red: small ? [...data].filter((_, i) => i % 4 === 0) : [] };
    });
    return {
      say: text("#say"),
      big: text("#widget .big"),
      names: cells("name"),
      values: cells("value"),
      written: text("#widget .written"),
      count: text("#count"),
      pictures,
      wide: document.documentElement.scrollWidth - innerWidth,
    };
  });
  let faults = null;
  if (judged) {
    // The page's own policy forbids a script inside it; a debugger may run one.
    const result = await page.evaluate(`${axe}; axe.run()`);
    faults = result.violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
  }
  if (shot) await page.screenshot({ path: shot });
  results.push({ page: path, first, problems, requests, faults, ...found });
  await page.close();
}
await opened.close();
console.log(JSON.stringify(results));
