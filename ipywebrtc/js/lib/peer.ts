/**
 * Keeps a call with one other side: one session after the other, whenever either side begins anew.
 *
 * It knows neither models nor rooms. The first signal of a session is addressed to nobody; whoever
 * gets it answers by a session of its own, and forgets the one that it had.
 */

import { asFailure, Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import type { Terms } from "./negotiation.ts";
import { makeSession, type Session, type SessionHost } from "./session.ts";
import type { Stats } from "./stats.ts";

/** Milliseconds that a patient side leaves the other one to call, lest both do. */
const PATIENCE = 2000;
/** Milliseconds that a try to connect gets. */
const TRY = 10_000;
/** How often a lost connection is tried to mend, and whether by a session of its own. */
const TRIES = ["restart", "restart", "begin", "begin"] as const;
/** Sessions of the other side that are known to be over. */
const REMEMBERED = 32;

export interface Signal extends Terms {
  /** The session that says it. */
  from: string;
  /** The session that it is for; null as long as none is known. */
  to: string | null;
  polite: boolean;
  bye?: "left" | "failed";
}

export type PeerStatus = "waiting" | "starting" | "connected" | "ended" | "error";

export interface PeerHost extends Pick<SessionHost, "tracks" | "bitrate" | "received"> {
  configuration(): RTCConfiguration;
  polite: boolean;
  post(signal: Signal): void;
  report(status: PeerStatus, failure?: Failure): void;
}

export interface Peer {
  receive(signal: Signal): void;
  /** Calls, unless the other side has done so; if patient, after a while. */
  call(patient?: boolean): void;
  /** Takes over what `tracks` and `bitrate` say now. */
  update(): void;
  stats(): Promise<Stats> | null;
}

interface Current {
  id: string;
  remote: string | null;
  polite: boolean;
  session: Session;
  stop: AbortController;
}

export function makePeer(host: PeerHost, signal: AbortSignal, make = makeSession): Peer {
  const over: string[] = [];
  let current: Current | null = null;
  let tries = 0;
  /** What was wrong at this side since it called. */
  let reason: Failure | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    clearTimeout(timer);
    if (!current) return;
    const { remote, stop } = current;
    current = null;
    if (remote) over.push(remote);
    over.splice(0, over.length - REMEMBERED);
    stop.abort();
    host.received([]);
  }

  function begin(remote: string | null, remotePolite = false, id = name()): void {
    end();
    const stop = new AbortController();
    const bound: Omit<Current, "session"> = { id, remote, polite: remotePolite, stop };
    const post = (more: Partial<Signal>) =>
      host.post({ from: id, to: bound.remote, polite: host.polite, ...more });
    const { tracks, bitrate, received } = host;
    const isCurrent = () => current?.id === id;
    try {
      const session = make(
        {
          offers: remote === null,
          configuration: host.configuration(),
          tracks,
          bitrate,
          received,
          polite: () => gives(id, bound.remote ?? "", bound.polite),
          send: post,
          connected() {
            if (!isCurrent()) return;
            clearTimeout(timer);
            tries = 0;
            reason = null;
            host.report("connected");
          },
          lost: () => isCurrent() && mend(),
          left: () => isCurrent() && leave(),
          failed(failure) {
            if (!isCurrent()) return;
            post({ bye: "failed" });
            reason = failure;
            fail(failure);
          },
        },
        stop.signal,
      );
      current = Object.assign(bound, { session });
    } catch (error) {
      fail(asFailure(error));
      return;
    }
    host.report(remote || tries ? "starting" : "waiting");
    if (remote) patience();
  }

  /** Whether this side gives way: sides that say the same of themselves have names that differ. */
  function gives(id: string, remote: string, remotePolite: boolean): boolean {
    return host.polite === remotePolite ? id < remote : host.polite;
  }

  function patience(): void {
    clearTimeout(timer);
    timer = setTimeout(mend, TRY);
  }

  /** Tries to connect again. */
  function mend(): void {
    const how = TRIES[tries];
    if (!how || !current) {
      fail(new Failure("MediaError", current?.session.reason() || NO_WAY));
      return;
    }
    tries += 1;
    host.report("starting");
    if (how === "begin") begin(null);
    else current.session.restart();
    patience();
  }

  function leave(): void {
    end();
    tries = 0;
    host.report("ended");
  }

  function fail(failure: Failure): void {
    end();
    tries = 0;
    host.report("error", failure);
  }

  function receive(said: Signal): void {
    const { from, to, bye } = said;
    if (signal.aborted || over.includes(from)) return;
    if (to !== null && to !== current?.id) return; // It was for one that is over.
    if (bye) {
      if (current?.remote !== from) over.push(from);
      else if (bye === "failed") fail(reason ?? new Failure("MediaError", THEY_FAILED));
      else leave();
      return;
    }
    if (!current || (current.remote !== null && current.remote !== from)) {
      if (to !== null || said.description?.type !== "offer") return;
      tries = 0;
      begin(from, said.polite);
    } else if (
      current.remote === null &&
      (to === null || said.description?.type === "offer") &&
      gives(current.id, from, said.polite)
    ) {
      // Both have begun; if it has heard of us, its own offer was already made. A fresh connection
      // takes theirs: Chromium 156 can't take an offer back without an error where the two differ
      // ("Failed to start SCTP transport").
      begin(from, said.polite, current.id);
    } else if (current.remote === null) {
      current.remote = from;
      current.polite = said.polite;
      host.report("starting");
      patience();
    }
    current?.session.receive(said);
  }

  onAbort(signal, end);
  return {
    receive,
    call(patient = false) {
      if (current) return;
      clearTimeout(timer);
      reason = null;
      if (patient) timer = setTimeout(begin, PATIENCE, null);
      else begin(null);
    },
    update: () => current?.session.update(),
    stats: () => current?.session.stats() ?? null,
  };
}

const NO_WAY =
  "No way to the other side was found: its page is gone, or a network between lets no direct way through, and then a TURN server in ice_servers helps.";
const THEY_FAILED = "The other side found no way to connect: its error says why.";

function name(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
}
