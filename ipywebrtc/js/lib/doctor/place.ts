/** Where the page is: what its browser and the site around it let it do. */

import { unavailable, type Wanted } from "../devices.ts";
import { type Fact, facts } from "./fact.ts";

const FEATURES: Record<string, Wanted> = {
  camera: { audio: false, video: true },
  microphone: { audio: true, video: false },
  "display-capture": { audio: false, video: false, display: true },
};

const { ok, failure } = facts("Page");

export function placeFacts(): Fact[] {
  return [
    ok("browser", navigator.userAgent),
    ok("frame", window === window.top ? "the page itself" : "an iframe in another page"),
    secureContext(),
    policy(),
  ];
}

function secureContext(): Fact {
  const reason = unavailable({ audio: true, video: true });
  return reason?.name === "InsecureContext"
    ? failure("secure context", "no", reason.message)
    : ok("secure context", "yes");
}

/** What the host and the sites around it forbid: the browser is not even asked then. */
function policy(): Fact {
  const names = Object.keys(FEATURES);
  const forbidden = names.filter((name) => reasonOf(name)?.name === "PermissionDenied");
  const allowed = names.filter((name) => !forbidden.includes(name));
  if (!forbidden.length) return ok("permissions policy", `allows ${names.join(", ")}`);
  const but = allowed.length ? `, allows ${allowed.join(", ")}` : "";
  // One sentence for the camera and the microphone, if it is both.
  const devices = { audio: forbidden.includes("microphone"), video: forbidden.includes("camera") };
  const display = !devices.audio && !devices.video;
  const advice = unavailable({ ...devices, display })?.message;
  return failure("permissions policy", `forbids ${forbidden.join(", ")}${but}`, advice);
}

function reasonOf(name: string) {
  return unavailable(FEATURES[name] as Wanted);
}
