// Recordings in the browser: the example page, and Swagger UI's file chooser and player.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";

const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };

/** A WAV file of half a second: PCM, 16 bit, 8 kHz, mono. */
export function wav() {
  const samples = Buffer.alloc(8000);
  for (let at = 0; at < 4000; at += 1) samples.writeInt16LE(Math.round(9000 * Math.sin(at / 3)), 2 * at);
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  [[16, 4], [1, 2], [1, 2], [8000, 4], [16000, 4], [2, 2], [16, 2]].reduce((at, [value, length]) => {
    head.writeUIntLE(value, at, length);
    return at + length;
  }, 16);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

export const file = { name: "greeting.wav", mimeType: "audio/wav", buffer: wav() };

/** A static file server, and nothing more. */
export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    const name = request.url.split("?")[0].replace(/\/$/, "/index.html");
    response.setHeader("Content-Type", TYPES[extname(name)] ?? "application/octet-stream");
    response.end(readFileSync(join(folder, name)));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** What Swagger UI shows of a recording: a player that has it, and the file. */
export async function heard(operation, id, recording) {
  const faults = [];
  const player = operation.locator("audio");
  await player.waitFor();
  const seconds = await player.evaluate((audio) => new Promise((known) => {
    const tell = () => known(audio.duration || 0);
    if (audio.readyState > 0 || audio.error) tell();
    audio.addEventListener("loadedmetadata", tell);
    audio.addEventListener("error", tell);
  }));
  const length = (recording.length - 44) / recording.readUInt32LE(28);
  if (Math.abs(seconds - length) > 0.01) faults.push(`${id}: the player has ${seconds} s, not ${length}`);
  const [download] = await Promise.all([
    operation.page().waitForEvent("download"),
    operation.getByRole("link", { name: "Download file" }).click(),
  ]);
  const saved = readFileSync(await download.path());
  if (!saved.equals(recording)) faults.push(`${id}: ${saved.length} bytes are saved, others than are expected`);
  return faults;
}

/** The example page: sign in, list, play, upload, record, switch on; and what is refused. */
export async function voicemail(page, base, origin, shots) {
  const faults = [];
  const greeting = (type) => page.locator(`#greetings > li[data-type="${type}"]`);
  const says = (text) => page.locator("#status", { hasText: text }).waitFor();
  const signIn = async (password) => {
    await page.getByLabel("Gateway").fill(base);
    await page.getByLabel("Name").fill("fung");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await page.goto(`${origin}/`);
  await signIn("wrong – 日");
  await says("Unity Connection did not accept these credentials");
  await shots(page, "voicemail-refused");
  await signIn("winter-2010");
  await says("7 greetings of fung.");
  if (await page.getByLabel("Password").isVisible()) faults.push("the page still asks for a password");

  const alternate = greeting("alternate");
  if (!/^On until .*2091/.test(await alternate.locator(".state").innerText())) faults.push("alternate is not shown as on");
  await alternate.getByRole("button", { name: "Recordings", exact: true }).click();
  await alternate.getByRole("button", { name: "Play en-US" }).click();
  const played = await bytes(alternate);
  if (played.length !== 3244 || played.toString("latin1", 0, 4) !== "RIFF") faults.push(`${played.length} bytes are played`);
  await shots(page, "voicemail");

  const busy = greeting("busy");
  await busy.getByLabel("WAV file").setInputFiles({ ...file, buffer: Buffer.from("no recording") });
  await busy.getByRole("button", { name: "Upload" }).click();
  await says("The body is not a WAV file.");
  await busy.getByLabel("Language").selectOption("1036");
  await busy.getByLabel("WAV file").setInputFiles(file);
  await busy.getByRole("button", { name: "Upload" }).click();
  await says("a language that is not installed");
  await busy.getByLabel("Language").selectOption("1031");
  await busy.getByRole("button", { name: "Upload" }).click();
  await says("The busy greeting is recorded.");
  await busy.getByRole("button", { name: "Play de-DE" }).click();
  if (!(await bytes(busy)).equals(file.buffer)) faults.push("what is played is not what was uploaded");
  // The browser's own microphone beeps.
  await busy.getByRole("button", { name: "Record", exact: true }).click();
  await says("Speak now.");
  await page.waitForTimeout(500);
  await busy.getByRole("button", { name: "Stop and upload" }).click();
  await says("The busy greeting is recorded.");
  await busy.getByRole("button", { name: "Play en-US" }).click();
  const spoken = await bytes(busy);
  const format = [spoken.toString("latin1", 0, 4), spoken.readUInt16LE(20), spoken.readUInt32LE(24), spoken.readUInt32LE(40)];
  if (String(format) !== String(["RIFF", 1, 8000, spoken.length - 44])) faults.push(`what was spoken is ${format}`);
  if (!spoken.subarray(44).some((byte) => byte > 2)) faults.push("what was spoken is not heard");
  await busy.getByLabel("Until").fill("2020-01-01T00:00");
  await busy.getByRole("button", { name: "Switch on" }).click();
  await says("enabledUntil");
  await busy.getByLabel("Until").fill("");
  await busy.getByRole("button", { name: "Switch on" }).click();
  await says("The busy greeting: On, plays the recording.");
  await busy.getByRole("button", { name: "Switch off" }).click();
  await says("The busy greeting: Off, plays the recording.");
  await page.emulateMedia({ colorScheme: "dark" });
  await shots(page, "voicemail-dark");
  return faults;
}

/** The bytes that a player has. */
async function bytes(greeting) {
  const player = greeting.locator("audio");
  await player.waitFor();
  return Buffer.from(await player.evaluate(async ({ src }) => [...new Uint8Array(await (await fetch(src)).arrayBuffer())]));
}
