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

/** Drop a file of this machine on an element, as a hand does with a mouse. */
const drop = async (page, selector, path) => {
  const coded = readFileSync(path).toString("base64");
  await page.locator(selector).evaluate(
    (target, [coded, name]) => {
      const bytes = Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], name));
      target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [coded, path.split("/").at(-1)],
  );
};

/** Draw a line on the pad, through points that are shares of its sides. */
const draw = async (page, points) => {
  const pad = page.locator("#widget canvas.pad");
  await pad.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await pad.boundingBox();
  const [first, ...rest] = points.map(([right, down]) => [x + right * width, y + down * height]);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...point, { steps: 10 });
  await page.mouse.up();
};

for (const use of JSON.parse(asked)) {
  const { page: path, fill = {}, click, dropped, drawn, keys, until, axe: judged, shot, whole } = use;
  const { width = 1280, height = 720, dark = false } = use;
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  const [problems, requests] = [[], []];
  page.on("console", (message) => message.type() !== "log" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.stack));
  page.on("request", (request) => /^(file|blob|data):/.test(request.url()) || requests.push(request.url()));
  // Asked by the debugger, which the policy of the page does not bind, as it binds eval().
  const session = await context.newCDPSession(page);
  const told = async (expression) => {
    const given = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", given);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const seen = async (expression) => {
    const end = Date.now() + PATIENCE;
    while (!(await told(expression))) {
      if (Date.now() > end) throw new Error(`It did not come: ${expression}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const settled = async () => {
    const text = 'document.getElementById("widget").textContent + document.getElementById("say").textContent';
    let [before, same] = [null, 0];
    while (same < 4) {
      await new Promise((done) => setTimeout(done, 400));
      const now = await told(text);
      same = now === before ? same + 1 : 0;
      before = now;
    }
  };
  const began = Date.now();
  await page.goto(`file://${site}/${path}`);
  const live = await told('document.getElementById("widget") !== null');
  const start = page.locator("#widget button.main").filter({ hasText: /Start the model|모델 시작/ });
  if (live && (await start.count())) await start.click();
  const answered = '/·|ms$|밀리초$/.test(document.getElementById("say").textContent)';
  const wanted = until ?? (live ? answered : "true");
  let first = null;
  try {
    await seen(wanted);
    first = Date.now() - began;
    for (const [selector, value] of Object.entries(fill)) await page.locator(selector).fill(value);
    if (click) await page.locator(click).click();
    if (dropped) await drop(page, "#widget .drop", dropped);
    if (drawn) await draw(page, drawn);
    for (const [selector, key] of Object.entries(keys ?? {})) await page.locator(selector).first().press(key);
    if (click || dropped || drawn || keys || Object.keys(fill).length) {
      await settled();
      await seen(wanted);
    }
  } catch (error) {
    problems.push(String(error.message).split("\n")[0]);
  }
  const found = await page.evaluate((whole) => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? null;
    const cells = (kind) => [...document.querySelectorAll(`#widget .bars .${kind}`)].map((one) => one.textContent);
    const pictures = [...document.querySelectorAll("#widget canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const area = canvas.width * canvas.height;
      const step = whole ? 1 : Math.ceil(area / 10000); // of many pixels, some
      const pixels = Array.from({ length: Math.ceil(area / step) }, (_, n) => [...data.subarray(4 * step * n, 4 * step * n + 3)]);
      return { width: canvas.width, height: canvas.height, step, pixels };
    });
    return {
      say: text("#say"),
      big: text("#widget .big"),
      names: cells("name"),
      values: cells("value"),
      written: text("#widget .written"),
      attention: [...document.querySelectorAll("#widget .attention tr")].map((row) => [...row.children].map((one) => one.textContent)),
      count: text("#count"),
      pictures,
      wide: document.documentElement.scrollWidth - innerWidth,
    };
  }, whole ?? false);
  let faults = null;
  if (judged) {
    await told(`${axe}; true`);
    const result = JSON.parse(await told("axe.run(document, { preload: false }).then(JSON.stringify)"));
    faults = result.violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
  }
  if (shot) await page.screenshot({ path: shot, fullPage: use.full ?? false });
  results.push({ page: path, first, problems, requests, faults, ...found });
  await page.close();
}
await opened.close();
console.log(JSON.stringify(results));
