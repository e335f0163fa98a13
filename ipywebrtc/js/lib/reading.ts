/**
 * The page's part of a reader: while the kernel's request `read` stands, media go to the kernel.
 *
 * Nothing has to be displayed. The kernel repeats the request, and names one page in it: when that
 * is another one, this page lets go of the stream.
 */

import type { AnyModel } from "@anywidget/types";
import { asFailure, Failure } from "./failure.ts";
import { onKernelGone } from "./kernel.ts";
import { type Lane, makeLane, type Progress } from "./lane.ts";
import { onAbort, onChange, unlessAborted } from "./lifetime.ts";
import type { Live } from "./live.ts";
import { type Answer, page, type Request, say, serve } from "./page.ts";
import { liveStream } from "./streams.ts";

/** Makes something of a track and sends it. Called anew for each track, with another signal. */
export type UseTrack = (track: MediaStreamTrack, signal: AbortSignal) => void;

export interface Reading {
  lane: Lane;
  /** The number of the first frame. */
  sequence: number;
  /** Ends the reading with a failure. */
  failed(error: unknown): void;
  /** Fires when the reading ends. */
  signal: AbortSignal;
}

export interface Reader {
  kind: "audio" | "video";
  /** Begins a reading. */
  begin(reading: Reading): { use: UseTrack; onFree(): void };
}

/** What the view is told of the kernel. */
export interface Watcher {
  /** How it does; null when reading has ended. */
  progress(told: Progress | null): void;
  gone(): void;
}

type Message = Progress & Request & { kind?: string; page?: string; resumed?: boolean };

/** Serves the requests of a reader's model until the signal fires. */
export function serveReader(
  model: AnyModel,
  reader: Reader,
  watcher: Watcher,
  signal: AbortSignal,
): void {
  const gone = new AbortController();
  const end = () => {
    gone.abort();
    watcher.gone();
  };
  onKernelGone(model, end, signal);

  async function read(request: Request, wanted: AbortSignal): Promise<Answer> {
    const done = new AbortController();
    const ends = AbortSignal.any([wanted, gone.signal, done.signal]);
    const ended = new Promise<Answer>((resolve, reject) => {
      let turn: { stop: AbortController; lane: Lane } | null = null;
      const begin = (told: Message) => {
        const stop = new AbortController();
        const until = AbortSignal.any([ends, stop.signal]);
        turn = { stop, lane: take(model, reader, told, { resolve, reject }, until) };
      };
      const receive = (told: Message) => {
        if (told.id !== request.id) return;
        const ours = told.page === page();
        if (told.kind === "request" && !ours) {
          turn?.stop.abort(); // Another page has taken over.
          turn = null;
        } else if (ours && !turn) {
          begin(told);
        } else if (ours) {
          turn?.lane.progress(told);
          watcher.progress(told);
        }
      };
      model.on("msg:custom", receive);
      onAbort(ends, () => {
        model.off("msg:custom", receive);
        watcher.progress(null);
        reject(new Failure("MediaError", "Reading has stopped."));
      });
      begin(request as Message);
    });
    return ended.finally(() => done.abort());
  }

  serve(model, { read }, signal);
}

interface Ending {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

function take(
  model: AnyModel,
  { kind, begin }: Reader,
  told: Message,
  { resolve, reject }: Ending,
  signal: AbortSignal,
): Lane {
  let onFree = () => {};
  const lane = makeLane(model, told, () => onFree(), signal);
  const failed = (error: unknown) => {
    if (!signal.aborted) reject(asFailure(error));
  };
  const tellState = (status: string, error = "") =>
    say(model, { kind: "state", page: page(), status, error });
  const run = async () => {
    const live = await liveStream(model, signal);
    signal.throwIfAborted();
    live.use(signal);
    const tell = () => {
      if (live.status === "waiting") tellState("waiting", waitingFor(live, kind));
    };
    live.watch(tell, signal);
    tell();
    // A page that was only reloaded must not ask for a camera.
    if (told.resumed) await live.openQuietly();
    else await unlessAborted(live.open(), signal);
    const { use, onFree: freed } = begin({ lane, failed, signal, sequence: told.sequence });
    onFree = freed;
    followTrack(live, kind, whileSeen(model, use, tellState), signal);
    const check = () => {
      const reason = endOf(live, kind);
      if (reason instanceof Failure) failed(reason);
      else if (reason) resolve({ content: { ended: true } });
      else if (live.status !== "waiting" && (!live.source || lacks(live, kind))) {
        tellState("waiting", waitingFor(live, kind));
      }
    };
    live.watch(check, signal);
    check();
  };
  run().catch(failed);
  return lane;
}

/** Calls back with the track of a kind that the stream has, and with each that takes its place. */
export function followTrack(live: Live, kind: string, use: UseTrack, signal: AbortSignal): void {
  let current: MediaStreamTrack | undefined;
  let stop = new AbortController();
  const update = () => {
    const tracks = live.source?.stream.getTracks() ?? [];
    const track = tracks.find((one) => one.kind === kind && one.readyState === "live");
    if (track === current) return;
    stop.abort();
    stop = new AbortController();
    current = track;
    if (track) use(track, AbortSignal.any([signal, stop.signal]));
  };
  live.watch(update, signal);
  update();
}

/** Leaves a track alone while the page is hidden, where the model asks for that. */
function whileSeen(model: AnyModel, use: UseTrack, tell: (status: string) => void): UseTrack {
  return (track, signal) => {
    let stop: AbortController | null = null;
    const update = () => {
      const paused = model.get("pause_when_hidden") && document.hidden;
      if (paused && stop) {
        stop.abort();
        stop = null;
        tell("paused");
      } else if (!paused && !stop) {
        stop = new AbortController();
        tell("live");
        use(track, AbortSignal.any([signal, stop.signal]));
      }
    };
    document.addEventListener("visibilitychange", update, { signal });
    onChange(model, ["pause_when_hidden"], update, signal);
    update();
  };
}

/** Whether there is something else in the stream, and nothing of a kind. */
function lacks({ source }: Live, kind: string): boolean {
  const tracks = source?.stream.getTracks() ?? []; // None while nobody is in a call.
  return tracks.length > 0 && !tracks.some((track) => track.kind === kind);
}

/** Why nothing more will come: a failure, or true where the stream is at its end. */
function endOf(live: Live, kind: string): Failure | boolean {
  const { status, failure, source } = live;
  if (status === "error") return failure ?? new Failure("MediaError", "The stream failed.");
  if (status === "ended") return true;
  if (lacks(live, kind) && !source?.fickle) {
    return new Failure(
      "SourceError",
      kind === "video"
        ? "The stream has sound only, and no frames: use a stream with video, or an AudioReader."
        : "The stream has no sound: use a stream with sound, such as MicrophoneStream().",
    );
  }
  return false;
}

function waitingFor(live: Live, kind: string): string {
  const { status, failure } = live;
  if (failure) return failure.message;
  if (lacks(live, kind)) {
    return `The other side sends no ${kind === "audio" ? "sound" : "picture"} now.`;
  }
  return status === "idle"
    ? "The stream is closed: display it and press Start, or call its start()."
    : "";
}
