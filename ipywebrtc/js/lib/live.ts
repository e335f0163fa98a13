/**
 * The page-wide registry of open streams.
 *
 * Each widget instance evaluates its own copy of its module, so modules share nothing; this map on
 * `globalThis` is the one thing that all bundles of a page share. Two versions of the package may
 * meet there: what `Live` offers is the protocol, and its number is in the key.
 *
 * A stream is open while somebody uses it. The last user's signal starts a short linger, so that
 * running a cell again does not blink the camera's light.
 */

import type { AnyModel } from "@anywidget/types";
import { asFailure, Declined, Failure } from "./failure.ts";
import { isSaved } from "./kernel.ts";
import { onAbort, onChange } from "./lifetime.ts";
import { page, say } from "./page.ts";
import type { Still } from "./still.ts";
import type { StreamTraits } from "./traits.ts";

const KEY = Symbol.for("ipywebrtc.live/1");
const LINGER = 2000;

export type Status = "idle" | "waiting" | "starting" | "live" | "paused" | "ended" | "error";

/** What an opener makes of a model; it lives until the signal that the opener was given. */
export interface Source {
  stream: MediaStream;
  /** Whether a preview shows it mirrored. */
  mirrored: boolean;
  /** Whether a sound or a picture that is missing may still come, as the other side of a call wishes. */
  fickle?: boolean;
  /** The element that plays it, where there is one: its position and its sound in this page. */
  element?: HTMLMediaElement;
  /** The present picture at full resolution. */
  still(signal: AbortSignal): Promise<Still>;
}

export interface Attempt {
  /** Fires when the source is closed. */
  signal: AbortSignal;
  /** Fires when another attempt takes this one's place: so a failed one can wait for a change. */
  replaced: AbortSignal;
  /** Tells what became of the source; `ended` and `error` close it. */
  report(status: Status, failure?: Failure): void;
  /** Tells the kernel and the watchers that the open source has other tracks, or why it has not. */
  changed(failure?: Failure | null): void;
  /** Opens the source anew, as something changed that it was opened with, or failed for. */
  reopen(): void;
}

export interface Opener<Traits extends StreamTraits = StreamTraits> {
  open(model: AnyModel<Traits>, attempt: Attempt): Promise<Source>;
  /** Whether opening it asks the user nothing. */
  quiet(model: AnyModel<Traits>): Promise<boolean>;
  /** Whether it opens only at a click or by `start()`, and never because it is displayed. */
  byHand?(model: AnyModel<Traits>): boolean;
  /** What it shows, as a sentence begins, if that is not saved with a notebook. */
  fleeting?: string;
}

export interface Live {
  readonly status: Status;
  readonly failure: Failure | null;
  readonly source: Source | null;
  /** Whether its widget is gone, or only saved, so that it never opens again. */
  readonly disposed: boolean;
  /** Opens the source, joins in opening it, or returns the open one; tries again after failures. */
  open(): Promise<Source>;
  /** Opens it unless that would prompt for a device on behalf of a page that was only reloaded. */
  openQuietly(): Promise<void>;
  /** Closes it for good, as its widget is gone. */
  dispose(): void;
  /** Counts as a user until the signal fires. */
  use(signal: AbortSignal): void;
  /** Calls back at each change of status, failure or source. */
  watch(listener: () => void, signal: AbortSignal): void;
}

/** The live object of a stream's model, made (but not opened) by the first who asks. */
export function liveOf(model: AnyModel<StreamTraits>, opener: Opener): Live {
  const known = knownLive(model);
  if (known) return known;
  const made = makeLive(model, opener);
  lives().set(model.get("_uid"), made);
  return made;
}

/** The live object of a stream's model, if somebody has made it. */
export function knownLive(model: AnyModel<StreamTraits>): Live | undefined {
  return lives().get(model.get("_uid"));
}

/** Closes a stream and forgets it, as its widget is gone. */
export function dispose(model: AnyModel<StreamTraits>): void {
  const uid: string = model.get("_uid");
  lives().get(uid)?.dispose();
  lives().delete(uid);
}

function lives(): Map<string, Live> {
  const shared = globalThis as { [KEY]?: Map<string, Live> };
  shared[KEY] ??= new Map();
  return shared[KEY];
}

function makeLive(model: AnyModel<StreamTraits>, opener: Opener): Live {
  const fresh = !model.get("_opened");
  const life = new AbortController();
  const watchers = new Set<() => void>();
  /** What the kernel was told last. */
  let said = "";
  let users = 0;
  let linger: ReturnType<typeof setTimeout> | undefined;
  let pin: AbortController | null = null;
  let replaced = new AbortController();
  let current: { controller: AbortController; source: Promise<Source> } | null = null;

  const state = {
    status: "idle" as Status,
    failure: null as Failure | null,
    source: null as Source | null,
  };

  function update(status: Status, failure: Failure | null, source: Source | null): void {
    Object.assign(state, { status, failure, source });
    const now = {
      status,
      error: failure?.message ?? "",
      settings: source ? settings(source.stream) : {},
    };
    const text = JSON.stringify(now);
    if (text !== said) say(model, { kind: "state", page: page(), ...now });
    said = text;
    for (const watcher of watchers) watcher();
  }

  function end(status: Status, failure: Failure | null = null): void {
    if (!current) return;
    const { controller } = current;
    current = null;
    controller.abort(failure ?? new Failure("MediaError", "The stream was closed."));
    update(status, failure, null);
  }

  function begin(): Promise<Source> {
    const controller = new AbortController();
    const { signal } = controller;
    replaced.abort();
    replaced = new AbortController();
    const attempt: Attempt = {
      signal,
      replaced: replaced.signal,
      report(status, failure) {
        if (signal.aborted) return;
        if (status === "ended" || status === "error") end(status, failure);
        else if (state.status !== status || state.failure?.message !== failure?.message) {
          update(status, failure ?? null, state.source);
        }
      },
      changed(failure = state.failure) {
        if (signal.aborted || !state.source) return;
        enableTracks(model, state.source.stream);
        update(state.status, failure, state.source);
      },
      reopen() {
        const failedInUse = state.status === "error" && users > 0;
        if (attempt.replaced.aborted || (signal.aborted && !failedInUse)) return;
        end("idle");
        begin();
      },
    };
    const opening = async () => {
      try {
        const source = await opener.open(model, attempt);
        signal.throwIfAborted();
        enableTracks(model, source.stream);
        // An opener may have said that it's live, with something missing.
        const known = state.status === "live" ? state.failure : null;
        update(state.status === "paused" ? "paused" : "live", known, source);
        return source;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const failure = asFailure(error);
        if (!(error instanceof Declined)) end("error", failure);
        else end("idle", error.aloud ? error : null);
        throw failure;
      }
    };
    // The opener may fail before `current` is set, were it not called a microtask later.
    const source = Promise.resolve().then(opening);
    source.catch(() => {}); // Who waits for it learns it; who does not sees it in `state`.
    current = { controller, source };
    update("starting", null, null);
    return source;
  }

  function release(): void {
    users -= 1;
    if (users > 0 || life.signal.aborted) return;
    linger = setTimeout(() => end("idle"), LINGER);
  }

  const live: Live = {
    get status() {
      return state.status;
    },
    get failure() {
      return state.failure;
    },
    get source() {
      return state.source;
    },
    get disposed() {
      return life.signal.aborted;
    },
    open() {
      if (life.signal.aborted) return Promise.reject(state.failure ?? gone());
      if (model.get("_power") === "off") {
        return Promise.reject(
          new Failure("MediaError", "The stream is stopped: press Start, or call its start()."),
        );
      }
      return current?.source ?? begin();
    },
    async openQuietly() {
      if (live.disposed || current || opener.byHand?.(model)) return;
      if (model.get("_power") === "off") return;
      if (fresh || (await opener.quiet(model))) live.open().catch(() => {});
    },
    dispose() {
      life.abort();
      replaced.abort();
      clearTimeout(linger);
      if (current) end("ended", gone());
      else update("ended", gone(), null);
    },
    use(signal) {
      clearTimeout(linger);
      users += 1;
      onAbort(signal, release);
    },
    watch(listener, signal) {
      watchers.add(listener);
      onAbort(signal, () => watchers.delete(listener));
    },
  };

  function followPower(): void {
    pin?.abort();
    pin = null;
    if (model.get("_power") === "off") end("idle");
    if (model.get("_power") !== "on") return;
    pin = new AbortController();
    live.use(pin.signal);
  }
  onChange(
    model,
    ["_power", "_attempt"],
    () => {
      followPower();
      if (pin) live.open().catch(() => {});
    },
    life.signal,
  );
  onChange(
    model,
    ["audio_enabled", "video_enabled"],
    () => state.source && enableTracks(model, state.source.stream),
    life.signal,
  );
  if (opener.fleeting && isSaved(model)) {
    state.status = "ended";
    state.failure = new Failure(
      "MediaError",
      `${opener.fleeting} was here: run the cell again, with a kernel, to have it live.`,
    );
    life.abort();
    return live;
  }
  followPower();
  if (pin) live.openQuietly();
  return live;
}

function gone(): Failure {
  return new Failure(
    "MediaError",
    "The widget was closed, or its kernel restarted or ended: run its cell again.",
  );
}

function enableTracks(model: AnyModel<StreamTraits>, stream: MediaStream): void {
  for (const track of stream.getAudioTracks()) track.enabled = model.get("audio_enabled");
  for (const track of stream.getVideoTracks()) track.enabled = model.get("video_enabled");
}

function settings(stream: MediaStream): Record<string, MediaTrackSettings> {
  return Object.fromEntries(stream.getTracks().map((track) => [track.kind, track.getSettings()]));
}
