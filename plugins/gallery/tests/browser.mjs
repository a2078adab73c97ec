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

/** Go through a page by Tab: what is reached, by its place in the page; what of all that
 * can be used is missed; where nothing shows the focus; and whether it leaves the page. */
const walk = async (page) => {
  const usable = await page.evaluate(() => {
    const kinds = "a[href], button, input, select, textarea, [tabindex='0']";
    const all = [...document.querySelectorAll(kinds)].filter((one) => one.checkVisibility() && !one.disabled);
    all.forEach((one, place) => (one.dataset.walk = place));
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    return all.length;
  });
  const [reached, hidden] = [[], []];
  let left = false;
  while (!left && reached.length <= usable) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const { width, height, right, bottom } = one.getBoundingClientRect();
      const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      const inside = width > 0 && height > 0 && right > 0 && bottom > 0;
      return { place: Number(one.dataset.walk), seen: outlined && inside, html: one.outerHTML.slice(0, 100) };
    });
    left = found === null || found.place === reached[0];
    if (left) break;
    reached.push(found.place);
    if (!found.seen) hidden.push(found.html);
  }
  const missed = await page.evaluate(
    (reached) =>
      [...document.querySelectorAll("[data-walk]")]
        .filter((one) => !reached.includes(Number(one.dataset.walk)))
        .map((one) => one.outerHTML.slice(0, 100)),
    reached,
  );
  return { reached, hidden, missed, left };
};

for (const use of JSON.parse(asked)) {
  const { page: path, fill = {}, click, dropped, drawn, keys, until, walk: walked, axe: judged, shot, whole } = use;
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
  const text = '(document.getElementById("widget")?.textContent ?? "") + document.getElementById("say")?.textContent';
  const settled = async () => {
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
    const earlier = await told(text);
    for (const [selector, value] of Object.entries(fill)) await page.locator(selector).fill(value);
    if (click) await page.locator(click).click();
    if (dropped) await drop(page, "#widget .drop", dropped);
    if (drawn) await draw(page, drawn);
    for (const [selector, key] of Object.entries(keys ?? {})) await page.locator(selector).first().press(key);
    if (click || dropped || drawn || keys || Object.keys(fill).length) {
      await seen(`${text} !== ${JSON.stringify(earlier)}`);
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
  const lost = await page.evaluate(async () => {
    const found = [];
    for (const picture of document.images) {
      picture.loading = "eager";
      await picture.decode().catch(() => found.push(picture.getAttribute("src").slice(0, 80)));
    }
    return found;
  });
  const steps = walked ? await walk(page) : null;
  let faults = null;
  if (judged) {
    await told(`${axe}; true`);
    const result = JSON.parse(await told("axe.run(document, { preload: false }).then(JSON.stringify)"));
    faults = result.violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
  }

  if (shot) await page.screenshot({ path: shot, fullPage: use.full ?? false });
  results.push({ page: path, first, problems, requests, lost, faults, walk: steps, ...found });
  await page.close();
}
await opened.close();
console.log(JSON.stringify(results));
