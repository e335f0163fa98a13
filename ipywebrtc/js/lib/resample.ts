/**
 * Brings sound to another rate, block after block as if it were one: nothing is lost or heard at
 * the seams, as it is with an OfflineAudioContext for each block.
 *
 * A windowed sinc (Blackman) is tabulated for each of the phases in which the samples of the two
 * rates can stand to each other.
 */

/** Zero crossings of the sinc on each side: more is steeper at the band's edge. */
const CROSSINGS = 24;
/** The part of the lower rate's band that is kept in full. */
const BAND = 0.92;

/** Takes the next samples of a channel, and returns those of the other rate that are complete. */
export type Resample = (input: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;

export function makeResampler(from: number, to: number): Resample {
  if (from === to) return (input) => input;
  const divisor = gcd(from, to);
  const phases = to / divisor;
  const step = from / divisor; // Input samples in `phases` outputs.
  const band = BAND * Math.min(1, to / from);
  const half = Math.ceil(CROSSINGS / band);
  const table = makeTable(phases, half, band);
  const taps = 2 * half;
  // The present input: the last samples of the one before, and what is new.
  let held = new Float32Array(half - 1);
  let position = 0; // Of the next output's first tap in it,
  let phase = 0; // and how far the output lies behind its middle tap.

  return (input) => {
    const samples = new Float32Array(held.length + input.length);
    samples.set(held);
    samples.set(input, held.length);
    const output = new Float32Array(Math.ceil((samples.length * to) / from) + 1);
    let count = 0;
    while (position + taps <= samples.length) {
      const row = phase * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) {
        sum += (samples[position + tap] as number) * (table[row + tap] as number);
      }
      output[count++] = sum;
      phase += step;
      position += Math.floor(phase / phases);
      phase %= phases;
    }
    const done = Math.min(position, samples.length);
    held = samples.slice(done);
    position -= done;
    return output.slice(0, count);
  };
}

/** For each phase the weights of the taps, which sum to 1. */
function makeTable(phases: number, half: number, band: number): Float32Array {
  const taps = 2 * half;
  const table = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase += 1) {
    const row = table.subarray(phase * taps, (phase + 1) * taps);
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (half - 1) - phase / phases;
      row[tap] = sinc(distance * band) * blackman(distance / half);
    }
    const sum = row.reduce((total, weight) => total + weight, 0);
    for (let tap = 0; tap < taps; tap += 1) row[tap] = (row[tap] as number) / sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function blackman(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}
