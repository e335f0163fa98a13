/** The place of one person in the view of a room: picture, name, and who speaks. */

import { icon } from "./icons.ts";
import { onAbort } from "./lifetime.ts";
import type { Live } from "./live.ts";
import { followLevel } from "./meter.ts";
import { h } from "./shell.ts";

/** What counts as speaking, in dBFS, and for how many milliseconds after it. */
const SPEECH = -45;
const HOLD = 700;

export interface Facts {
  name: string;
  /** What is shown in place of the picture; empty where there is one. */
  note: string;
  audio: boolean;
  video: boolean;
}

export interface Tile {
  element: HTMLElement;
  show(facts: Facts): void;
  /** Shows another stream, or none. */
  follow(live: Live | null, mirrored?: () => boolean): void;
}

/** Makes a tile. It is muted: the page of the call plays its sound, shown or not. */
export function makeTile(signal: AbortSignal): Tile {
  const video = h("video", { muted: true, autoplay: true, playsInline: true });
  const initials = h("span", { className: "initials", ariaHidden: "true" });
  const note = h("p", { className: "state" });
  const silent = h("span", { className: "silent", title: "Muted" }, icon("microphone"));
  const text = h("span");
  const name = h("div", { className: "name" }, silent, text);
  const element = h("div", { className: "tile" }, video, initials, note, name);
  element.role = "listitem";

  let facts: Facts = { name: "", note: "", audio: true, video: true };
  let live: Live | null = null;
  let isMirrored = () => false;
  let stop = new AbortController();
  const followSpeech = speechOf(element, signal);

  const update = () => {
    const stream = live?.source?.stream ?? null;
    if (video.srcObject !== stream) video.srcObject = stream;
    const pictured = Boolean(stream?.getVideoTracks().length) && facts.video;
    video.classList.toggle("mirrored", isMirrored());
    video.classList.toggle("unseen", !pictured);
    initials.textContent = initialsOf(facts.name);
    initials.hidden = pictured || facts.note !== "";
    note.textContent = facts.note;
    note.hidden = !facts.note;
    text.textContent = facts.name;
    silent.hidden = facts.audio;
    element.ariaLabel = [facts.name, facts.audio ? "" : "muted", facts.note]
      .filter(Boolean)
      .join(", ");
    followSpeech(facts.audio ? stream : null);
  };
  onAbort(signal, () => {
    stop.abort();
    video.srcObject = null;
  });
  return {
    element,
    show(told) {
      facts = told;
      update();
    },
    follow(followed, mirrored = () => false) {
      if (followed === live) return;
      isMirrored = mirrored;
      stop.abort();
      stop = new AbortController();
      live = followed;
      if (live) {
        const both = AbortSignal.any([stop.signal, signal]);
        live.watch(update, both);
        live.use(both);
        live.openQuietly();
      }
      update();
    },
  };
}

/** Marks a tile while the sound of a stream is loud enough to be speech. */
function speechOf(element: HTMLElement, signal: AbortSignal): (stream: MediaStream | null) => void {
  let followed: MediaStreamTrack | undefined;
  let stop = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const quiet = () => element.classList.remove("speaking");
  const hear = (level: number) => {
    if (level < SPEECH) return;
    clearTimeout(timer);
    element.classList.add("speaking");
    timer = setTimeout(quiet, HOLD);
  };
  return (stream) => {
    const track = stream?.getAudioTracks()[0];
    if (track === followed) return;
    stop.abort();
    stop = new AbortController();
    quiet();
    followed = track;
    if (track) followLevel(new MediaStream([track]), hear, AbortSignal.any([stop.signal, signal]));
  };
}

function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase())
    .join("");
}
