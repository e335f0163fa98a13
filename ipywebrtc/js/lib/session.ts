/**
 * One RTCPeerConnection, from its first offer to its end.
 *
 * It always has a place for one sound and one picture each way. What is sent in them changes without
 * a word to the kernel: the sides tell each other on the data channel which places they use. So
 * there is nothing to agree on but the ways that media take. Chromium 156 fails where two sides
 * change the places at once ("RTP extension ID reassignment not supported").
 */

import { asFailure, Failure } from "./failure.ts";
import { construct, turnRefusal } from "./ice.ts";
import { onAbort } from "./lifetime.ts";
import { negotiate, type Terms } from "./negotiation.ts";
import { makeSummary, type Stats } from "./stats.ts";

/** Milliseconds between two signs of life to the other side. */
const BEAT = 500;
/** Milliseconds without one after which the other side is lost. */
const SILENCE = 4000;
/** Milliseconds between two beats after which this page was busy itself; hidden ones have one second. */
const BUSY = 2000;
/** Milliseconds that a connection gets to come back by itself. */
const GRACE = 5000;

const KINDS = ["audio", "video"];

/** What is said on the data channel: the kinds that are sent now, or `bye`. */
interface Said {
  sends?: string[];
  bye?: true;
}

/** What the other side says; what is malformed says nothing, but that it is there. */
function read(data: unknown): Said {
  try {
    const { sends, bye } = JSON.parse(String(data));
    return { sends: Array.isArray(sends) ? sends : [], ...(bye === true && { bye }) };
  } catch {
    return {};
  }
}

export interface SessionHost {
  /** Whether it begins; otherwise it waits for an offer, and takes its places. */
  offers: boolean;
  configuration: RTCConfiguration;
  polite(): boolean;
  send(terms: Terms): void;
  /** What this side sends. */
  tracks(): MediaStreamTrack[];
  /** Bits per second of the picture, or null. */
  bitrate(): number | null;
  /** What the other side sends is these tracks. */
  received(tracks: MediaStreamTrack[]): void;
  /** The other side is there, for the first time or again. */
  connected(): void;
  /** It is not heard of any more. */
  lost(): void;
  /** It has said that it leaves. */
  left(): void;
  /** It will never come about. */
  failed(failure: Failure): void;
}

export interface Session {
  receive(terms: Terms): void;
  /** Looks for another way to the other side. */
  restart(): void;
  /** Takes over what `tracks` and `bitrate` say now. */
  update(): void;
  stats(): Promise<Stats>;
  /** Why there was no way, as far as it is known. */
  reason(): string;
}

/** Begins a session, which ends with the signal; the other side is then told. */
export function makeSession(host: SessionHost, signal: AbortSignal): Session {
  const pc = construct(host.configuration);
  const summary = makeSummary();
  const channel = pc.createDataChannel("ipywebrtc", { negotiated: true, id: 0 });
  const relayOnly = host.configuration.iceTransportPolicy === "relay";
  let candidates = 0;
  let refusal = "";
  let heard = 0;
  let sends: string[] = [];
  let received: MediaStreamTrack[] = [];
  let up = false;

  function on(target: EventTarget, name: string, listener: (event: never) => void): void {
    target.addEventListener(name, listener as EventListener, { signal });
  }

  function alive(): void {
    heard = performance.now();
    if (up || pc.connectionState !== "connected" || channel.readyState !== "open") return;
    up = true;
    greet();
    host.connected();
  }

  function lost(): void {
    if (!up) return;
    up = false;
    host.lost();
  }

  let beaten = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    // What the other side said meanwhile lies unread when this page was busy itself.
    if (now - beaten > BUSY) heard = now;
    beaten = now;
    greet();
    if (now - heard > SILENCE) lost();
  }, BEAT);

  let grace: ReturnType<typeof setTimeout> | undefined;
  on(pc, "connectionstatechange", () => {
    clearTimeout(grace);
    const { connectionState } = pc;
    if (connectionState === "connected") alive();
    if (connectionState === "disconnected") grace = setTimeout(lost, GRACE);
    if (connectionState === "failed") {
      up = true; // It is lost even if it never was there.
      lost();
    }
  });
  on(channel, "open", alive);
  on(channel, "close", lost);
  on(channel, "message", ({ data }: MessageEvent) => {
    const { sends: sent, bye } = read(data);
    if (bye) {
      host.left();
      return;
    }
    alive();
    const tracks = pc
      .getReceivers()
      .map(({ track }) => track)
      .filter(({ kind }) => sent?.includes(kind));
    if (tracks.length === received.length && tracks.every((one) => received.includes(one))) return;
    received = tracks;
    host.received(tracks);
  });

  function say(what: Said): void {
    if (channel.readyState === "open") channel.send(JSON.stringify(what));
  }

  function greet(): void {
    say({ sends });
  }

  on(pc, "icecandidate", ({ candidate }: RTCPeerConnectionIceEvent) => {
    if (candidate?.candidate) candidates += 1;
    else if (relayOnly && !candidates && pc.iceGatheringState === "complete") {
      host.failed(new Failure("MediaError", refusal || NO_RELAY));
    }
  });
  on(pc, "icecandidateerror", ({ url, errorCode }: RTCPeerConnectionIceErrorEvent) => {
    refusal = turnRefusal(url, errorCode) ?? refusal;
  });

  function sync(): void {
    const tracks = host.tracks();
    const put = pc.getTransceivers().map(async ({ sender, receiver }) => {
      const track = tracks.find(({ kind }) => kind === receiver.track.kind) ?? null;
      // Even for the one that is there: another may be on its way.
      await sender.replaceTrack(track);
      return track?.kind ?? [];
    });
    // A camera is never announced as the sound alone.
    Promise.all(put).then((kinds) => {
      sends = kinds.flat();
      greet();
      limit();
    }, failed);
  }

  function prepare(): void {
    for (const place of pc.getTransceivers()) place.direction = "sendrecv";
    sync();
  }

  function limit(): void {
    const maxBitrate = host.bitrate() ?? undefined;
    for (const sender of pc.getSenders()) {
      if (sender.track?.kind !== "video") continue;
      const parameters = sender.getParameters();
      if (parameters.encodings?.every((encoding) => encoding.maxBitrate === maxBitrate)) continue;
      for (const encoding of parameters.encodings ?? []) {
        if (maxBitrate) encoding.maxBitrate = maxBitrate;
        else delete encoding.maxBitrate;
      }
      sender.setParameters(parameters).catch(() => {}); // It negotiates, and is asked again then.
    }
  }

  const failed = (error: unknown) => {
    if (!signal.aborted) host.failed(asFailure(error));
  };
  const { offers, polite, send } = host;
  const receive = negotiate(pc, { offers, polite, send, prepare, settled: limit, failed }, signal);
  onAbort(signal, () => {
    clearInterval(beat);
    clearTimeout(grace);
    say({ bye: true });
    pc.close();
  });
  if (offers) for (const kind of KINDS) pc.addTransceiver(kind);
  sync();
  return {
    receive,
    restart: () => pc.restartIce(),
    update: sync,
    stats: async () => summary((await pc.getStats()).values()),
    reason: () => refusal,
  };
}

const NO_RELAY =
  "There is no way by a TURN server, and ice_transport_policy='relay' allows no other: name one in ice_servers.";
