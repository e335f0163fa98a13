import { expect, test, vi } from "vitest";
import { negotiate, type Terms } from "./negotiation.ts";

/** Milliseconds after which what was gathered has gone out. */
const GATHERED = 100;

/** A connection that agrees with whatever is said, by the states of WebRTC 1.0. */
class Connection extends EventTarget {
  signalingState = "stable";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  added: (string | undefined)[] = [];
  rolledBack = 0;
  name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    await Promise.resolve();
    this.localDescription = { type, sdp: `a=ice-ufrag:${this.name}` };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    if (description.type === "offer" && this.signalingState === "have-local-offer") {
      this.rolledBack += 1;
    }
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate({ candidate }: RTCIceCandidateInit): Promise<void> {
    if (candidate === "unfit") throw new Error("unfit");
    this.added.push(candidate);
  }

  offer(): void {
    this.dispatchEvent(new Event("negotiationneeded"));
  }

  gather(candidate: string): void {
    const toJSON = () => ({ candidate, usernameFragment: this.name });
    this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: { toJSON } }));
  }
}

function side(name: string, polite: boolean, offers = false) {
  const pc = new Connection(name);
  const sent: Terms[] = [];
  const host = {
    offers,
    polite: () => polite,
    send: (terms: Terms) => void sent.push(terms),
    prepare: vi.fn(),
    settled: vi.fn(),
    failed: vi.fn(),
  };
  const stop = new AbortController();
  const receive = negotiate(pc as unknown as RTCPeerConnection, host, stop.signal);
  return { pc, sent, host, stop, receive };
}

/** Carries what was said until nobody says anything more. */
async function talk(a: ReturnType<typeof side>, b: ReturnType<typeof side>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GATHERED));
  while (a.sent.length || b.sent.length) {
    const [fromA, fromB] = [a.sent.splice(0), b.sent.splice(0)];
    for (const terms of fromA) await b.receive(terms);
    for (const terms of fromB) await a.receive(terms);
    await new Promise((resolve) => setTimeout(resolve, GATHERED));
  }
}

test("an offer is answered", async () => {
  const [a, b] = [side("a", false), side("b", true)];
  a.pc.offer();
  await talk(a, b);
  expect([a.pc.signalingState, b.pc.signalingState]).toEqual(["stable", "stable"]);
  expect(b.host.prepare).toHaveBeenCalledOnce();
  expect(a.host.settled).toHaveBeenCalledOnce();
  expect(b.host.settled).toHaveBeenCalledOnce();
});

test("of two offers that cross, the polite side takes its own back", async () => {
  for (const polite of [true, false]) {
    const [a, b] = [side("a", polite), side("b", !polite)];
    a.pc.offer();
    b.pc.offer();
    await talk(a, b);
    expect([a.pc.signalingState, b.pc.signalingState]).toEqual(["stable", "stable"]);
    expect([a.pc.rolledBack, b.pc.rolledBack]).toEqual(polite ? [1, 0] : [0, 1]);
    expect(a.host.failed).not.toHaveBeenCalled();
    expect(b.host.failed).not.toHaveBeenCalled();
  }
});

test("an offer that comes before one's own is made crosses it", async () => {
  const a = side("a", false, true);
  await a.receive({ description: { type: "offer", sdp: "a=ice-ufrag:b" } });
  expect(a.pc.remoteDescription).toBe(null);
  a.pc.offer();
  await vi.waitFor(() => expect(a.sent[0]?.description?.type).toBe("offer"));
});

test("an answer to an offer that was taken back is dropped", async () => {
  const a = side("a", true);
  await a.receive({ description: { type: "answer", sdp: "" } });
  expect(a.host.settled).not.toHaveBeenCalled();
  expect(a.host.failed).not.toHaveBeenCalled();
});

test("candidates wait for the description, and go out together", async () => {
  const [a, b] = [side("a", false), side("b", true)];
  a.pc.gather("1");
  a.pc.gather("2");
  await vi.waitUntil(() => a.sent.length);
  expect(a.sent.map(({ candidates }) => candidates?.length)).toEqual([2]);
  await talk(a, b);
  expect(b.pc.added).toEqual([]);
  a.pc.offer();
  await talk(a, b);
  expect(b.pc.added).toEqual(["1", "2"]);
});

test("candidates of another way, and those that are no use, are passed over", async () => {
  const [a, b] = [side("a", false), side("b", true)];
  a.pc.offer();
  await talk(a, b);
  await b.receive({
    candidates: [
      { candidate: "other", usernameFragment: "z" },
      { candidate: "unfit", usernameFragment: "a" },
      { candidate: "fit", usernameFragment: "a" },
      { candidate: "any" },
    ],
  });
  expect(b.pc.added).toEqual(["fit", "any"]);
  expect(b.host.failed).not.toHaveBeenCalled();
});

test("nothing is said after the end", async () => {
  const a = side("a", false);
  a.pc.gather("1");
  a.stop.abort();
  a.pc.offer();
  await new Promise((resolve) => setTimeout(resolve, GATHERED));
  await a.receive({ description: { type: "offer", sdp: "" } });
  expect(a.sent).toEqual([]);
});
