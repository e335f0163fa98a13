/** The view of how loud a stream is. */

import { FLOOR, followLevel } from "./meter.ts";

/** Shows the level of one stream after the other. */
export function levelOf(
  level: HTMLElement,
  signal: AbortSignal,
): (stream: MediaStream | null) => void {
  level.role = "meter";
  level.ariaLabel = "Level in dBFS";
  level.ariaValueMin = String(FLOOR);
  level.ariaValueMax = "0";
  let shown: MediaStreamTrack | undefined;
  let stop = new AbortController();
  const show = (decibels: number) => {
    level.ariaValueNow = decibels.toFixed(0);
    level.style.setProperty("--level", `${100 * (1 - decibels / FLOOR)}%`);
  };
  return (stream) => {
    const track = stream?.getAudioTracks()[0];
    level.hidden = !track;
    if (track === shown) return;
    stop.abort();
    stop = new AbortController();
    shown = track;
    if (track) followLevel(new MediaStream([track]), show, AbortSignal.any([stop.signal, signal]));
  };
}
