// Swagger UI, a page of another origin and the example page, in Chromium, against `demo`.
//
//     node test.mjs BINARY DIRECTORY [--screenshot FILE]
//
// Screenshots go to DIRECTORY; FILE gets the one that the README shows. Then faults are planted, and each must be found.
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { file, heard, serveFolder, voicemail } from "./recordings.mjs";

const [binary, directory, flag, readme] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const SECONDS = 1000;

/** A server of one page, for another origin. */
async function serve(page) {
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") return response.writeHead(204).end();
    response.writeHead(200, { "Content-Type": "text/html" }).end(page);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** `demo` on a free port, and its address out of the line that it prints. */
async function demo(...origins) {
  const environment = {
    ...process.env,
    CUPI_GATEWAY__SERVER__BIND: "127.0.0.1:0",
    CUPI_GATEWAY__CORS__ALLOWED_ORIGINS: JSON.stringify(origins),
  };
  const child = spawn(binary, ["demo"], { env: environment, stdio: ["ignore", "pipe", "ignore"] });
  const base = await new Promise((found, failed) => {
    let printed = "";
    child.stdout.on("data", (text) => {
      printed += text;
      const address = printed.match(/Swagger UI: +(http:\S+)\/swagger-ui\//);
      if (address) found(address[1]);
    });
    child.on("exit", (code) => failed(new Error(`demo ended with ${code}`)));
    setTimeout(() => failed(new Error("demo printed no address")), 30 * SECONDS).unref();
  });
  return { child, base };
}

/** A tab that notes what must not happen, and asks no person for a password. */
async function open(browser, base, faults, plant = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20 * SECONDS);
  await plant(page);
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !url.startsWith(base)) faults.push(`request outside the origin: ${url}`);
  });
  page.on("console", (message) => {
    // A status of 400 and more is logged for each request that got one.
    const refused = /^Failed to load resource: the server responded with a status of/.test(message.text());
    if (message.type() === "error" && !refused) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  return page;
}

async function signIn(page, password) {
  await page.locator("button.btn.authorize").click();
  const basic = page.locator(".dialog-ux .auth-container").first();
  const logout = basic.getByRole("button", { name: "Remove authorization" });
  if (await logout.count()) await logout.click();
  await basic.locator("input[type=text]").fill("fung");
  await basic.locator("input[type=password]").fill(password);
  await basic.locator("button.authorize").click();
  await page.locator(".dialog-ux button.btn-done").first().click();
}

/** Executes an operation with what stands in its form, and reads what Swagger UI shows. */
async function execute(page, id) {
  const operation = page.locator(`.opblock[id$="-${id}"]`);
  if (!/is-open/.test(await operation.getAttribute("class"))) {
    await operation.locator(".opblock-summary-control").click();
  }
  const chooser = operation.locator("input[type=file]");
  if (await chooser.count()) await chooser.setInputFiles(file);
  const method = await operation.locator(".opblock-summary-method").innerText();
  const answered = page.waitForResponse((response) =>
    response.request().method() === method && /\/api\/v1\/(?!openapi)/.test(response.url()));
  await operation.locator("button.execute").click();
  const response = await answered;
  const row = operation.locator(".live-responses-table tbody tr").first();
  await row.locator(".response-col_status", { hasText: String(response.status()) }).waitFor();
  const shown = await row.locator(".response-col_description").innerText();
  return { operation, status: response.status(), headers: response.headers(), shown };
}

/** What axe holds against our parts of the page; the rest is Swagger UI's own. */
async function inaccessible(page, ours) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  const found = [];
  for (const { id, impact, nodes } of violations) {
    for (const { target } of nodes) {
      const part = ours === undefined
        || await page.evaluate(([target, ours]) => document.querySelector(target)?.matches(ours), [target.at(-1), ours]);
      if (part && ["serious", "critical"].includes(impact)) found.push(`accessibility: ${id}: ${target}`);
    }
  }
  return found;
}

/** Our parts: the page itself, and the texts of the document. */
const OURS = "html, head, title, .info *, .renderedMarkdown, .renderedMarkdown *, .opblock-summary-description";

/** Loads Swagger UI and tries operations; the faults that it finds. */
async function tryOut(browser, base, wanted, plant, shots) {
  const faults = [];
  const page = await open(browser, base, faults, plant);
  try {
    await page.goto(`${base}/swagger-ui/`);
    await page.locator(".opblock").first().waitFor();
    if (await page.title() !== "cupi-gateway: Swagger UI") faults.push(`title: ${await page.title()}`);
    if (await page.locator("html").getAttribute("lang") !== "en") faults.push("the language is not set");
    const document = await (await fetch(`${base}/api/v1/openapi.json`)).json();
    const operations = Object.values(document.paths).flatMap(Object.values);
    if (await page.locator(".opblock").count() !== operations.length) faults.push("not every operation is shown");
    if (shots) await shots(page, "overview");

    await signIn(page, "winter-2010");
    // In the page's order, but what is recorded before it is heard, and what is deleted last. Of the other writes only those
    // whose examples can follow one another.
    const writes = ["create_alternate_device", "delete_alternate_device", "set_account_password", "set_pin"];
    const recording = /(voice_name|greeting_recording)$/;
    const follows = (id) => recording.test(id) || /^(get|list)_/.test(id) || writes.includes(id);
    const ids = operations.map(({ operationId }) => operationId).filter(wanted).filter(follows);
    const place = (id) => /^delete/.test(id) ? 2 : /^set/.test(id) && recording.test(id) ? 0 : 1;
    ids.sort((one, other) => place(one) - place(other));
    for (const id of ids) {
      const { operation, status, shown } = await execute(page, id);
      const { responses } = operations.find(({ operationId }) => operationId === id);
      const success = Object.keys(responses).find((status) => /^2/.test(status));
      if (String(status) !== success) faults.push(`${id} with its examples: ${status} ${shown}`);
      if (/^get/.test(id) && recording.test(id)) faults.push(...await heard(page, operation, id));
      if (shots) await shots(page, id, operation);
      await operation.locator(".opblock-summary-control").click();
    }
    if (shots) faults.push(...await inaccessible(page, OURS));
  } catch (error) {
    faults.push(`Swagger UI: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** A wrong password: our problem, and no sign-in box of the browser's. */
async function reject(browser, base, shots) {
  const faults = [];
  const page = await open(browser, base, faults);
  const boxes = await signInBoxes(page);
  await page.goto(`${base}/swagger-ui/`);
  await page.locator(".opblock").first().waitFor();
  await signIn(page, "wrong");
  const { operation, status, headers, shown } = await execute(page, "list_accounts");
  if (status !== 401 || !/credentials_rejected/.test(shown)) faults.push(`a wrong password: ${status} ${shown}`);
  if (headers["www-authenticate"] !== 'Bearer realm="Unity Connection"') {
    faults.push(`a script is challenged with ${headers["www-authenticate"]}`);
  }
  if (boxes.count !== 0) faults.push("a script's 401 opens a sign-in box");
  await shots(page, "rejected", operation);
  // The same without a script, to see that a box would have been noticed.
  await page.goto(`${base}/api/v1/accounts`);
  if (boxes.count !== 1) faults.push("a person's 401 opens no sign-in box");
  await page.context().close();
  return faults;
}

/** Counts when the browser would ask a person for name and password, and declines. */
async function signInBoxes(page) {
  const boxes = { count: 0 };
  const session = await page.context().newCDPSession(page);
  await session.send("Fetch.enable", { handleAuthRequests: true });
  session.on("Fetch.requestPaused", ({ requestId }) => session.send("Fetch.continueRequest", { requestId }).catch(() => {}));
  session.on("Fetch.authRequired", ({ requestId }) => {
    boxes.count += 1;
    const authChallengeResponse = { response: "CancelAuth" };
    session.send("Fetch.continueWithAuth", { requestId, authChallengeResponse }).catch(() => {});
  });
  return boxes;
}

/** A page of the allowed origin lists the accounts; the same page from another origin may not. */
async function crossOrigin(browser, base, allowed, other, shots) {
  const faults = [];
  for (const origin of [allowed, other]) {
    const noted = [];
    const page = await open(browser, base, noted);
    await page.goto(`${origin}/?api=${base}`);
    await page.locator("p:not(:empty)").waitFor();
    const list = await page.locator("li").allInnerTexts();
    const said = await page.locator("p").innerText();
    const expected = origin === allowed
      ? ["Exchange2K3,Exchange2K7", "ETag, Cache-Status, X-Request-Id"]
      : ["", "Failed to fetch"];
    if (String(list) !== expected[0] || said !== expected[1]) faults.push(`${origin} shows ${list}: ${said}`);
    if (origin === allowed) {
      await shots(page, "other-origin");
      faults.push(...await inaccessible(page), ...noted.filter((fault) => !fault.includes(origin)));
    }
    await page.context().close();
  }
  return faults;
}

/** The example page, on another origin. */
async function example(browser, base, origin, shots) {
  const noted = [];
  const page = await open(browser, base, noted);
  const faults = [];
  try {
    faults.push(...await voicemail(page, base, origin, shots));
    faults.push(...await inaccessible(page), ...noted.filter((fault) => !fault.includes(origin)));
  } catch (error) {
    faults.push(`the voicemail page: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** Pictures of the whole page, wide and narrow, or of a part of it. */
async function shots(page, name, part) {
  const target = part ?? page;
  await target.screenshot({ path: join(directory, `${name}.png`), fullPage: part === undefined });
  await page.setViewportSize({ width: 390, height: 844 });
  await target.screenshot({ path: join(directory, `${name}-narrow.png`), fullPage: part === undefined });
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** The picture in the README. */
async function portrait(browser, base) {
  const page = await open(browser, base, []);
  await page.setViewportSize({ width: 1100, height: 900 });
  await page.goto(`${base}/swagger-ui/`);
  await page.locator(".opblock").first().waitFor();
  await signIn(page, "winter-2010");
  const { operation } = await execute(page, "list_accounts");
  const from = await operation.boundingBox();
  const to = await operation.locator(".live-responses-table").boundingBox();
  const clip = { ...from, height: to.y + to.height - from.y };
  await page.screenshot({ path: readme, fullPage: true, clip: { ...clip, y: clip.y + await page.evaluate("scrollY") } });
  await page.context().close();
}

/** Faults to plant, and what must be found then. */
const PLANTS = {
  "an external asset": [/request outside the origin/, async (page) => {
    await page.route("**/swagger-ui/", async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "content-security-policy": "" };
      const body = (await response.text()).replace("</head>", '<script src="http://127.0.0.1:9/font.js"></script></head>');
      await route.fulfill({ response, headers, body });
    });
  }],
  "a stale example": [/get_account with its examples: 404/, async (page) => {
    await page.route("**/openapi.json", async (route) => {
      const response = await route.fetch();
      const old = /75436abf-8784-450f-ac61-23a08be2c364/g;
      await route.fulfill({ response, body: (await response.text()).replace(old, "75436abf-8784-450f-ac61-23a08be2c365") });
    });
  }],
};

const profile = mkdtempSync(join(tmpdir(), "chromium-"));
const page = readFileSync(new URL("accounts.html", import.meta.url));
const [allowed, other] = [await serve(page), await serve(page)];
const folder = await serveFolder("examples/voicemail-page");
const { child, base } = await demo(allowed.origin, folder.origin);
const browser = await chromium.launch({
  executablePath: execFileSync("which", ["chromium"], { encoding: "utf8" }).trim(),
  env: { ...process.env, HOME: profile },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});
try {
  if (flag === "--screenshot") {
    await portrait(browser, base);
  } else {
    const faults = [
      ...await example(browser, base, folder.origin, shots),
      ...await tryOut(browser, base, () => true, undefined, shots),
      ...await reject(browser, base, shots),
      ...await crossOrigin(browser, base, allowed.origin, other.origin, shots),
    ];
    for (const [name, [expected, plant]] of Object.entries(PLANTS)) {
      const found = await tryOut(browser, base, (id) => id === "get_account", plant);
      if (found.some((fault) => expected.test(fault))) console.log(`found when planted: ${name}`);
      else faults.push(`planted, but not found: ${name}: ${found}`);
    }
    for (const fault of faults) console.error(fault);
    console.log(`${faults.length} faults in the browser`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  }
} finally {
  await browser.close();
  child.kill();
  allowed.server.close();
  folder.server.close();
  other.server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
}
