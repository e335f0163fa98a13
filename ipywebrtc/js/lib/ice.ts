/** The servers by which browsers find a way to each other, and what is wrong with them. */

import { Failure } from "./failure.ts";

export function construct(configuration: RTCConfiguration): RTCPeerConnection {
  try {
    return new RTCPeerConnection(configuration);
  } catch {
    // The browser's own words might repeat what is secret.
    throw new Failure("MediaError", "The browser does not take these ice_servers: check them.");
  }
}

/** Why a TURN server gave no way, from an `icecandidateerror`; null if it is about another. */
export function turnRefusal(url: string | undefined, errorCode: number): string | null {
  if (!url?.startsWith("turn")) return null;
  const server = url.replace(/\?.*/, "");
  return [401, 403, 438].includes(errorCode)
    ? `The TURN server ${server} refused the username or the credential: check ice_servers.`
    : `The TURN server ${server} gave no way (${errorCode}): check ice_servers and that it runs.`;
}
