/** The synced traits of the Python classes; a test compares the names. */

import type { Device } from "./choice.ts";
import type { Wishes } from "./constraints.ts";
import type { Fact } from "./doctor/fact.ts";
import type { Stats } from "./stats.ts";

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

export type DeviceStreamTraits = StreamTraits & { audio_device: string | null; devices: Device[] };

export type CameraStreamTraits = DeviceStreamTraits & {
  constraints: Wishes;
  mirror: boolean | null;
  video_device: string | null;
};

export type MicrophoneStreamTraits = DeviceStreamTraits & {
  auto_gain_control: boolean;
  echo_cancellation: boolean;
  noise_suppression: boolean;
};

export type ScreenStreamTraits = StreamTraits & {
  audio: boolean;
  cursor: string | null;
  surface: string | null;
};

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

export type WidgetStreamTraits = StreamTraits & {
  max_fps: number | null;
  method: "auto" | "canvas" | "dom" | "screen";
  widget: Reference;
};

export type AudioStreamTraits = PlayedTraits & { audio: Reference };
export type VideoStreamTraits = PlayedTraits & { video: Reference };

export type RecorderTraits = MediaTraits & {
  _recordings: number;
  _repeated: number;
  autosave: boolean;
  filename: string;
  format: string;
  recording: boolean;
  stream: Reference | null;
};

export type MediaRecorderTraits = RecorderTraits & {
  bitrate: number;
  codecs: string;
  duration: number;
  max_duration: number | null;
  path: string;
  size: number;
};

export type AudioRecorderTraits = MediaRecorderTraits & { audio: Reference };
export type VideoRecorderTraits = MediaRecorderTraits & { video: Reference };

export type ImageRecorderTraits = RecorderTraits & {
  image: Reference;
  quality: number;
  size: [number | null, number | null] | null;
};

export type ArrayStreamTraits = StreamTraits & {
  _sample_rate: number;
  height: number | null;
  width: number | null;
};

export type DoctorTraits = MediaTraits & {
  _facts: Fact[];
  report: string;
};

export type ReaderTraits = MediaTraits & {
  _traceback: string;
  pause_when_hidden: boolean;
  reading: boolean;
  stream: Reference | null;
};

export type FrameReaderTraits = ReaderTraits & {
  format: "jpeg" | "webp" | "rgb" | "gray";
  max_fps: number | null;
  quality: number;
  width: number | null;
};

export type AudioReaderTraits = ReaderTraits & {
  block: number;
  channels: number;
  sample_rate: number;
};

/** Another one in a room, as the kernel says. */
export interface RoomPerson {
  id: string;
  nickname: string;
  peer: Reference;
  stream: Reference;
  state: "connecting" | "connected" | "reconnecting";
  audio: boolean;
  video: boolean;
}

export type WebRTCRoomTraits = MediaTraits & {
  _inside: boolean;
  _page: string;
  _people: RoomPerson[];
  nickname: string;
  room: string;
  stream: Reference | null;
};

export type WebRTCPeerTraits = MediaTraits & {
  connected: boolean;
  failed: boolean;
  ice_transport_policy: RTCIceTransportPolicy;
  id_local: string;
  id_remote: string;
  max_bitrate: number | null;
  nickname: string;
  polite: boolean;
  stats: Stats | Record<string, never>;
  stream_local: Reference | null;
  stream_remote: Reference;
};
