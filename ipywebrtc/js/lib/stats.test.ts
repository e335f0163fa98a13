import { expect, test } from "vitest";
import { makeSummary } from "./stats.ts";

function report(seconds: number, bytes: number, lost: number, type = "host") {
  return [
    { id: "T", type: "transport", selectedCandidatePairId: "P" },
    {
      id: "P",
      type: "candidate-pair",
      timestamp: 1000 * seconds,
      currentRoundTripTime: 0.05,
      bytesReceived: bytes,
      bytesSent: 2 * bytes,
      localCandidateId: "L",
      remoteCandidateId: "R",
    },
    { id: "L", type: "local-candidate", candidateType: type },
    { id: "R", type: "remote-candidate", candidateType: "srflx" },
    { id: "A", type: "inbound-rtp", kind: "audio", packetsReceived: 50, packetsLost: 0 },
    {
      id: "V",
      type: "inbound-rtp",
      kind: "video",
      packetsReceived: 50,
      packetsLost: lost,
      frameWidth: 640,
      frameHeight: 480,
      framesPerSecond: 24,
    },
  ];
}

test("rates and losses are those since the last summary", () => {
  const summarise = makeSummary();
  expect(summarise(report(10, 1000, 0))).toMatchObject({ bitrate_in: null, packet_loss: 0 });
  const second = report(12, 2000, 25);
  for (const entry of second) if (entry.packetsReceived) entry.packetsReceived += 50;
  expect(summarise(second)).toEqual({
    round_trip: 0.05,
    bitrate_in: 4000,
    bitrate_out: 8000,
    width: 640,
    height: 480,
    fps: 24,
    packet_loss: 0.2,
    relayed: false,
  });
});

test("a way by a TURN server is told, and another way counts anew", () => {
  const summarise = makeSummary();
  summarise(report(10, 5000, 0));
  expect(summarise(report(12, 100, 0, "relay"))).toMatchObject({ relayed: true, bitrate_in: null });
});

test("what is not known is null", () => {
  const stats = makeSummary()([]);
  expect(Object.values(stats).every((value) => value === null)).toBe(true);
});
