/** Makes a recording: opens the stream, starts what encodes it, and sends the file to the kernel. */

import type { AnyModel } from "@anywidget/types";
import { asset } from "./asset.ts";
import { type Engine, type EngineOptions, type MakeEngine, recordedType } from "./engine.ts";
import { asFailure, Failure } from "./failure.ts";
import { unlessAborted } from "./lifetime.ts";
import type { Live, Source } from "./live.ts";
import { type Action, type Answer, page, type Request, say } from "./page.ts";
import type { Still } from "./still.ts";
import { liveStream } from "./streams.ts";
import type { MediaRecorderTraits } from "./traits.ts";
import { makeUpload, type Upload } from "./upload.ts";

type Model = AnyModel<MediaRecorderTraits>;
type Phase = "record" | "pause" | "stop";

/** Milliseconds between two looks of the views here. */
const SHOW = 250;
/** Milliseconds between two reports to the kernel, which sends what it learns to every page. */
const REPORT = 1000;

/** The recording that this page makes now. */
export interface Recording {
  readonly status: "starting" | "recording" | "paused" | "sending";
  readonly duration: number;
  readonly size: number;
  /** Bytes that the kernel has. */
  readonly sent: number;
  readonly source: Source | null;
  steer(phase: Phase): void;
}

interface RecordRequest extends Request {
  phase?: Phase;
  turn?: number;
  max_duration?: number | null;
}

export interface RecordingHost {
  kind: "video" | "audio";
  model: Model;
  /** What this page records now; it is told at each change. */
  show(recording: Recording | null): void;
  /** The file, if this page still has it all. */
  keep(bytes: Uint8Array<ArrayBuffer> | null, format: string): void;
}

/** What a recorder does when it is asked to record. */
export function recordAction(host: RecordingHost): Action {
  return (request, wanted, onRepeat) => record(host, request, wanted, onRepeat);
}

async function record(
  { kind, model, show, keep }: RecordingHost,
  request: RecordRequest,
  wanted: AbortSignal,
  onRepeat: Parameters<Action>[2],
): Promise<Answer> {
  const done = new AbortController();
  const signal = AbortSignal.any([wanted, done.signal]);
  const fail = (error: unknown) => done.abort(asFailure(error));
  let status: Recording["status"] = "starting";
  let phase: Phase = request.phase ?? "record";
  let turn = request.turn ?? 0;
  let ended = Number.POSITIVE_INFINITY;
  let live: Live | null = null;
  let engine: Engine | null = null;
  let upload: Upload | null = null;
  let stopped: () => void = () => {};
  const stop = new Promise<void>((resolve) => {
    stopped = resolve;
  });

  const stopping = () => phase === "stop";
  if (stopping()) stopped();

  const recording: Recording = {
    get status() {
      return status;
    },
    get duration() {
      return Math.min(engine?.duration() ?? 0, ended);
    },
    get size() {
      return upload?.size ?? 0;
    },
    get sent() {
      return upload?.acknowledged ?? 0;
    },
    get source() {
      return live?.source ?? null;
    },
    steer(wish) {
      if (stopping()) return;
      phase = wish;
      if (wish === "pause") engine?.pause();
      if (wish === "record") engine?.resume();
      if (wish === "stop") stopped();
      report();
    },
  };
  const report = () => {
    if (engine) {
      if (stopping()) status = "sending";
      else status = phase === "pause" ? "paused" : "recording";
      const { duration, size } = recording;
      const told = status === "sending" ? "recording" : status;
      say(model, { kind: "state", page: page(), id: request.id, status: told, duration, size });
    }
    show(recording);
  };
  onRepeat((repeat: RecordRequest) => {
    if ((repeat.turn ?? 0) <= turn) return;
    turn = repeat.turn ?? 0;
    recording.steer(repeat.phase ?? "record");
  });
  const late = setTimeout(() => fail(tooLate(live, request.timeout)), request.timeout * 1000);
  let reporting: ReturnType<typeof setInterval> | undefined;
  let showing: ReturnType<typeof setInterval> | undefined;
  let last: ReturnType<typeof setTimeout> | undefined;

  show(recording);
  try {
    live = await liveStream(model, signal);
    live.use(signal);
    const opened = live;
    const source = await unlessAborted(Promise.race([live.open(), stop.then(() => null)]), signal);
    if (!source) return nothing();
    const first = await firstPicture(kind, source, signal);
    const options: EngineOptions = {
      kind,
      format: model.get("format"),
      codecs: model.get("codecs"),
      bitrate: model.get("bitrate"),
      limit: request.max_duration ?? Number.POSITIVE_INFINITY,
    };
    const make = await chooseEngine(model, options, signal);
    if (stopping()) return nothing();
    const opening = { format: options.format, unasked: request.phase === undefined };
    // Nothing is opened in the kernel before it is sure that there is something to write.
    const writing = () => {
      upload ??= makeUpload(model, request.id, opening, fail, signal);
      return upload;
    };
    engine = await make(source, first, options, {
      write: (position, data) => writing().write(position, data),
      restart: () => writing().restart(),
      failed: fail,
      signal,
    });
    clearTimeout(late);
    writing();
    if (phase === "pause") engine.pause();
    let note = "";
    const recorder = engine;
    live.watch(() => {
      if (opened.source) recorder.follow(opened.source.stream);
      else {
        note = `The stream ended: ${opened.failure?.message ?? "it was stopped"}`;
        recording.steer("stop");
      }
    }, signal);
    const { limit } = options;
    // Asked again, as a pause takes time too.
    const check = () => {
      const left = limit - recorder.duration();
      if (left <= 0) {
        ended = limit;
        recording.steer("stop");
      } else if (left < 86_400) last = setTimeout(check, Math.max(10, left * 1000));
    };
    check();
    report();
    reporting = setInterval(report, REPORT);
    showing = setInterval(() => show(recording), SHOW);

    await unlessAborted(stop, signal);
    await unlessAborted(engine.finish(), signal);
    note ||= engine.note();
    const { duration } = recording;
    const complete = await writing().finish();
    keep(writing().kept(), options.format);
    return { content: { ...complete, duration, note } };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(late);
    clearTimeout(last);
    clearInterval(reporting);
    clearInterval(showing);
    done.abort();
    show(null);
  }
}

/** The answer of a recording that was stopped before it began. */
function nothing(): Answer {
  return { content: { chunks: 0, size: 0, duration: 0 } };
}

async function firstPicture(
  kind: "video" | "audio",
  { stream, still }: Source,
  signal: AbortSignal,
): Promise<Still | null> {
  const tracks = stream.getTracks().filter((track) => track.kind === kind);
  if (!tracks.length) {
    throw new Failure(
      "SourceError",
      kind === "video"
        ? "The stream has sound only: use an AudioRecorder."
        : "The stream has no sound to record: use one with audio.",
    );
  }
  return kind === "video" ? still(signal) : null;
}

interface Assets {
  makeEngine: MakeEngine;
}

/** WebCodecs where it can do what is wanted, else MediaRecorder where that can. */
async function chooseEngine(
  model: Model,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<MakeEngine> {
  const { makeEngine } = await asset<Assets>(model, "muxer", signal);
  return async (...given) => {
    try {
      return await makeEngine(...given);
    } catch (error) {
      if (asFailure(error).name !== "UnsupportedFormat" || !recordedType(options)) throw error;
      const other = await asset<Assets>(model, "remuxer", signal);
      return other.makeEngine(...given);
    }
  };
}

function tooLate(live: Live | null, seconds: number): Failure {
  const prompt = "The browser is still asking for permission: answer its prompt.";
  const reason =
    live?.status === "waiting"
      ? (live.failure?.message ?? prompt)
      : "The stream gave no picture and no sound: display it to see why.";
  return new Failure("MediaTimeout", `Recording has not begun within ${seconds} s. ${reason}`);
}
