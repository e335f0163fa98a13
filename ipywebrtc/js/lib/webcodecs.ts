/**
 * Records by WebCodecs, and Mediabunny writes the file while it is made.
 *
 * Tracks may be replaced, pause and run dry: what is missing is filled by the last picture and by
 * silence, so that the file is as long as its recording.
 */

import {
  type AudioCodec,
  AudioSample,
  AudioSampleSource,
  Output,
  type OutputFormat,
  Quality,
  StreamTarget,
  type StreamTargetChunk,
  type VideoCodec,
  VideoSample,
  VideoSampleSource,
} from "mediabunny";
import { type Clock, makeClock } from "./clock.ts";
import { chooseCodecs, even, FORMATS } from "./codecs.ts";
import type { Engine, EngineHost, EngineOptions, MakeEngine } from "./engine.ts";
import { asFailure } from "./failure.ts";
import { onAbort, unlessAborted } from "./lifetime.ts";
import { makeResampler } from "./resample.ts";
import type { Still } from "./still.ts";
import { readFrames, readSound, type Sound } from "./tracks.ts";

/** Frames on their way through the encoder; further ones are dropped. */
const PENDING = 8;
/** The part of the frames that may be left out without a word. */
const LOST = 0.1;
/** Seconds without a frame after which the last one is written again. */
const STILL = 1;
/** Seconds that the sound may lag behind before silence is filled in. */
const LAG = 0.3;
/** Milliseconds without sound after which none is awaited any more. */
const AWAITED = 300;
/** Milliseconds between two looks at what is missing. */
const LOOK = 500;
/** Seconds between two frames at least. */
const TICK = 0.001;
/** Seconds that a frame's own time may be behind the clock before that counts. */
const OFF = 0.5;
/** Bits per second of the sound beside a picture. */
const SOUND_BITRATE = 128_000;
/** The form of the sound until there is any. */
const SILENT = { sampleRate: 48_000, channels: 1 };
/** Seconds between two frames that a player can jump to. */
const KEY_FRAMES = 2;

export const webcodecs: MakeEngine = async ({ stream }, first, options, host) => {
  const sound = stream.getAudioTracks().length > 0;
  const codecs = await chooseCodecs({ ...options, video: first, audio: sound });
  const clock = makeClock();
  const stop = new AbortController();
  const signal = AbortSignal.any([host.signal, stop.signal]);
  const make = FORMATS[options.format] as () => OutputFormat;
  const output = new Output({ format: make(), target: target(host) });
  const parts: Part[] = [];
  if (first && codecs.video) {
    const part = videoPart(codecs.video, first, options, clock, host);
    output.addVideoTrack(part.source);
    parts.push(part);
  }
  if (codecs.audio) {
    const part = audioPart(codecs.audio, options, clock, host);
    output.addAudioTrack(part.source);
    parts.push(part);
  }
  await output.start();
  clock.run();
  for (const part of parts) part.start();

  const looking = setInterval(() => {
    if (clock.running) for (const part of parts) part.fill(clock.now());
  }, LOOK);
  onAbort(signal, () => clearInterval(looking));
  onAbort(host.signal, () => {
    if (output.state === "started") output.cancel();
  });
  const follow = (next: MediaStream) => {
    for (const part of parts) part.follow(next, signal);
  };
  follow(stream);

  return {
    mime: `${options.kind}/${options.format}`,
    duration: clock.now,
    note: () => parts.find((part) => part.note())?.note() ?? "",
    follow,
    pause: clock.pause,
    resume: clock.run,
    async finish() {
      const paused = !clock.running;
      clock.pause();
      const end = Math.min(options.limit, clock.now());
      await unlessAborted(Promise.all(parts.map((part) => part.end(end, paused))), host.signal);
      stop.abort();
      await unlessAborted(output.finalize(), host.signal);
    },
  } satisfies Engine;
};

interface Part<Source = VideoSampleSource | AudioSampleSource> {
  source: Source;
  start(): void;
  follow(stream: MediaStream, signal: AbortSignal): void;
  /** Fills what is missing up to this time. */
  fill(time: number): void;
  /** Settles when the encoder has all up to this time; what is paused awaits nothing more. */
  end(time: number, paused: boolean): Promise<void>;
  /** What it misses, and why; empty where it has all. */
  note(): string;
}

/**
 * Hands samples to an encoder one after the other, and closes them.
 *
 * Mediabunny forgets what an encoder has not taken when the file is finished, and mixes up the parts
 * of long pieces of sound that come at once.
 */
function queue<Sample extends VideoSample | AudioSample>(
  source: { add(sample: Sample): Promise<void> },
  { signal, failed }: EngineHost,
) {
  let last = Promise.resolve();
  return {
    add(sample: Sample): Promise<void> {
      last = last
        .then(() => (signal.aborted ? undefined : source.add(sample)))
        .catch((error) => {
          if (!signal.aborted) failed(error);
        })
        .finally(() => sample.close());
      return last;
    },
    empty: () => last,
  };
}

/** Reads the first track of a kind, and the next one when it is replaced. */
function follower<Datum>(
  kind: "audio" | "video",
  read: (track: MediaStreamTrack, listener: (datum: Datum) => void, signal: AbortSignal) => void,
  begin: () => (datum: Datum) => void,
) {
  let followed: MediaStreamTrack | undefined;
  let stop = new AbortController();
  return (stream: MediaStream, signal: AbortSignal) => {
    const track = stream.getTracks().find((candidate) => candidate.kind === kind);
    if (track === followed) return;
    stop.abort();
    stop = new AbortController();
    followed = track;
    if (track) read(track, begin(), AbortSignal.any([signal, stop.signal]));
  };
}

function videoPart(
  codec: VideoCodec,
  first: Still,
  { bitrate, limit }: EngineOptions,
  clock: Clock,
  host: EngineHost,
): Part<VideoSampleSource> {
  const { width, height } = even(first);
  const source = new VideoSampleSource({
    codec,
    quality: new Quality({ bitrate }),
    keyFrameInterval: KEY_FRAMES,
    latencyMode: "realtime",
    sizeChangeBehavior: "contain",
    ...(codec === "avc" && (width !== first.width || height !== first.height)
      ? { transform: { crop: { left: 0, top: 0, width, height } } }
      : {}),
  });
  const samples = queue(source, host);
  let pending = 0;
  let added = 0;
  let dropped = 0;
  let last: VideoSample | null = null;
  let ended = limit;

  const add = (sample: VideoSample, timestamp: number) => {
    added += 1;
    if (pending >= PENDING) {
      dropped += 1;
      return;
    }
    sample.setTimestamp(timestamp);
    pending += 1;
    // A copy, as the sample itself may be needed again, or be closed before.
    samples.add(sample.clone()).then(() => {
      pending -= 1;
    });
  };
  const take = (frame: VideoFrame, timestamp: number) => {
    const sample = new VideoSample(frame);
    const previous = last;
    if (timestamp > ended) {
      sample.close();
      return;
    }
    last = sample;
    add(sample, timestamp);
    previous?.close();
  };
  const repeat = (time: number) => {
    if (!last || time <= last.timestamp) return;
    add(last, time);
  };
  onAbort(host.signal, () => last?.close());

  return {
    source,
    // A picture that stands still sends no frame of its own.
    start: () => take(new VideoFrame(first.image, { timestamp: 0 }), 0),
    follow: follower<VideoFrame>("video", readFrames, () => {
      let offset: number | null = null;
      return (frame) => {
        if (!clock.running) {
          offset = null;
          frame.close();
          return;
        }
        const now = clock.now();
        const own = frame.timestamp / 1e6;
        if (offset === null || now - own - offset > OFF) offset = now - own;
        // A frame may come late, as the first of them, but never before its time.
        offset = Math.min(offset, now - own);
        const after = last ? last.timestamp + TICK : 0;
        take(frame, Math.max(after, own + offset));
      };
    }),
    fill(time) {
      if (last && time - last.timestamp > STILL) repeat(time);
    },
    end(time) {
      ended = time;
      // A frame lasts until the next: the last one is written again, for the end.
      repeat(time);
      last?.close();
      last = null;
      return samples.empty();
    },
    note: () => (dropped > LOST * added ? tooSlow(dropped / added) : ""),
  };
}

function audioPart(
  codec: AudioCodec,
  { kind, bitrate, limit }: EngineOptions,
  clock: Clock,
  host: EngineHost,
): Part<AudioSampleSource> {
  let made: { sampleRate: number; channels: number } | null = null;
  let convert: (sound: Sound) => Sound = (sound) => sound;
  let given = 0;
  let written = 0; // frames
  let last = limit; // seconds that are written at most
  let least = Number.POSITIVE_INFINITY; // the smallest lag since the last look
  let awaited: (() => void) | null = null; // told of sound that comes after the end
  let unheard = ""; // why there is no sound
  const source = new AudioSampleSource({
    codec,
    ...(codec.startsWith("pcm")
      ? {}
      : { quality: new Quality({ bitrate: kind === "audio" ? bitrate : SOUND_BITRATE }) }),
  });
  const samples = queue(source, host);
  /** Frames that there should be at a time, and are not. */
  const missing = (time: number) => time * (made ?? SILENT).sampleRate - written;

  const write = (sound: Sound) => {
    // What comes first decides; another microphone may have another rate.
    made ??= { sampleRate: sound.sampleRate, channels: sound.planes.length };
    if (sound.sampleRate !== given) {
      given = sound.sampleRate;
      convert = makeConverter(made, given);
    }
    const { planes, sampleRate } = convert(sound);
    const frames = Math.min(planes[0]?.length ?? 0, Math.round(missing(last)));
    if (frames <= 0) return;
    const data = new Float32Array(frames * planes.length);
    for (const [index, plane] of planes.entries()) {
      data.set(plane.subarray(0, frames), index * frames);
    }
    const sample = new AudioSample({
      data,
      format: "f32-planar",
      numberOfChannels: planes.length,
      sampleRate,
      timestamp: written / sampleRate,
    });
    written += frames;
    samples.add(sample);
  };
  const silence = (count: number) => {
    const { sampleRate, channels } = made ?? SILENT;
    const frames = Math.max(0, Math.round(count));
    write({ planes: Array.from({ length: channels }, () => new Float32Array(frames)), sampleRate });
  };
  const read = (
    track: MediaStreamTrack,
    listener: (sound: Sound) => void,
    signal: AbortSignal,
  ): void => {
    const failed = (error: unknown) => {
      unheard = `The recording has no sound. ${asFailure(error).message}`;
    };
    readSound(track, listener, failed, signal);
  };
  /** Settles when the sound is complete, or no more comes. */
  const complete = () =>
    new Promise<void>((resolve) => {
      let late: ReturnType<typeof setTimeout> | undefined;
      awaited = () => {
        clearTimeout(late);
        if (missing(last) < 1) resolve();
        else late = setTimeout(resolve, AWAITED);
      };
      awaited();
    });

  return {
    source,
    start: () => {},
    follow: follower<Sound>("audio", read, () => (block) => {
      if (!clock.running && !awaited) return;
      unheard = ""; // It came late, as the page was clicked only now.
      write(block);
      least = Math.min(least, missing(clock.now()));
      awaited?.();
    }),
    fill(time) {
      // Blocks that come late, as the page was busy, are no gap: all of them lag for a while only.
      const lag = Math.min(least, missing(time));
      if (lag > LAG * (made ?? SILENT).sampleRate) silence(lag);
      least = Number.POSITIVE_INFINITY;
    },
    async end(time, paused) {
      last = time;
      // The last blocks are on their way, and more of them where the page was busy.
      if (made && !paused) await complete();
      silence(missing(time));
      await samples.empty();
    },
    note: () => unheard,
  };
}

function tooSlow(lost: number): string {
  const share = Math.round(100 * lost);
  return `${share} % of the pictures were left out, as this computer can't encode them in time: record a smaller picture, or set codecs to 'vp8'.`;
}

/** Brings sound of this rate, and any number of channels, to the form that the file has. */
function makeConverter(
  { sampleRate, channels }: { sampleRate: number; channels: number },
  from: number,
): (sound: Sound) => Sound {
  const resamplers = Array.from({ length: channels }, () => makeResampler(from, sampleRate));
  return ({ planes }) => ({
    sampleRate,
    planes: resamplers.map((resample, index) =>
      resample(planes[index % planes.length] as Float32Array<ArrayBuffer>),
    ),
  });
}

/** The pieces of the file as Mediabunny writes them. */
function target({ write }: EngineHost): StreamTarget {
  return new StreamTarget(
    new WritableStream<StreamTargetChunk>({
      write: ({ data, position }) => write(position, data as Uint8Array<ArrayBuffer>),
    }),
  );
}
