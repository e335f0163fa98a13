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
import { Failure } from "./failure.ts";

/** Names of 0.6.0, of the browsers' MIME types, and of common speech. */
const ALIASES: Record<string, VideoCodec | AudioCodec> = {
  av01: "av1",
  avc1: "avc",
  h264: "avc",
  mp4a: "aac",
  pcm: "pcm-s16",
  vp08: "vp8",
  vp09: "vp9",
};

export interface Container {
  /** A file that is cut short is played up to there. */
  make(): OutputFormat;
  /** The codecs that are tried, the best first. */
  video: VideoCodec[];
  audio: AudioCodec[];
}

export const CONTAINERS: Record<string, Container> = {
  webm: { make: () => new WebMOutputFormat(), video: ["vp9", "vp8", "av1"], audio: ["opus"] },
  mp4: {
    make: () => new Mp4OutputFormat({ fastStart: "fragmented" }),
    video: ["avc", "vp9", "av1"],
    audio: ["aac", "opus"],
  },
  ogg: { make: () => new OggOutputFormat(), video: [], audio: ["opus"] },
  wav: { make: () => new WavOutputFormat(), video: [], audio: ["pcm-s16"] },
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
export async function chooseCodecs({ format, codecs, video, audio }: Wanted): Promise<Chosen> {
  const container = CONTAINERS[format] as Container;
  const names = codecs.split(",").map((name) => name.trim().toLowerCase().split(".")[0] ?? "");
  const named = names.filter((name) => name).map((name) => ALIASES[name] ?? name);
  const fits = (kind: readonly string[]) => named.filter((name) => kind.includes(name));
  const foreign = named.find(
    (name) => !fits([...container.video, ...container.audio]).includes(name),
  );
  if (foreign) throw await unsupported(`${foreign} in ${format}`);
  const chosen: Chosen = { video: null, audio: null };
  if (video) {
    const { length } = fits(container.video);
    const tried = container.video.filter((codec) => !length || named.includes(codec));
    chosen.video = await first(tried, (codec) => canEncodeVideo(codec, even(video)));
    if (!chosen.video) throw await unsupported(`${tried.join(" or ")} in ${format}`);
  }
  if (audio) {
    const { length } = fits(container.audio);
    const tried = container.audio.filter((codec) => !length || named.includes(codec));
    chosen.audio = await first(tried, (codec) => canEncodeAudio(codec));
    if (!chosen.audio) throw await unsupported(`${tried.join(" or ")} in ${format}`);
  }
  return chosen;
}

/** H.264 has no odd sizes; a row of pixels is cut off there. */
export function even({ width, height }: { width: number; height: number }) {
  return { width: width - (width % 2), height: height - (height % 2) };
}

async function first<T>(candidates: T[], can: (candidate: T) => Promise<boolean>) {
  for (const candidate of candidates) if (await can(candidate)) return candidate;
  return null;
}

async function unsupported(wanted: string): Promise<Failure> {
  const lists = Object.entries(CONTAINERS).map(async ([format, { video, audio }]) => {
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
