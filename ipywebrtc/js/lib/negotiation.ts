/**
 * Agrees with the other side on what is sent, whoever begins: the perfect negotiation of
 * https://www.w3.org/TR/webrtc/#perfect-negotiation-example.
 *
 * What the other side sends is worked on one after the other, so an answer is never in the making
 * when an offer is looked at.
 */

import { onAbort } from "./lifetime.ts";

/**
 * Milliseconds in which a description and candidates are gathered at most, to go out together: each
 * message costs two kernels and two pages more time than it takes to have them all.
 */
const GATHER = 50;

/** What the two sides exchange, as far as this file knows it. */
export interface Terms {
  description?: RTCSessionDescriptionInit;
  candidates?: RTCIceCandidateInit[];
}

export interface Negotiator {
  /** Whether this side makes an offer at once. */
  offers: boolean;
  /** Whether this side takes its offer back when both make one. */
  polite(): boolean;
  send(terms: Terms): void;
  /** Says what this side sends, before an offer is answered. */
  prepare(): void;
  /** Both sides agree. */
  settled(): void;
  failed(error: unknown): void;
}

/** Negotiates until the signal fires; returns what takes in the terms of the other side. */
export function negotiate(
  pc: RTCPeerConnection,
  host: Negotiator,
  signal: AbortSignal,
): (terms: Terms) => Promise<void> {
  // The connection says only later that it needs one. What the other side offers until then would
  // get places of its own beside those that are to be offered.
  let makingOffer = host.offers;
  const early: RTCIceCandidateInit[] = [];
  let waiting: Terms = {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  onAbort(signal, () => clearTimeout(timer));

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    const terms = waiting;
    waiting = {};
    if (!signal.aborted && Object.keys(terms).length) host.send(terms);
  }

  function describe({ localDescription }: RTCPeerConnection): void {
    if (!localDescription) return;
    // An offer that is still here is overtaken; an answer is waited for.
    if (waiting.description?.type === "answer") send();
    const { type, sdp } = localDescription;
    waiting.description = { type, sdp };
    timer ??= setTimeout(send, GATHER);
  }

  const offer = async () => {
    try {
      makingOffer = true;
      await pc.setLocalDescription();
      if (pc.localDescription?.type === "offer") describe(pc);
    } catch (error) {
      if (!signal.aborted) host.failed(error);
    } finally {
      makingOffer = false;
    }
  };
  const gather = ({ candidate }: RTCPeerConnectionIceEvent) => {
    if (!candidate) {
      send(); // It was the last one.
      return;
    }
    waiting.candidates = [...(waiting.candidates ?? []), candidate.toJSON()];
    timer ??= setTimeout(send, GATHER);
  };
  pc.addEventListener("negotiationneeded", offer, { signal });
  pc.addEventListener("icecandidate", gather, { signal });

  async function agree(description: RTCSessionDescriptionInit): Promise<void> {
    const offered = description.type === "offer";
    const collides = makingOffer || pc.signalingState !== "stable";
    if (offered && collides && !host.polite()) return;
    // The answer to an offer that was taken back.
    if (!offered && pc.signalingState !== "have-local-offer") return;
    await pc.setRemoteDescription(description);
    if (offered) {
      host.prepare();
      await pc.setLocalDescription();
      describe(pc);
    }
    host.settled();
  }

  async function add(candidates: RTCIceCandidateInit[]): Promise<void> {
    const { remoteDescription } = pc;
    if (!remoteDescription) {
      early.push(...candidates);
      return;
    }
    for (const candidate of candidates) {
      // Others belong to an offer that was not taken, or to a way that was given up.
      const name = candidate.usernameFragment;
      if (name && !remoteDescription.sdp.includes(`a=ice-ufrag:${name}`)) continue;
      // A candidate that is no use is no failure: ICE tells when none was.
      await pc.addIceCandidate(candidate).catch(() => {});
    }
  }

  async function take({ description, candidates = [] }: Terms): Promise<void> {
    if (signal.aborted) return;
    try {
      if (description) await agree(description);
      await add([...early.splice(0), ...candidates]);
    } catch (error) {
      if (!signal.aborted) host.failed(error);
    }
  }

  let turn = Promise.resolve();
  return (terms) => {
    turn = turn.then(() => take(terms));
    return turn;
  };
}
