/** Says which constraint no device meets, what was asked for, and what the device can do. */

import { KINDS, type Kind } from "./choice.ts";
import { Failure } from "./failure.ts";

// biome-ignore lint/suspicious/noExplicitAny: constraints and capabilities have many shapes
type Hash = Record<string, any>;

/** Opens the device without the constraint for a moment, as only an open one tells what it can. */
export async function overconstrained(
  error: { constraint?: string },
  constraints: MediaStreamConstraints,
): Promise<Failure> {
  const name = error.constraint ?? "";
  const kind = KINDS.find((candidate) => askedFor(constraints[candidate], name) !== undefined);
  const reason = kind && (await limits(kind, name, constraints[kind]));
  return new Failure(
    "DeviceNotFound",
    `No device satisfies the constraint ${name || "given"}${reason || ""}: relax it (for example with "ideal" in place of "exact" or "min"), then try again.`,
  );
}

async function limits(kind: Kind, name: string, wish: unknown): Promise<string> {
  const { deviceId } = wish as MediaTrackConstraints;
  const asked = `: ${JSON.stringify(askedFor(wish, name))}`;
  if (name === "deviceId") return asked;
  try {
    const open = { [kind]: deviceId ? { deviceId } : true };
    const stream = await navigator.mediaDevices.getUserMedia(open);
    const [track] = stream.getTracks() as [MediaStreamTrack];
    const capabilities: Hash | undefined = track.getCapabilities?.();
    track.stop();
    return capabilities ? `${asked}, but ${track.label} has ${range(capabilities[name])}` : asked;
  } catch {
    return asked;
  }
}

/** What the constraints of a track say of one property. */
export function askedFor(wish: unknown, name: string): unknown {
  if (typeof wish !== "object" || wish === null) return undefined;
  const hash = wish as Hash;
  return hash[name] ?? hash.advanced?.find((set: Hash) => name in set)?.[name];
}

/** A capability in words. */
export function range(capability: unknown): string {
  if (Array.isArray(capability)) return capability.map(String).join(", ") || "none";
  if (typeof capability !== "object" || capability === null) return String(capability ?? "none");
  const { min, max } = capability as { min?: number; max?: number };
  return min === max ? `${min}` : `${min} to ${max}`;
}
