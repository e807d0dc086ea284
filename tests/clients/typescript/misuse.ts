// What the types must not let pass. A line that compiles all the same fails the compilation.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

export function misuse(account: Schemas["Account"], problem: Schemas["Problem"]): void {
  // @ts-expect-error userId may be null.
  account.userId.toUpperCase();
  // @ts-expect-error There is no such login type.
  if (account.loginType === "admin") return;
  // @ts-expect-error A flag is a boolean.
  if (account.isEnabled === "true") return;
  // @ts-expect-error There is no such property.
  account.password;
  // @ts-expect-error Only some problems are an answer of Unity Connection's.
  problem.upstream.status;

  // Codes may be added: any text can be asked for, and an exhaustive switch cannot be written.
  const code: string = problem.code;
  if (problem.code === "a_code_of_tomorrow" || code === "") return;
  // @ts-expect-error No set of codes is complete.
  const known: "forbidden" | "overloaded" = problem.code;
  void known;
  // @ts-expect-error Who defined a device is not written.
  const changes: Schemas["AlternateDeviceChanges"] = { userDefined: true };
  void changes;
}

// @ts-expect-error Every login type must be met.
export function incomplete(type: Schemas["Account"]["loginType"]): string {
  switch (type) {
    case "userAlias":
      return "alias";
    case "guest":
      return "guest";
    case "userId":
      return "id";
  }
}

export async function misuseOfRequests(): Promise<void> {
  const client = createClient<paths>();
  const path = { objectId: "75436abf-8784-450f-ac61-23a08be2c364" };
  // @ts-expect-error There is no such address.
  await client.GET("/api/v1/account");
  // @ts-expect-error It takes an objectId.
  await client.GET("/api/v1/accounts/{objectId}");
  // @ts-expect-error Nothing is posted to an account.
  await client.POST("/api/v1/accounts/{objectId}", { params: { path } });
  // @ts-expect-error A password is a string.
  await client.PUT("/api/v1/accounts/{objectId}/password", { params: { path }, body: { password: 7 } });
  // @ts-expect-error A body is needed.
  await client.PUT("/api/v1/accounts/{objectId}/password", { params: { path } });
  // @ts-expect-error A device has a number.
  await client.POST("/api/v1/alternate-devices", { body: { displayName: "Weekend flat" } });
  // @ts-expect-error A device's number is text: zeros at its beginning count.
  await client.POST("/api/v1/alternate-devices", { body: { dtmfAccessId: 44207946 } });
  // @ts-expect-error A name cannot be taken away.
  await client.PATCH("/api/v1/alternate-devices/{objectId}", { params: { path }, body: { displayName: null } });
  // @ts-expect-error The filter is a flag.
  await client.GET("/api/v1/alternate-devices", { params: { query: { userDefined: "yes" } } });
}
