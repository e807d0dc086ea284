// What a frontend does with the API, by types made from the OpenAPI document: run against `demo`.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Schemas = components["schemas"];

const basic = btoa(String.fromCodePoint(...new TextEncoder().encode("fung:winter-2010")));
const client = createClient<paths>({
  baseUrl: process.argv[2] ?? "",
  headers: { Authorization: `Basic ${basic}` },
});

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`ok: ${what}`);
}

// No default branch and no return after it: a new login type must not go unnoticed.
function signsInAs(account: Schemas["Account"]): string {
  switch (account.loginType) {
    case "userAlias":
      return "the caller's alias";
    case "guest":
      return "a guest";
    case "userId":
      return account.userId ?? "nobody";
    case "unknown":
      return "who knows";
  }
}

const { data: accounts } = await client.GET("/api/v1/accounts");
check(accounts?.total === 2, "the caller's two accounts are listed");
const own = accounts.items.find((account) => !account.useServiceCredentials);
const serviced = accounts.items.find((account) => account.useServiceCredentials);
check(own !== undefined && serviced !== undefined, "one of them uses service credentials");
check(signsInAs(own) === "fung" && serviced.userId === null, "userId is a string or null");

const account = await client.GET("/api/v1/accounts/{objectId}", { params: { path: own } });
check(account.data?.displayName === own.displayName, "one account is got");
const etag = account.response.headers.get("ETag");
check(etag !== null, "it has an ETag");
const again = await client.GET("/api/v1/accounts/{objectId}", {
  params: { path: own, header: { "If-None-Match": etag } },
});
check(again.response.status === 304, "the same answer does not come twice");

const set = await client.PUT("/api/v1/accounts/{objectId}/password", {
  params: { path: own },
  body: { password: "pass:wörd 😀&%+" },
});
check(set.response.status === 204, "a password is set");

const refused = await client.PUT("/api/v1/accounts/{objectId}/password", {
  params: { path: serviced },
  body: { password: "abc123" },
});
switch (refused.error?.code) {
  case "password_not_settable":
    check(refused.error.upstream?.status === 400, "a refusal is known by its code");
    break;
  default:
    throw new Error(`not the refusal expected: ${refused.error?.code}`);
}

const created = await client.POST("/api/v1/alternate-devices", { body: { dtmfAccessId: "0044207946" } });
const device = created.data;
check(device?.uri === created.response.headers.get("Location"), "a device is created");
const listed = await client.GET("/api/v1/alternate-devices", { params: { query: { userDefined: true } } });
check(listed.data?.items.some(({ objectId }) => objectId === device.objectId) === true, "it is in the list");
const changed = await client.PATCH("/api/v1/alternate-devices/{objectId}", {
  params: { path: device },
  body: { displayName: "Holiday flat" },
});
check(changed.response.status === 204, "it is changed");
const deleted = await client.DELETE("/api/v1/alternate-devices/{objectId}", { params: { path: device } });
check(deleted.response.status === 204, "it is deleted");
const gone = await client.GET("/api/v1/alternate-devices/{objectId}", { params: { path: device } });
check(gone.error?.code === "alternate_device_not_found", "then it is not found");

const heard = await client.GET("/api/v1/user/voice-name", { parseAs: "arrayBuffer" });
check(heard.data?.byteLength === 1644, "a recording comes as bytes");
const spoken = new Uint8Array(heard.data);
spoken.forEach((_, at) => at < 44 || (spoken[at] = at % 256));
const replaced = await client.PUT("/api/v1/user/voice-name", {
  headers: { "Content-Type": "audio/wav" },
  // The types have bytes as strings.
  body: spoken as unknown as string,
  bodySerializer: (bytes) => bytes,
});
check(replaced.response.status === 204, "a recording is replaced");
const back = await client.GET("/api/v1/user/voice-name", { parseAs: "arrayBuffer" });
check(String(new Uint8Array(back.data ?? [])) === String(spoken), "it is what was sent");
