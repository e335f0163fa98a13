/**
 * The ways by which others could reach this browser: what it gathers for a call that is never made.
 * Of candidates only the types are told, never an address.
 *
 * See https://www.w3.org/TR/webrtc/#rtcicegatheringstate-enum and RFC 8445 §5.1.1.
 */

import { asFailure } from "../failure.ts";
import { construct, turnRefusal } from "../ice.ts";
import { onAbort } from "../lifetime.ts";
import { type Fact, facts } from "./fact.ts";

/** Milliseconds in which servers must answer. */
const LIMIT = 5000;
const NO_STUN =
  "Calls reach only browsers on the same network: let UDP out to a STUN server, or name a TURN server in ice_servers.";
const TURN_ALONE =
  "Calls beyond this network all go through the TURN server: let UDP out to a STUN server for shorter ways.";
const NO_TURN = "Check ice_servers, and that the network lets this browser reach the TURN server.";
const NO_WAY =
  "A setting, an extension or the administrator of this browser forbids WebRTC: allow it there.";

const { ok, warning, failure } = facts("Network");

interface Gathered {
  types: string[];
  /** Whether all servers were heard in time. */
  whole: boolean;
  /** The servers that could not be reached, or refused. */
  missed: string[];
  refusal: string;
}

export async function networkFacts(
  iceServers: RTCIceServer[],
  signal: AbortSignal,
): Promise<Fact[]> {
  if (!globalThis.RTCPeerConnection) return []; // The codecs say it.
  try {
    return told(iceServers, await gather(iceServers, signal));
  } catch (error) {
    return [failure("candidates", "none", asFailure(error).message)];
  }
}

async function gather(iceServers: RTCIceServer[], signal: AbortSignal): Promise<Gathered> {
  const pc = construct({ iceServers });
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), LIMIT);
  onAbort(signal, () => done.abort());
  const ended = new Promise<void>((resolve) => onAbort(done.signal, resolve));
  const types: string[] = [];
  const missed: string[] = [];
  let whole = false;
  let refusal = "";
  try {
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.type) types.push(candidate.type);
      if (candidate) return;
      whole = true;
      done.abort();
    });
    pc.addEventListener("icecandidateerror", ({ url, errorCode }) => {
      missed.push(url);
      refusal = turnRefusal(url, errorCode) ?? refusal;
    });
    pc.createDataChannel("");
    await pc.setLocalDescription();
    await ended;
  } finally {
    clearTimeout(timer);
    pc.close();
  }
  return { types, whole, missed, refusal };
}

function told(iceServers: RTCIceServer[], gathered: Gathered): Fact[] {
  const { types, refusal } = gathered;
  const urls = iceServers.flatMap(({ urls }) => urls);
  const stun = urls.filter((url) => url.startsWith("stun"));
  const turn = urls.filter((url) => url.startsWith("turn"));
  const kinds = [...new Set(types)].join(", ");
  const found = [kinds ? ok("candidates", kinds) : failure("candidates", "none", NO_WAY)];
  if (types.includes("srflx") || answered(stun, gathered)) {
    found.push(ok("STUN", "a server answers this browser"));
  } else if (stun.length) {
    const advice = types.includes("relay") ? TURN_ALONE : NO_STUN;
    found.push(warning("STUN", `no answer from ${stun.join(", ")}`, advice));
  }
  if (types.includes("relay")) found.push(ok("TURN", "a server gives this browser a way"));
  else if (turn.length) found.push(failure("TURN", "no way is given", refusal || NO_TURN));
  return found;
}

/** Who has a public address itself learns no other one, and drops it: RFC 8445 §5.1.3. */
function answered(stun: string[], { types, whole, missed }: Gathered): boolean {
  return whole && types.length > 0 && stun.some((url) => !missed.includes(url));
}
