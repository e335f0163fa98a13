/** The synced traits of the Python classes; a test compares the names. */

import type { Wishes } from "./constraints.ts";

/** A reference to another widget's model; see refs.ts. */
type Reference = string;

export type MediaTraits = {
  _uid: string;
  layout: Reference;
  status: string;
  error: string;
};

export type StreamTraits = MediaTraits & {
  _attempt: number;
  _kind: string;
  _opened: boolean;
  _power: "auto" | "on" | "off";
  audio_enabled: boolean;
  settings: Record<string, MediaTrackSettings>;
  video_enabled: boolean;
};

export type CameraStreamTraits = StreamTraits & { constraints: Wishes };
export type ImageStreamTraits = StreamTraits & { image: Reference };

export type PlayedTraits = StreamTraits & {
  /** How often somebody sought, and where to, in seconds. */
  _seek: [number, number];
  current_time: number;
  duration: number;
  loop: boolean;
  playing: boolean;
  volume: number;
};

export type AudioStreamTraits = PlayedTraits & { audio: Reference };
export type VideoStreamTraits = PlayedTraits & { video: Reference };

export type RecorderTraits = MediaTraits & {
  autosave: boolean;
  filename: string;
  format: string;
  recording: boolean;
  stream: Reference | null;
};

export type ImageRecorderTraits = RecorderTraits & {
  image: Reference;
  quality: number;
  size: [number | null, number | null] | null;
};
