import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Failure } from "./failure.ts";
import { makePeer, type PeerStatus, type Signal } from "./peer.ts";
import type { Session, SessionHost } from "./session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OFFER = { type: "offer" as const, sdp: "" };

/** A peer whose sessions do what the test says. */
function calling(polite = false) {
  const sessions: { host: SessionHost; signal: AbortSignal; session: Session }[] = [];
  const posted: Signal[] = [];
  const reports: [PeerStatus, string | undefined][] = [];
  const received: MediaStreamTrack[][] = [];
  const stop = new AbortController();
  const peer = makePeer(
    {
      configuration: () => ({}),
      polite,
      tracks: () => [],
      bitrate: () => null,
      received: (tracks) => void received.push(tracks),
      post: (signal) => void posted.push(signal),
      report: (status, failure) => void reports.push([status, failure?.message]),
    },
    stop.signal,
    (host, signal) => {
      const session = {
        receive: vi.fn(),
        restart: vi.fn(),
        update: vi.fn(),
        stats: vi.fn(),
        reason: () => "",
      };
      sessions.push({ host, signal, session });
      return session;
    },
  );
  const last = () => sessions.at(-1) as (typeof sessions)[0];
  const own = () => {
    last().host.send({});
    return posted.at(-1) as Signal;
  };
  return { peer, sessions, posted, reports, received, stop, last, own };
}

function said(from: string, to: string | null, more: Partial<Signal> = {}): Signal {
  return { from, to, polite: false, ...more };
}

test("a call waits for the other side, and is addressed to it once it is known", () => {
  const { peer, own, reports, last } = calling();
  peer.call();
  expect(last().host.offers).toBe(true);
  const { from, to } = own();
  expect(to).toBe(null);
  peer.receive(said("b1", from));
  expect(own()).toMatchObject({ from, to: "b1" });
  last().host.connected();
  expect(reports.map(([status]) => status)).toEqual(["waiting", "starting", "connected"]);
});

test("who is patient calls only if the other side does not", () => {
  const { peer, sessions, last } = calling();
  peer.call(true);
  vi.advanceTimersByTime(1900);
  expect(sessions.length).toBe(0);
  vi.advanceTimersByTime(200);
  expect(last().host.offers).toBe(true);

  const called = calling();
  called.peer.call(true);
  called.peer.receive(said("b1", null, { description: OFFER }));
  vi.advanceTimersByTime(3000);
  expect(called.sessions.map(({ host }) => host.offers)).toEqual([false]);
});

test("who is called answers, and does not call", () => {
  const { peer, sessions, own, last } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  peer.call();
  expect(sessions.length).toBe(1);
  expect(last().host.offers).toBe(false);
  expect(own().to).toBe("b1");
  expect(last().session.receive).toHaveBeenCalledOnce();
});

test("of two who call at once, one takes the other's offer, with the same name", () => {
  for (const polite of [true, false]) {
    const { peer, sessions, own } = calling(polite);
    peer.call();
    const { from } = own();
    peer.receive(said("b1", null, { description: OFFER, polite: !polite }));
    expect(sessions.map(({ host }) => host.offers)).toEqual(polite ? [true, false] : [true]);
    expect(sessions[0]?.signal.aborted).toBe(polite);
    expect(own()).toMatchObject({ from, to: "b1" });
  }
});

test("an offer that crosses ours is taken afresh even if its sender has heard of us", () => {
  const { peer, own, sessions, last } = calling(true);
  peer.call();
  const { from } = own();
  peer.receive(said("b1", from, { description: OFFER }));
  expect(sessions.map(({ host }) => host.offers)).toEqual([true, false]);
  expect(last().session.receive).toHaveBeenCalledOnce();
  expect(own()).toMatchObject({ from, to: "b1" });
});

test("two who say the same of themselves agree who gives way", () => {
  for (const polite of [true, false]) {
    const [a, b] = [calling(polite), calling(polite)];
    a.peer.call();
    b.peer.call();
    const [fromA, fromB] = [a.own(), b.own()];
    a.peer.receive({ ...fromB, description: OFFER });
    b.peer.receive({ ...fromA, description: OFFER });
    expect(a.sessions.length + b.sessions.length).toBe(3);
    expect(a.last().host.polite()).not.toBe(b.last().host.polite());
  }
});

test("another session of the other side takes the place of the one before", () => {
  const { peer, sessions, own, last } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  const { from } = own();
  peer.receive(said("b2", null, { description: OFFER }));
  expect(sessions.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(own().to).toBe("b2");
  for (const stale of [
    said("b1", null, { description: OFFER }),
    said("b1", from),
    said("b2", from),
    said("b1", from, { bye: "left" }),
    said("b3", "somebody"),
  ]) {
    peer.receive(stale);
  }
  expect(sessions.length).toBe(2);
  expect(last().session.receive).toHaveBeenCalledOnce();
});

test("nothing is received any more when a session has ended", () => {
  const { peer, received, last } = calling();
  peer.call();
  last().host.received([{} as MediaStreamTrack]);
  last().host.left();
  expect(received).toEqual([[{}], []]);
});

test("who leaves may come back", () => {
  const { peer, sessions, own, reports } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  peer.receive(said("b1", own().from, { bye: "left" }));
  expect(sessions[0]?.signal.aborted).toBe(true);
  expect(reports.at(-1)).toEqual(["ended", undefined]);
  peer.receive(said("b1", null, { description: OFFER }));
  expect(sessions.length).toBe(1);
  peer.receive(said("b2", null, { description: OFFER }));
  expect(sessions.length).toBe(2);
});

test("a lost connection is tried again four times, then it has failed", () => {
  const { peer, sessions, last, reports } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  last().host.connected();
  last().host.lost();
  expect(sessions[0]?.session.restart).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(sessions[0]?.session.restart).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(20_000);
  expect(sessions.map(({ host }) => host.offers)).toEqual([false, true, true]);
  expect(reports.at(-1)?.[0]).toBe("starting");
  vi.advanceTimersByTime(10_000);
  expect(reports.at(-1)?.[0]).toBe("error");
  expect(reports.at(-1)?.[1]).toMatch(/No way to the other side/);
  expect(sessions.every(({ signal }) => signal.aborted)).toBe(true);
  vi.advanceTimersByTime(60_000);
  peer.call();
  expect(sessions.length).toBe(4);
});

test("a connection that is back is as good as new", () => {
  const { peer, last, reports } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  last().host.lost();
  vi.advanceTimersByTime(10_000);
  last().host.connected();
  vi.advanceTimersByTime(60_000);
  expect(reports.at(-1)).toEqual(["connected", undefined]);
});

test("nobody is waited for as long as it takes", () => {
  const { peer, sessions, reports } = calling();
  peer.call();
  vi.advanceTimersByTime(600_000);
  expect(sessions.length).toBe(1);
  expect(reports).toEqual([["waiting", undefined]]);
});

test("a failure is told to the other side, which says so", () => {
  const { peer, last, posted, reports } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  last().host.failed(new Failure("MediaError", "No."));
  expect(posted.at(-1)).toMatchObject({ to: "b1", bye: "failed" });
  expect(reports.at(-1)).toEqual(["error", "No."]);

  const other = calling();
  other.peer.receive(said("b2", null, { description: OFFER }));
  other.peer.receive(said("b2", other.own().from, { bye: "failed" }));
  expect(other.reports.at(-1)?.[1]).toMatch(/The other side found no way/);
});

test("that the other side has failed too does not hide why this one did", () => {
  const { peer, reports, last } = calling();
  peer.call();
  last().host.failed(new Failure("MediaError", "No key."));
  peer.receive(said("b1", null, { description: OFFER })); // It had called meanwhile.
  peer.receive(said("b1", null, { bye: "failed" }));
  expect(reports.at(-1)).toEqual(["error", "No key."]);
});

test("everything ends with the signal", () => {
  const { peer, sessions, stop, reports } = calling();
  peer.receive(said("b1", null, { description: OFFER }));
  stop.abort();
  const count = reports.length;
  peer.receive(said("b2", null, { description: OFFER }));
  vi.advanceTimersByTime(60_000);
  expect(sessions.map(({ signal }) => signal.aborted)).toEqual([true]);
  expect(reports.length).toBe(count);
});
