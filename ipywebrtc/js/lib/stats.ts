/** How a connection does, from https://www.w3.org/TR/webrtc-stats/. */

export interface Stats {
  /** Seconds. */
  round_trip: number | null;
  /** Bits per second. */
  bitrate_in: number | null;
  bitrate_out: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  /** Of what is received, 0 to 1. */
  packet_loss: number | null;
  relayed: boolean | null;
}

// biome-ignore lint/suspicious/noExplicitAny: each kind of entry has its own fields
type Entry = Record<string, any>;

/** What the next summary compares with. */
interface Totals {
  /** Milliseconds. */
  time: number;
  bytesIn: number;
  bytesOut: number;
  packets: number;
  lost: number;
}

/** Summarises one report after the other. */
export function makeSummary(): (report: Iterable<Entry>) => Stats {
  let before: Totals | null = null;
  return (report) => {
    const entries = [...report];
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const pair = selectedPair(entries, byId);
    const ends = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => byId.get(id));
    const incoming = entries.filter(({ type }) => type === "inbound-rtp");
    const picture = incoming.find(({ kind, frameWidth }) => kind === "video" && frameWidth);
    const now: Totals = {
      time: pair?.timestamp ?? 0,
      bytesIn: pair?.bytesReceived ?? 0,
      bytesOut: pair?.bytesSent ?? 0,
      packets: sum(incoming, "packetsReceived"),
      lost: sum(incoming, "packetsLost"),
    };
    const since = before;
    before = now;
    // Another pair counts from 0.
    const seconds = since && pair ? (now.time - since.time) / 1000 : 0;
    const rate = (bytes: number) =>
      seconds > 0 && bytes >= 0 ? Math.round((8 * bytes) / seconds) : null;
    const lost = Math.max(0, now.lost - (since?.lost ?? 0));
    const packets = Math.max(0, now.packets - (since?.packets ?? 0));
    return {
      round_trip: pair?.currentRoundTripTime ?? null,
      bitrate_in: rate(now.bytesIn - (since?.bytesIn ?? 0)),
      bitrate_out: rate(now.bytesOut - (since?.bytesOut ?? 0)),
      width: picture?.frameWidth ?? null,
      height: picture?.frameHeight ?? null,
      fps: picture?.framesPerSecond ?? null,
      packet_loss: lost + packets > 0 ? lost / (lost + packets) : null,
      relayed: pair ? ends.some((end) => end?.candidateType === "relay") : null,
    };
  };
}

function selectedPair(entries: Entry[], byId: Map<string, Entry>): Entry | undefined {
  const transport = entries.find(({ selectedCandidatePairId }) => selectedCandidatePairId);
  if (transport) return byId.get(transport.selectedCandidatePairId);
  return entries.find(({ type, selected }) => type === "candidate-pair" && selected); // Firefox
}

function sum(entries: Entry[], name: string): number {
  return entries.reduce((total, entry) => total + (entry[name] ?? 0), 0);
}
