/**
 * A stream of a camera and a microphone that follows its model's choice of devices.
 *
 * Changing a device replaces a track in the same MediaStream, so whoever plays, records or sends
 * that stream goes on. The old track stops when the new one is there.
 */

import type { AnyModel } from "@anywidget/types";
import {
  type Device,
  findDevice,
  KINDS,
  type Kind,
  leavesOpen,
  listDevices,
  ofKind,
  remember,
  remembered,
  type TrackWish,
  withDevice,
} from "./choice.ts";
import { deviceNames, explain, granted, unavailable, type Wanted } from "./devices.ts";
import { asFailure, Failure } from "./failure.ts";
import { onAbort, onChange } from "./lifetime.ts";
import type { Attempt } from "./live.ts";
import { overconstrained } from "./overconstrained.ts";
import { page, say } from "./page.ts";

/** What a model's traits ask for; read anew whenever one of them changes. */
export interface Plan {
  constraints: MediaStreamConstraints;
  /** For each kind an id or (a part of) a label, or null for any device. */
  devices: { audio: string | null; video: string | null };
}

export interface Planner {
  plan(): Plan;
  /** The kinds of devices that the stream may ever have. */
  kinds: readonly Kind[];
  /** The traits of which a change replaces a track. */
  follows: string[];
}

export function wantedOf({ constraints }: Pick<Plan, "constraints">): Wanted {
  return { audio: isWanted(constraints.audio), video: isWanted(constraints.video) };
}

/** Opens the devices; the stream follows the traits until the attempt ends. */
export async function capture(
  model: AnyModel,
  { plan, kinds, follows }: Planner,
  attempt: Attempt,
): Promise<MediaStream> {
  const { signal, replaced } = attempt;
  const wanted = wantedOf(plan());
  const reason = unavailable(wanted);
  let devices: Device[] = [];
  let ready = false;
  let turns = 0;
  let busy: Promise<Failure | null> = Promise.resolve(null);

  // What overtakes a switch: a later one, or the end of the stream.
  const turn = () => {
    turns += 1;
    const mine = turns;
    return () => mine === turns && !signal.aborted;
  };
  const refresh = async () => {
    const found = await listDevices(kinds);
    if (replaced.aborted) return;
    devices = found;
    say(model, { kind: "state", page: page(), devices });
  };
  const changed = async () => {
    if (signal.aborted) return attempt.reopen();
    const current = turn();
    if (!ready) return; // The opening goes on until it has what is wanted now.
    // One after the other: a device that is open twice for a moment keeps its first settings.
    busy = busy.then(() => adapt(current)).then(() => null, asFailure);
    const failure = await busy;
    if (!current()) return;
    const broken = stream.getTracks().some(({ readyState }) => readyState === "ended");
    if (failure && broken) attempt.report("error", failure);
    else attempt.changed(failure);
  };
  onChange(model, follows, changed, replaced);
  if (reason) throw reason;
  navigator.mediaDevices.addEventListener("devicechange", refresh, { signal: replaced });
  await refresh();
  if (!(await granted(wanted))) attempt.report("waiting");
  const opening = plan();
  const stream = await first(opening, devices);
  onAbort(signal, () => {
    for (const track of stream.getTracks()) track.stop();
  });
  const asked = new Map(KINDS.map((kind) => [kind, JSON.stringify(opening.constraints[kind])]));
  for (const track of stream.getTracks()) follow(track);
  await refresh(); // Their names are known only now, if the browser had to ask.
  await settle();
  ready = true;
  return stream;

  async function settle(): Promise<void> {
    const current = turn();
    try {
      await adapt(current);
    } catch (error) {
      if (current()) throw error;
    }
    if (!current() && !signal.aborted) await settle();
  }

  /** Replaces the tracks that are not those of the plan. */
  async function adapt(current: () => boolean): Promise<void> {
    for (const kind of KINDS) {
      const { constraints, devices: wishes } = plan();
      const wish = constraints[kind];
      if (!current() || !isWanted(wish)) continue;
      const old = stream.getTracks().find((track) => track.kind === kind);
      const present = old?.getSettings().deviceId;
      const name = wishes[kind];
      const id = name ? findDevice(devices, kind, name).id : present;
      const key = JSON.stringify(wish);
      if (old?.readyState !== "live" || id !== present || key !== asked.get(kind)) {
        const constraint = id ? withDevice(wish, { exact: id }) : wish;
        if (id === present) old?.stop(); // Opened twice, it would keep its settings.
        const fresh = await replacement({ [kind]: constraint }, old, current);
        if (!current()) return fresh.stop();
        asked.set(kind, key);
        exchange(old, fresh);
      }
      if (name) remember(kind, id);
    }
  }

  function exchange(old: MediaStreamTrack | undefined, fresh: MediaStreamTrack): void {
    fresh.enabled = old?.enabled ?? true;
    follow(fresh);
    stream.addTrack(fresh);
    if (!old) return;
    stream.removeTrack(old);
    old.stop();
  }

  async function replacement(
    constraints: MediaStreamConstraints,
    old: MediaStreamTrack | undefined,
    current: () => boolean,
  ): Promise<MediaStreamTrack> {
    try {
      return await trackOf(constraints);
    } catch (error) {
      if ((error as Error).name === "NotReadableError" && old?.readyState === "live" && current()) {
        old.stop(); // Phones open one camera at a time, so it must make room.
        return replacement(constraints, old, current);
      }
      throw await inWords(error, constraints);
    }
  }

  /** A track ends by itself when its device is unplugged or its permission is taken back. */
  function follow(track: MediaStreamTrack): void {
    const name = track.label || deviceNames(wanted);
    const ended = () => {
      if (!stream.getTracks().includes(track)) return;
      attempt.report(
        "ended",
        new Failure(
          "DeviceNotFound",
          `${name} was unplugged, or its permission taken back: press Start, or call start().`,
        ),
      );
    };
    track.addEventListener("ended", ended, { signal });
  }
}

/** Opens what is known of the plan: names of devices may be hidden until it is opened. */
async function first(plan: Plan, devices: Device[]): Promise<MediaStream> {
  const constraints = browserWish(plan, devices, remembered);
  try {
    return await getUserMedia(constraints);
  } catch (error) {
    const fallback = browserWish(plan, devices, () => null);
    const missing = ["OverconstrainedError", "NotFoundError"].includes((error as Error).name);
    const same = JSON.stringify(fallback) === JSON.stringify(constraints);
    if (same || !missing) throw await inWords(error, constraints);
    // A remembered device is no more.
    return getUserMedia(fallback).catch(async (error) => {
      throw await inWords(error, fallback);
    });
  }
}

/** The plan's constraints with the devices asked for, or remembered where none are. */
export function browserWish(
  plan: Plan,
  devices: Device[],
  recall: (kind: Kind) => string | null,
): MediaStreamConstraints {
  return Object.fromEntries(
    KINDS.map((kind) => {
      const wish = plan.constraints[kind] ?? false;
      const name = plan.devices[kind];
      if (!isWanted(wish)) return [kind, wish];
      if (name && ofKind(devices, kind).length) {
        return [kind, withDevice(wish, { exact: findDevice(devices, kind, name).id })];
      }
      if (name) return [kind, withDevice(wish, { ideal: name })];
      const last = leavesOpen(wish) ? recall(kind) : null;
      return [kind, last ? withDevice(wish, { exact: last }) : wish];
    }),
  );
}

function isWanted(wish: TrackWish): boolean {
  return wish !== undefined && wish !== false;
}

function getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia(constraints);
}

async function trackOf(constraints: MediaStreamConstraints): Promise<MediaStreamTrack> {
  const [track] = (await getUserMedia(constraints)).getTracks();
  return track as MediaStreamTrack;
}

async function inWords(error: unknown, constraints: MediaStreamConstraints): Promise<Failure> {
  return (error as Error).name === "OverconstrainedError"
    ? overconstrained(error as { constraint?: string }, constraints)
    : explain(error, wantedOf({ constraints }));
}
