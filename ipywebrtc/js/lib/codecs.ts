/** What this browser can encode, for each format of a file. */

import {
  type AudioCodec,
  canEncodeAudio,
  canEncodeVideo,
  Mp4OutputFormat,
  OggOutputFormat,
  type OutputFormat,
  type VideoCodec,
  WavOutputFormat,
  WebMOutputFormat,
} from "mediabunny";
import { CODECS, foreignCodec, namedCodecs } from "./engine.ts";
import { Failure } from "./failure.ts";

/** What writes the files; one that is cut short is played up to there. */
export const FORMATS: Record<string, () => OutputFormat> = {
  webm: () => new WebMOutputFormat(),
  mp4: () => new Mp4OutputFormat({ fastStart: "fragmented" }),
  ogg: () => new OggOutputFormat(),
  wav: () => new WavOutputFormat(),
};

export interface Wanted {
  format: string;
  /** As in a MIME type, separated by commas; empty for the best that there is. */
  codecs: string;
  video: { width: number; height: number } | null;
  audio: boolean;
}

export interface Chosen {
  video: VideoCodec | null;
  audio: AudioCodec | null;
}

/** Chooses the codecs, or says what this browser can do instead. */
export async function chooseCodecs(wanted: Wanted): Promise<Chosen> {
  const { format, video, audio } = wanted;
  const foreign = foreignCodec(wanted);
  if (foreign) throw await unsupported(`${foreign} in ${format}`);
  const choose = async <Codec extends string>(
    candidates: readonly Codec[],
    can: (codec: Codec) => Promise<boolean>,
  ): Promise<Codec> => {
    const named = namedCodecs(wanted.codecs);
    const some = candidates.some((codec) => named.includes(codec));
    const tried = candidates.filter((codec) => !some || named.includes(codec));
    for (const codec of tried) if (await can(codec)) return codec;
    throw await unsupported(`${tried.join(" or ")} in ${format}`);
  };
  const codecs = CODECS[format as keyof typeof CODECS];
  return {
    video: video && (await choose(codecs.video, (codec) => canEncodeVideo(codec, even(video)))),
    audio: audio ? await choose(codecs.audio, (codec) => canEncodeAudio(codec)) : null,
  };
}

/** H.264 has no odd sizes; a row of pixels is cut off there. */
export function even({ width, height }: { width: number; height: number }) {
  return { width: width - (width % 2), height: height - (height % 2) };
}

async function unsupported(wanted: string): Promise<Failure> {
  const lists = Object.entries(CODECS).map(async ([format, { video, audio }]) => {
    const able: string[] = [];
    for (const codec of video) if (await canEncodeVideo(codec)) able.push(codec);
    for (const codec of audio) if (await canEncodeAudio(codec)) able.push(codec);
    return able.length ? `${format} (${able.join(", ")})` : "";
  });
  const possible = (await Promise.all(lists)).filter((text) => text).join(", ");
  return new Failure(
    "UnsupportedFormat",
    `This browser can't record ${wanted}: set format and codecs to what it can: ${possible}.`,
  );
}
