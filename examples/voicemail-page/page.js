// A voicemail page: who signs in sees, hears, replaces and switches the own greetings.
import { record } from "./wav.js";

/** The gateway's address and the value of `Authorization`, in memory alone: they are gone with the page. */
let session = null;

const signIn = document.querySelector("#sign-in");
const signOut = document.querySelector("#sign-out");
const list = document.querySelector("#greetings");
const template = document.querySelector("#greeting");

/** Basic credentials in UTF-8 (RFC 7617). `btoa` alone takes Latin-1 only. */
function basic(name, password) {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Asks the gateway. A refusal becomes an error with the problem's own words. */
async function ask(path, options = {}) {
  const headers = { Authorization: session.authorization, ...options.headers };
  const answer = await fetch(session.gateway + path, { ...options, headers }).catch(() => {
    throw new Error("The gateway does not answer this page. Check its address and `cors.allowed_origins`.");
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The gateway answers ${answer.status}.`);
}

function say(text, fault = false) {
  const status = document.querySelector("#status");
  status.textContent = text;
  status.classList.toggle("fault", fault);
}

/** Runs what a person asked for, and says what came of it. */
async function attempt(work) {
  say("One moment …");
  try {
    say(await work());
  } catch (error) {
    say(error.message, true);
  }
}

function state({ enabled, enabledUntil, playWhat }) {
  const what = { recorded: "the recording", system: "the standard text", none: "nothing" }[playWhat];
  const until = enabledUntil ? ` until ${new Date(enabledUntil).toLocaleString()}` : "";
  return (enabled ? `On${until}` : "Off") + (what ? `, plays ${what}` : "");
}

/** Shows the greetings anew. */
async function show() {
  const greetings = await (await ask("/api/v1/greetings")).json();
  list.replaceChildren(...greetings.items.map(showGreeting));
  return greetings.total;
}

function showGreeting(greeting) {
  const item = template.content.cloneNode(true).firstElementChild;
  const { greetingType, uri, recordingsUri } = greeting;
  item.dataset.type = greetingType;
  item.querySelector("h2").textContent = greetingType.replace("-", " ");
  item.querySelector(".state").textContent = state(greeting);

  const recordings = item.querySelector(".recordings");
  const listen = button("Recordings", () => attempt(() => showRecordings(recordings, recordingsUri)));
  recordings.append(listen);

  const upload = item.querySelector(".upload");
  const send = async (file) => {
    const address = `${recordingsUri}/${upload.elements.language.value}`;
    // A browser would name the type by the file's name, if at all.
    const headers = { "Content-Type": "audio/wav" };
    await ask(address, { method: "PUT", headers, body: file });
    upload.reset();
    await showRecordings(recordings, recordingsUri);
    return `The ${greetingType} greeting is recorded. Callers hear it once it is switched on with the recording.`;
  };
  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => send(upload.elements.file.files[0]));
  });
  let stop = null;
  upload.elements.record.addEventListener("click", ({ target }) => attempt(async () => {
    if (stop) {
      const file = await stop();
      stop = null;
      target.textContent = "Record";
      return send(file);
    }
    stop = await record();
    target.textContent = "Stop and upload";
    return "Speak now.";
  }));

  const form = item.querySelector(".switch");
  // Standard is always on, and without end.
  const always = greetingType === "standard";
  form.querySelector("label").hidden = always;
  form.elements.off.hidden = always;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { value: until } = form.elements.until;
    const on = event.submitter.value === "on";
    const enabledUntil = until ? new Date(until).toISOString() : null;
    const change = on ? { playWhat: "recorded", enabled: true, enabledUntil } : { enabled: false };
    attempt(async () => {
      const headers = { "Content-Type": "application/merge-patch+json" };
      await ask(uri, { method: "PATCH", headers, body: JSON.stringify(change) });
      // What Unity Connection made of it: it drops without a word what a person may not change.
      const now = await (await ask(uri)).json();
      item.querySelector(".state").textContent = state(now);
      return `The ${greetingType} greeting: ${state(now)}.`;
    });
  });
  return item;
}

async function showRecordings(place, uri) {
  const { items } = await (await ask(uri)).json();
  const play = ({ languageTag, languageCode, uri }) =>
    button(`Play ${languageTag ?? languageCode}`, (event) => attempt(() => playRecording(event.target, uri)));
  place.replaceChildren(...items.map(play));
  return items.length ? "" : "Nothing is recorded.";
}

/** `<audio src>` cannot sign in: the recording is fetched, and played out of the page's memory. */
async function playRecording(after, uri) {
  const recording = await (await ask(uri)).blob();
  const place = after.parentElement;
  place.querySelectorAll("audio").forEach((player) => {
    URL.revokeObjectURL(player.src);
    player.remove();
  });
  const player = document.createElement("audio");
  player.controls = true;
  player.src = URL.createObjectURL(recording);
  place.append(player);
  // A browser may want another touch before there is sound.
  await player.play().catch(() => {});
  return "";
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  const { gateway, name, password } = signIn.elements;
  session = { gateway: gateway.value.replace(/\/+$/, ""), authorization: basic(name.value, password.value) };
  attempt(async () => {
    const total = await show();
    signIn.hidden = true;
    signOut.hidden = false;
    password.value = "";
    return `${total} greetings of ${name.value}.`;
  });
});

signOut.addEventListener("click", () => {
  session = null;
  list.replaceChildren();
  signIn.hidden = false;
  signOut.hidden = true;
  say("");
});
