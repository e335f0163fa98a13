/** Which of the page's devices a stream takes: asked for by id or label, or the one taken last. */

import { Failure } from "./failure.ts";

export type Kind = "audio" | "video";
/** Video first: whoever waits for both, waits for the camera. */
export const KINDS: readonly Kind[] = ["video", "audio"];

/** What the trait `devices` lists. */
export interface Device {
  id: string;
  kind: "audioinput" | "videoinput";
  label: string;
}

export type TrackWish = boolean | MediaTrackConstraints | undefined;

const NAMES = { audio: "microphone", video: "camera" };
const STORAGE_KEY = "ipywebrtc.device.";

/** The devices that the page may know of: none of a kind that it was not permitted yet. */
export async function listDevices(kinds: readonly Kind[]): Promise<Device[]> {
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return kinds.flatMap((kind) =>
    all
      .filter((device) => device.kind === `${kind}input` && device.deviceId && device.label)
      .map(({ deviceId, label }) => ({ id: deviceId, kind: `${kind}input` as const, label })),
  );
}

export function ofKind(devices: Device[], kind: Kind): Device[] {
  return devices.filter((device) => device.kind === `${kind}input`);
}

/** The device that a wish means: by its id, its label, or the first whose label has it in it. */
export function findDevice(devices: Device[], kind: Kind, wish: string): Device {
  const candidates = ofKind(devices, kind);
  const name = wish.toLowerCase();
  const found =
    candidates.find(({ id }) => id === wish) ??
    candidates.find(({ label }) => label.toLowerCase() === name) ??
    candidates.find(({ label }) => label.toLowerCase().includes(name));
  if (found) return found;
  const labels = candidates.map(({ label }) => JSON.stringify(label)).join(", ");
  throw new Failure(
    "DeviceNotFound",
    `There is no ${NAMES[kind]} ${JSON.stringify(wish)}, but there is ${labels || "none at all"}: set ${kind}_device to one of these (a part of the name is enough), or to None for any.`,
  );
}

/** A track's constraints with this device, which is more than a side or a group says. */
export function withDevice(wish: TrackWish, deviceId: ConstrainDOMString): MediaTrackConstraints {
  const {
    facingMode: _side,
    groupId: _group,
    ...rest
  } = typeof wish === "object" ? wish : ({} as MediaTrackConstraints);
  return { ...rest, deviceId };
}

/** Whether the constraints leave it open which device is taken. */
export function leavesOpen(wish: TrackWish): boolean {
  if (typeof wish !== "object") return wish === true;
  return !("deviceId" in wish || "groupId" in wish || "facingMode" in wish);
}

/** Keeps, for all notebooks in this browser, which device the user chose. */
export function remember(kind: Kind, id: string | undefined): void {
  try {
    if (id) localStorage.setItem(STORAGE_KEY + kind, id);
  } catch {
    // A browser without storage chooses anew each time.
  }
}

export function remembered(kind: Kind): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY + kind);
  } catch {
    return null;
  }
}
