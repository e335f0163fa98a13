/** What the page of a WebRTCPeer does while the kernel's request `connect` stands. */

import type { AnyModel } from "@anywidget/types";
import { asFailure, Failure } from "./failure.ts";
import { onKernelGone } from "./kernel.ts";
import { onAbort, onChange } from "./lifetime.ts";
import { type Live, liveOf } from "./live.ts";
import { type Letter, makeMailbox } from "./mailbox.ts";
import { type Answer, hasten, page, type Request, say, serve } from "./page.ts";
import { makePeer, type PeerStatus, type Signal } from "./peer.ts";
import { child } from "./refs.ts";
import { remote } from "./remote.ts";
import { changed, endRemote, flows, putTracks, remoteOf } from "./remotes.ts";
import { liveStream } from "./streams.ts";
import type { StreamTraits, WebRTCPeerTraits } from "./traits.ts";

/** Milliseconds between two reports to the kernel. */
const REPORT = 2000;
/** Milliseconds in which most calls that begin are connected: then it is not told that they begin. */
const SETTLE = 300;
/** Milliseconds that the call waits for the own stream, lest it be agreed on twice. */
const HEAD_START = 200;

type Model = AnyModel<WebRTCPeerTraits>;
type Told = Request &
  Letter<Signal> & {
    kind: string;
    page: string;
    /** Counts the calls of `connect()`. */
    attempt: number;
    /** Whether another page, or this one before it was reloaded, has been in the call. */
    resumed: boolean;
    ice_servers: RTCIceServer[];
  };

interface Turn {
  told(message: Told): void;
  stop: AbortController;
}

/** Serves the requests of a peer's model until the signal fires; `over` is told when that is soon. */
export function servePeer(model: Model, over: (reason: string) => void, signal: AbortSignal): void {
  const life = new AbortController();
  const ends = AbortSignal.any([signal, life.signal]);

  function connect(request: Request, wanted: AbortSignal): Promise<Answer> {
    return new Promise((_, reject) => {
      const both = AbortSignal.any([wanted, ends]);
      let turn: Turn | null = null;
      const begin = (told: Told) => {
        const stop = new AbortController();
        turn = { stop, told: takeTurn(model, told, stop.signal, both) };
      };
      const receive = (told: Told) => {
        if (told.id !== request.id) return;
        const ours = told.page === page();
        if (told.kind === "request" && !ours) {
          turn?.stop.abort(); // Another page has taken over.
          turn = null;
        } else if (ours && turn) turn.told(told);
        else if (ours && told.kind === "request") begin(told);
      };
      model.on("msg:custom", receive);
      onAbort(both, () => {
        model.off("msg:custom", receive);
        reject(new Failure("MediaError", "The call was ended."));
      });
      begin(request as Told);
    });
  }

  serve(model, { connect }, ends);
  const end = (reason: string) => {
    life.abort();
    over(reason);
  };
  onKernelGone(model, () => end("The kernel restarted or ended: run the cell again."), signal);
  // After the listener by which the kernel is told.
  addEventListener("pagehide", ({ persisted }) => persisted || end("Reload the page."), { signal });
}

/**
 * Is in the call until it has ended or is passed on to another page; returns what takes the kernel's
 * messages.
 */
function takeTurn(
  model: Model,
  first: Told,
  passedOn: AbortSignal,
  ended: AbortSignal,
): (told: Told) => void {
  const signal = AbortSignal.any([passedOn, ended]);
  const about = { page: page(), id: first.id };
  let { attempt, ice_servers } = first;
  let status: PeerStatus = "waiting";
  let failure: Failure | undefined;
  let local: { tracks: MediaStreamTrack[]; failure: Failure | null } = {
    tracks: [],
    failure: null,
  };
  let theirs: Theirs | null = null;
  let size: { width: number | null; height: number | null } = { width: null, height: null };

  const send = (content: Record<string, unknown>) => say(model, { ...about, ...content });
  let telling: ReturnType<typeof setTimeout> | undefined;
  const traits = () => ({ status: model.get("status"), error: model.get("error") });
  let said = traits();
  const tell = async (again = false) => {
    const stats = status === "connected" ? await peer.stats()?.catch(() => null) : null;
    if (signal.aborted) return;
    if (stats && (stats.width !== size.width || stats.height !== size.height)) theirs?.look();
    size = stats ?? size;
    // A call goes on without the own stream, so its failure is none of the call.
    const error = failure?.message ?? local.failure?.message ?? "";
    const now = { status, error };
    const before = again ? traits() : said;
    if (before.status === status && before.error === error && !stats) return;
    said = now;
    send({ kind: "state", ...now, ...(stats && { stats }) });
  };
  const mailbox = makeMailbox<Signal>(
    (letter) => {
      send({ kind: "signals", ...letter });
      if (letter.signals.length) hasten(() => signal.aborted || send({ kind: "flush" }));
    },
    (one) => peer.receive(one),
    signal,
  );
  const peer = makePeer(
    {
      configuration: () => ({
        iceServers: ice_servers,
        // Both sides take one way for all: others would be looked for and given up.
        bundlePolicy: "max-bundle",
        iceTransportPolicy: model.get("ice_transport_policy"),
      }),
      polite: model.get("polite"),
      tracks: () => local.tracks,
      bitrate: () => model.get("max_bitrate"),
      received: (tracks) => theirs?.received(tracks),
      post: mailbox.post,
      report(...now) {
        const lost = status === "connected";
        [status, failure] = now;
        theirs?.look();
        clearTimeout(telling);
        if (status === "starting" && !lost) telling = setTimeout(tell, SETTLE);
        else tell();
      },
    },
    signal,
  );

  const start = async () => {
    theirs = await takeTheirs(model, passedOn, signal);
    await followOurs(
      model,
      first.resumed,
      (tracks, failure) => {
        local = { tracks, failure };
        peer.update();
      },
      signal,
    );
    if (signal.aborted) return;
    const timer = setInterval(tell, REPORT, true);
    onAbort(signal, () => clearInterval(timer));
    onChange(model, ["max_bitrate"], peer.update, signal);
    mailbox.receive(first);
    // The other side waits for a page that was reloaded.
    peer.call(model.get("polite") && !first.resumed);
  };
  const started = start();
  started.catch((error) => {
    if (!signal.aborted) send({ kind: "state", status: "error", error: asFailure(error).message });
  });
  return async (told) => {
    await started;
    ice_servers = told.ice_servers ?? ice_servers;
    mailbox.receive(told);
    if (told.kind !== "request" || told.attempt <= attempt) return;
    attempt = told.attempt;
    said = traits(); // The kernel begins anew by itself.
    peer.call(model.get("polite"));
  };
}

interface Theirs {
  received(tracks: MediaStreamTrack[]): void;
  /** Whether they flow may have changed. */
  look(): void;
}

/** Takes what the other side sends: it is shown by the peer's remote stream, and heard. */
async function takeTheirs(
  model: Model,
  passedOn: AbortSignal,
  signal: AbortSignal,
): Promise<Theirs> {
  const stream = (await child<StreamTraits>(model, "stream_remote")) as AnyModel<StreamTraits>;
  signal.throwIfAborted();
  const uid: string = stream.get("_uid");
  const remotes = remoteOf(uid);
  const live = liveOf(stream, remote);
  live.use(signal);
  const look = () => {
    changed(remotes);
    // Not before: the kernel knows that it waits. It may be stopped by its user.
    if (flows(remotes)) live.open().catch(() => {});
  };
  play(remotes.stream, signal);
  onAbort(signal, () => {
    // Those of a connection that was closed are of no use to anybody.
    putTracks(remotes, []);
    if (passedOn.aborted) look();
    else endRemote(uid);
  });
  return {
    look,
    received(tracks) {
      putTracks(remotes, tracks);
      for (const track of tracks) {
        for (const name of ["mute", "unmute", "ended"]) {
          track.addEventListener(name, look, { signal });
        }
      }
      look();
    },
  };
}

/** Lets the sound of a stream be heard; in some browsers only after a click in the page. */
function play(stream: MediaStream, signal: AbortSignal): void {
  const player = new Audio();
  player.autoplay = true;
  player.srcObject = stream;
  const start = () => player.play().catch(() => {});
  addEventListener("pointerdown", start, { signal, capture: true });
  onAbort(signal, () => {
    player.srcObject = null;
  });
}

type OnOurs = (tracks: MediaStreamTrack[], failure: Failure | null) => void;

/** Opens the local stream, calls back with its tracks, and follows what becomes of them. */
async function followOurs(
  model: Model,
  resumed: boolean,
  listener: OnOurs,
  signal: AbortSignal,
): Promise<void> {
  let stop = new AbortController();
  onAbort(signal, () => stop.abort());

  async function open(until: AbortSignal): Promise<void> {
    const live = await liveStream(model, until, "stream_local");
    until.throwIfAborted();
    live.use(until);
    live.watch(() => tell(live, listener), until);
    if (live.source) tell(live, listener);
    // A page that was only reloaded must not ask for a camera.
    if (resumed) await live.openQuietly();
    else await live.open();
  }

  async function follow(): Promise<void> {
    stop.abort();
    stop = new AbortController();
    const until = stop.signal;
    if (!model.get("stream_local")) {
      listener([], null);
      return;
    }
    await open(until).catch((error) => {
      if (!until.aborted) listener([], asFailure(error));
    });
  }

  onChange(model, ["stream_local"], follow, signal);
  // A camera may wait for its user; the call need not.
  await Promise.race([follow(), new Promise((resolve) => setTimeout(resolve, HEAD_START))]);
}

function tell({ source, status, failure }: Live, listener: OnOurs): void {
  // While another stream opens, the one before is still sent.
  if (!source && (status === "starting" || status === "waiting")) return;
  const tracks = source?.stream.getTracks() ?? [];
  listener(
    tracks.filter(({ readyState }) => readyState === "live"),
    failure,
  );
}
