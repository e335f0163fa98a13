/**
 * Records by the browser's MediaRecorder, where WebCodecs or a codec of it is missing.
 *
 * It sends a file that can't be sought and does not tell its length; so at the end Mediabunny writes
 * the same packets anew, and that file takes the first one's place.
 *
 * W3C MediaStream Recording, https://www.w3.org/TR/mediastream-recording/.
 */

import {
  BlobSource,
  Conversion,
  Input,
  MP4,
  OGG,
  Output,
  type OutputFormat,
  StreamTarget,
  type StreamTargetChunk,
  WEBM,
} from "mediabunny";
import { makeClock } from "./clock.ts";
import { FORMATS } from "./codecs.ts";
import { type EngineHost, type EngineOptions, type MakeEngine, recordedType } from "./engine.ts";
import { Failure } from "./failure.ts";
import { event, onAbort } from "./lifetime.ts";

/** Milliseconds of recording in one piece. */
const SLICE = 1000;
const SOUND_BITRATE = 128_000;

export const mediaRecorder: MakeEngine = async ({ stream }, _, options, host) => {
  const mimeType = recordedType(options) ?? "";
  const clock = makeClock();
  const pieces: Blob[] = [];
  let size = 0;
  let written: Promise<void> = Promise.resolve();
  const recorder = new MediaRecorder(chosen(stream, options), {
    mimeType,
    ...(options.kind === "video"
      ? { videoBitsPerSecond: options.bitrate, audioBitsPerSecond: SOUND_BITRATE }
      : { audioBitsPerSecond: options.bitrate }),
  });
  const { signal } = host;
  const take = ({ data }: BlobEvent) => {
    pieces.push(data);
    written = written.then(async () => {
      const bytes = new Uint8Array(await data.arrayBuffer());
      host.write(size, bytes);
      size += bytes.length;
    });
    written.catch(host.failed);
  };
  recorder.addEventListener("dataavailable", take, { signal });
  const failed = () => host.failed(changed());
  recorder.addEventListener("error", failed, { signal });
  recorder.start(SLICE);
  clock.run();
  onAbort(signal, () => recorder.state !== "inactive" && recorder.stop());

  return {
    mime: recorder.mimeType,
    duration: clock.now,
    note: () => "",
    follow() {}, // It stops by itself when a track goes, and says so.
    pause() {
      recorder.pause();
      clock.pause();
    },
    resume() {
      recorder.resume();
      clock.run();
    },
    async finish() {
      clock.pause();
      recorder.removeEventListener("error", failed);
      if (recorder.state !== "inactive") {
        const stopped = event(recorder, ["stop"], signal);
        recorder.stop();
        await stopped;
      }
      await written;
      await mend(new Blob(pieces), options, host);
    },
  };
};

function chosen(stream: MediaStream, { kind }: EngineOptions): MediaStream {
  return kind === "audio" ? new MediaStream(stream.getAudioTracks()) : stream;
}

function changed(): Failure {
  return new Failure(
    "MediaError",
    "The browser's recorder stopped, as the stream's tracks changed: what it has is kept; record again.",
  );
}

/** Writes the same packets again, with their duration and an index. */
async function mend(
  blob: Blob,
  { format }: EngineOptions,
  { restart, write }: EngineHost,
): Promise<void> {
  const make = FORMATS[format] as () => OutputFormat;
  const writable = new WritableStream<StreamTargetChunk>({
    write: ({ data, position }) => write(position, data as Uint8Array<ArrayBuffer>),
  });
  const conversion = await Conversion.init({
    input: new Input({ source: new BlobSource(blob), formats: [WEBM, MP4, OGG] }),
    output: new Output({ format: make(), target: new StreamTarget(writable) }),
  });
  restart(); // Only now: a file that can't be read is better as it is.
  await conversion.execute();
}
