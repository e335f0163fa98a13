/**
 * What the other sides of calls send, for whoever shows or records it in this page.
 *
 * A peer puts its tracks here under the `_uid` of its remote stream, and that stream's opener takes
 * them from here; each may be there first. There is one MediaStream for good: tracks come and go.
 */

const KEY = Symbol.for("ipywebrtc.peers/1");

/** Tells by an event `change` that tracks have come, gone, or begun to flow. */
export interface Remote extends EventTarget {
  readonly stream: MediaStream;
  /** Whether its peer was closed. */
  over: boolean;
}

export function remoteOf(uid: string): Remote {
  const shared = globalThis as { [KEY]?: Map<string, Remote> };
  shared[KEY] ??= new Map();
  const known = shared[KEY].get(uid);
  if (known) return known;
  const made = Object.assign(new EventTarget(), { stream: new MediaStream(), over: false });
  shared[KEY].set(uid, made);
  return made;
}

/** Says that nothing will come any more, and forgets it. */
export function endRemote(uid: string): void {
  const remote = remoteOf(uid);
  (globalThis as { [KEY]?: Map<string, Remote> })[KEY]?.delete(uid);
  remote.over = true;
  changed(remote);
}

/** Puts other tracks in the place of those that are there. */
export function putTracks({ stream }: Remote, tracks: MediaStreamTrack[]): void {
  for (const track of stream.getTracks()) if (!tracks.includes(track)) stream.removeTrack(track);
  for (const track of tracks) stream.addTrack(track);
}

/** Whether media come. */
export function flows({ stream }: Remote): boolean {
  return stream.getTracks().some((track) => track.readyState === "live" && !track.muted);
}

/** Tells everybody who uses it to look again. */
export function changed(remote: Remote): void {
  remote.dispatchEvent(new Event("change"));
}
