/**
 * The cameras, microphones and the screen: whether a stream could open them, found out without
 * opening them. They are counted, not named: a report is made public.
 */

import { deviceNames, explain, permission, unavailable, type Wanted } from "../devices.ts";
import { type Fact, facts } from "./fact.ts";

const { ok, warning, failure } = facts("Devices");

/** What stands in the way of all of a page's devices is told of the page, and once. */
const OF_THE_PAGE = ["InsecureContext", "PermissionDenied"];

/** Chromium lists what the system prefers twice. */
const TWICE = ["default", "communications"];

export async function deviceFacts(): Promise<Fact[]> {
  return [
    await inputFact("camera", { audio: false, video: true }),
    await inputFact("microphone", { audio: true, video: false }),
    screenFact(),
  ];
}

async function inputFact(name: string, wanted: Wanted): Promise<Fact> {
  const hindered = hindrance(name, wanted);
  if (hindered) return hindered;
  if ((await permission(name)) === "denied") {
    const refused = new DOMException("", "NotAllowedError");
    return failure(name, "the permission is denied", explain(refused, wanted).message);
  }
  const devices = await navigator.mediaDevices.enumerateDevices();
  const found = devices.filter(
    ({ kind, deviceId }) =>
      kind === (wanted.video ? "videoinput" : "audioinput") && !TWICE.includes(deviceId),
  );
  if (!found.length) {
    const missing = new DOMException("", "NotFoundError");
    return warning(name, "none is found", explain(missing, wanted).message);
  }
  if ((await permission(name)) === "granted") {
    return ok(name, `${found.length} found, the permission is granted`);
  }
  return ok(name, `found, the browser will ask for ${deviceNames(wanted)}`);
}

function screenFact(): Fact {
  const hindered = hindrance("screen", { audio: false, video: false, display: true });
  return hindered ?? ok("screen", "the user chooses what is shared, each time");
}

function hindrance(name: string, wanted: Wanted): Fact | null {
  const reason = unavailable(wanted);
  if (!reason) return null;
  const advice = OF_THE_PAGE.includes(reason.name) ? "" : reason.message;
  return failure(name, advice ? "not in this browser" : "not for this page, see above", advice);
}
