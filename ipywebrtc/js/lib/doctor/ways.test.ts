import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { networkFacts } from "./ways.ts";

const STUN = [{ urls: ["stun:stun.test:3478"] }];
const TURN = [{ urls: ["turn:turn.test:3478"], username: "ada", credential: "secret" }];
const signal = new AbortController().signal;

/** What the browser gathers before it is done; nothing is done in the end if there is no null. */
let events: Event[];
let closed: number;

class FakeConnection extends EventTarget {
  createDataChannel(): void {}
  async setLocalDescription(): Promise<void> {
    for (const event of events) this.dispatchEvent(event);
  }
  close(): void {
    closed += 1;
  }
}

function candidate(type: string | null): Event {
  const found = type && { type, candidate: "udp 192.0.2.7", address: "192.0.2.7" };
  return Object.assign(new Event("icecandidate"), { candidate: found });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  events = [candidate("host"), candidate("host"), candidate(null)];
  closed = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("ways are told by their types, without an address", async () => {
  events = ["host", "srflx", "relay", null].map(candidate);
  const facts = await networkFacts([...STUN, ...TURN], signal);
  expect(facts.map(({ name, state }) => [name, state])).toEqual([
    ["candidates", "ok"],
    ["STUN", "ok"],
    ["TURN", "ok"],
  ]);
  expect(facts[0]?.value).toBe("host, srflx, relay");
  expect(JSON.stringify(facts)).not.toMatch(/192\.0\.2\.7|secret/);
  expect(closed).toBe(1);
});

test("who has a public address needs no other one", async () => {
  const facts = await networkFacts(STUN, signal);
  expect(facts.map(({ state }) => state)).toEqual(["ok", "ok"]);
});

test("a network without a way out is a warning that says what to do", async () => {
  const missed = { url: "stun:stun.test:3478", errorCode: 701 };
  events.unshift(Object.assign(new Event("icecandidateerror"), missed));
  const [, stun] = await networkFacts(STUN, signal);
  expect(stun).toMatchObject({
    state: "warning",
    value: "no answer from stun:stun.test:3478",
    advice: expect.stringContaining("a TURN server in ice_servers"),
  });
  events.unshift(candidate("relay"));
  const [, relayed] = await networkFacts([...STUN, ...TURN], signal);
  expect(relayed?.advice).toContain("all go through the TURN server");
});

test("a TURN server's refusal has the sentence of a call", async () => {
  const refusal = { url: "turn:turn.test:3478?transport=udp", errorCode: 401 };
  events.unshift(Object.assign(new Event("icecandidateerror"), refusal));
  const [, turn] = await networkFacts(TURN, signal);
  expect(turn).toMatchObject({
    state: "failure",
    advice: expect.stringContaining("turn:turn.test:3478 refused the username"),
  });
});

test("servers that never answer are waited for 5 s", async () => {
  events = [];
  const facts = networkFacts([...STUN, ...TURN], signal);
  await vi.advanceTimersByTimeAsync(5000);
  expect((await facts).map(({ state }) => state)).toEqual(["failure", "warning", "failure"]);
  expect(closed).toBe(1);
});

test("nothing is tried where there is no WebRTC", async () => {
  vi.stubGlobal("RTCPeerConnection", undefined);
  expect(await networkFacts(STUN, signal)).toEqual([]);
});
