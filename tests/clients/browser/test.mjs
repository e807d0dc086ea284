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

/** What a phone has besides a narrow window: a page without a viewport of its own is laid out wide and shrunk. */
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 3 };

/** A tab that notes what must not happen, and asks no person for a password. */
async function open(browser, base, faults, plant = async () => {}, device = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...device });
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

/** Opens the sign-in dialog: its two forms, name and password first. */
async function dialog(page) {
  await page.locator("button.btn.authorize").click();
  const forms = page.locator(".dialog-ux .auth-container");
  return { basic: forms.first(), bearer: forms.last(), close: () => forms.last().locator("button.btn-done").click() };
}

async function signIn(page, password, name = "fung") {
  const { basic, close } = await dialog(page);
  const logout = basic.getByRole("button", { name: "Remove authorization" });
  if (await logout.count()) await logout.click();
  await basic.locator("input[type=text]").fill(name);
  await basic.locator("input[type=password]").fill(password);
  await basic.locator("button.authorize").click();
  await close();
}

/** Opens an operation. */
async function unfold(page, id) {
  const operation = page.locator(`.opblock[id$="-${id}"]`);
  if (!/is-open/.test(await operation.getAttribute("class"))) {
    await operation.locator(".opblock-summary-control").click();
  }
  await operation.locator("button.execute").waitFor();
  return operation;
}

/** Executes an operation with what stands in its form, and reads what Swagger UI shows. */
async function execute(page, id) {
  const operation = await unfold(page, id);
  // An answer of before would be taken for this one.
  const clear = operation.locator("button.btn-clear");
  if (await clear.count()) await clear.click();
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
  const sent = (await response.request().allHeaders()).authorization;
  return { operation, response, sent, status: response.status(), headers: response.headers(), shown };
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

/** Our parts: the page itself, the texts of the document, and what our colours and plugins are about. */
const OURS = "html, head, title, .info *, .renderedMarkdown, .renderedMarkdown *, .opblock-summary-description, "
  + "summary, table.headers *, .parameter__in, .parameter__name, .opblock-section-header h4, .response-col_status";

/** Loads Swagger UI and executes operations; the faults that it finds. */
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
    await shots?.(page, "overview");

    await signIn(page, "winter-2010");
    const shown = await page.locator(".opblock").evaluateAll((all) => all.map(({ id }) => id.replace(/^operations-.*-/, "")));
    for (const id of shown.filter(wanted)) {
      const { height } = await (await unfold(page, id)).boundingBox();
      if (height > 1900) faults.push(`${id} is ${Math.round(height)} pixels tall`);
      const { operation, response, sent, status, shown } = await execute(page, id);
      const { responses } = operations.find(({ operationId }) => operationId === id);
      const success = Object.keys(responses).find((status) => /^2/.test(status));
      if (String(status) !== success) faults.push(`${id} with its examples: ${status} ${shown}`);
      if (/^audio/.test(response.headers()["content-type"])) {
        const recording = await fetch(response.url(), { headers: { Authorization: sent } });
        faults.push(...await heard(operation, id, Buffer.from(await recording.arrayBuffer())));
      }
      if (await operation.locator("input[type=file]").count()) {
        const uploaded = await execute(page, id.replace("set_", "get_"));
        faults.push(...await heard(uploaded.operation, id, file.buffer));
        await uploaded.operation.locator(".opblock-summary-control").click();
      }
      await operation.locator(".opblock-summary-control").click();
    }
  } catch (error) {
    faults.push(`Swagger UI: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** What Swagger UI looks like, and what axe says of it. */
async function looks(browser, base, schemes, plant, shots) {
  const faults = [];
  const page = await open(browser, base, faults, plant);
  try {
    await page.goto(`${base}/swagger-ui/`);
    for (const id of ["get_account", "update_user", "set_account_password", "create_private_list", "delete_private_list"]) {
      await (await unfold(page, id)).locator("summary").first().click();
    }
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
      faults.push(...(await inaccessible(page, OURS)).map((fault) => `${colorScheme}: ${fault}`));
      await shots?.(page, `operations-${colorScheme}`);
    }
  } catch (error) {
    faults.push(`looks: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** The sign-in dialog: what has the focus, what is no sign-in, and what is sent. */
async function signIns(browser, base, plant, shots) {
  const faults = [];
  const page = await open(browser, base, faults, plant);
  const expect = async (name, expected) => {
    const { sent } = await execute(page, "list_accounts");
    const [scheme, value] = sent?.split(" ") ?? [];
    const found = scheme === "Basic" ? `Basic ${Buffer.from(value, "base64")}` : sent;
    if (found !== expected) faults.push(`${name}: ${found} is sent, not ${expected}`);
  };
  const apply = (form) => form.getByRole("button", { name: "Apply credentials" }).click();
  try {
    await page.goto(`${base}/swagger-ui/`);
    await page.locator(".opblock").first().waitFor();
    const { basic, bearer, close } = await dialog(page);
    const [name, password, token] = [basic.locator("[type=text]"), basic.locator("[type=password]"), bearer.locator("input")];
    if (await page.evaluate("document.activeElement.id") !== await name.getAttribute("id")) faults.push("the name has no focus");
    await shots?.(page, "sign-in");
    const refused = async (form, ...fields) => {
      for (const [field, text] of fields) await field.fill(text);
      if (await form.locator("input:invalid").count() === 0) throw new Error(`an empty field is taken: ${fields.map(([, text]) => text)}`);
      await apply(form);
    };
    for (const emptied of ["", "  "]) {
      await refused(bearer, [token, "token-fung"], [token, emptied]);
      await refused(basic, [name, "fung"], [name, emptied], [password, "winter-2010"]);
      await refused(basic, [name, "fung"], [password, emptied]);
    }
    await close();
    await expect("an emptied sign-in", undefined);
    for (const [name, password] of [["fung", "Grün"], ["fung", "€"], ["日", "日"], ["eva", "pass:wörd 😀&%+"]]) {
      await signIn(page, password, name);
      await expect("Basic", `Basic ${name}:${password}`);
    }
    const second = await dialog(page);
    await second.bearer.locator("input").fill("token-fung");
    await apply(second.bearer);
    if (await second.bearer.locator("input").count() !== 0) faults.push("a token is no sign-in");
    if (await second.basic.locator("input").count() !== 2) faults.push("two schemes are signed in");
    await second.close();
    await expect("Bearer", "Bearer token-fung");
    await signIn(page, "winter-2010");
    await expect("Basic after Bearer", "Basic fung:winter-2010");
  } catch (error) {
    faults.push(`sign-in: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** A phone: nothing is wider than the screen, the sign-in dialog fits, and what is folded opens by a key. */
async function phone(browser, base, plant, shots) {
  const faults = [];
  const page = await open(browser, base, faults, plant, PHONE);
  const fits = async (name) => {
    const [width, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.screen.width]);
    if (width > screen) faults.push(`${name} is ${width} pixels wide on a phone of ${screen}`);
  };
  try {
    await page.goto(`${base}/swagger-ui/`);
    await page.locator(".opblock").first().waitFor();
    await fits("the page");
    await shots?.(page, "phone");
    await page.locator("button.btn.authorize").tap();
    const dialog = await page.locator(".dialog-ux .modal-ux").boundingBox();
    if (dialog.x < 0 || dialog.x + dialog.width > PHONE.viewport.width) faults.push("the sign-in dialog does not fit a phone");
    await shots?.(page, "phone-sign-in");
    await page.locator(".dialog-ux button.btn-done").first().tap();
    await signIn(page, "winter-2010");
    for (const id of ["set_account_password", "list_directory_entries"]) {
      const { operation } = await execute(page, id);
      const problem = operation.locator("details").first();
      await problem.locator("summary").focus();
      await page.keyboard.press("Enter");
      await problem.locator(".model-example, .headers-wrapper").waitFor();
      await fits(id);
      await shots?.(page, `phone-${id}`, operation);
    }
  } catch (error) {
    faults.push(`phone: ${error.message}`);
  }
  await page.context().close();
  return faults;
}

/** What is loaded: little at first, and nothing when it is loaded again. */
async function transfers(browser, base) {
  const faults = [];
  const page = await open(browser, base, faults);
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  const load = async (visit) => {
    bytes = 0;
    await visit();
    await page.locator(".opblock").first().waitFor();
    await page.waitForLoadState("networkidle");
    return bytes;
  };
  const first = await load(() => page.goto(`${base}/swagger-ui/`));
  const again = await load(() => page.goto(`${base}/swagger-ui/?again`));
  if (first < 400_000 || first > 700_000) faults.push(`a first visit takes ${first} bytes`);
  if (again > 10_000) faults.push(`a second visit takes ${again} bytes`);
  console.log(`${first} bytes at the first visit, ${again} at the second`);
  await page.context().close();
  return faults;
}

/** Without scripts the page says where the document is, behind a path that is stripped too. */
async function withoutScripts(browser, base, shots) {
  const faults = [];
  const proxy = createServer(async (request, response) => {
    const answer = await fetch(base + request.url.replace("/voicemail/", "/"));
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") }).end(await answer.text());
  });
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${proxy.address().port}`;
  const page = await open(browser, origin, faults, undefined, { javaScriptEnabled: false, colorScheme: "dark" });
  try {
    await page.goto(`${origin}/voicemail/swagger-ui/`);
    await shots(page, "without-scripts");
    await page.getByRole("link", { name: "openapi.json" }).click();
    await page.getByText('"openapi": "3.1').waitFor();
    if (page.url() !== `${origin}/voicemail/api/v1/openapi.json`) faults.push(`without scripts: ${page.url()}`);
  } catch (error) {
    faults.push(`without scripts: ${error.message}`);
  }
  await page.context().close();
  proxy.close();
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

/** Pictures of the whole page, wide and narrow, or of a part of it; of a phone, what is on its screen. */
async function shots(page, name, part) {
  const target = part ?? page;
  const isPhone = page.viewportSize().width === PHONE.viewport.width;
  await target.screenshot({ path: join(directory, `${name}.png`), fullPage: part === undefined && !isPhone });
  if (isPhone || part) return;
  await page.setViewportSize({ width: 390, height: 844 });
  await target.screenshot({ path: join(directory, `${name}-narrow.png`), fullPage: true });
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

/** Changes a file before the browser gets it. */
function change(file, from, to, headers = {}) {
  return (page) => page.route(`**/${file}`, async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    await route.fulfill({ response, headers: { ...response.headers(), ...headers }, body: text.replaceAll(from, to) });
  });
}

const oneAccount = (plant) => tryOut(browser, base, (id) => id === "get_account", plant);
const PLUGINS = "swagger-ui/swagger-initializer.js";

/** Faults to plant: what must be found then, by which check. */
const PLANTS = {
  "an external asset": [/request outside the origin/, oneAccount,
    change("swagger-ui/", "</head>", '<script src="http://127.0.0.1:9/font.js"></script></head>', { "content-security-policy": "" })],
  "a stale example": [/get_account with its examples: 404/, oneAccount,
    change("openapi.json", "75436abf-8784-450f-ac61-23a08be2c364", "75436abf-8784-450f-ac61-23a08be2c365")],
  "problems that are not folded": [/get_account is \d+ pixels tall/, oneAccount, change(PLUGINS, "Folding, ", "")],
  "no viewport of the phone's": [/the page is \d+ pixels wide/, (plant) => phone(browser, base, plant),
    change("swagger-ui/", 'name="viewport"', 'name="nothing"')],
  "Swagger UI's own dialog": [/the name has no focus/, (plant) => signIns(browser, base, plant), change(PLUGINS, "SignIn, ", "")],
  "empty fields": [/an empty field is taken: token-fung,$/, (plant) => signIns(browser, base, plant),
    change(PLUGINS, "required: true", "required: false")],
  "two schemes at once": [/two schemes are signed in[^]*Basic after Bearer: Bearer/, (plant) => signIns(browser, base, plant),
    change(PLUGINS, "authActions.logout(", "void (")],
  "Swagger UI's own encoding": [/Basic: Basic fung:Gr.n is sent/, (plant) => signIns(browser, base, plant),
    change(PLUGINS, "Utf8, ", "")],
  "no dark colours": [/dark: accessibility: color-contrast/, (plant) => looks(browser, base, ["dark"], plant),
    change(PLUGINS, ", Dark", "")],
};

/** Everything that must hold; the faults. */
async function checks() {
  return [
    ...await example(browser, base, folder.origin, shots),
    ...await tryOut(browser, base, () => true, undefined, shots),
    ...await looks(browser, base, ["light", "dark"], undefined, shots),
    ...await signIns(browser, base, undefined, shots),
    ...await phone(browser, base, undefined, shots),
    ...await transfers(browser, base),
    ...await withoutScripts(browser, base, shots),
    ...await reject(browser, base, shots),
    ...await crossOrigin(browser, base, allowed.origin, other.origin, shots),
  ];
}

/** The planted faults; those that are not found. */
async function plants() {
  const missed = [];
  for (const [name, [expected, check, plant]] of Object.entries(PLANTS)) {
    const found = (await check(plant)).join("\n");
    if (expected.test(found)) console.log(`found when planted: ${name}`);
    else missed.push(`planted, but not found: ${name}: ${found}`);
  }
  return missed;
}

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
    const [faults, missed] = await Promise.all([checks(), plants()]);
    faults.push(...missed);
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
