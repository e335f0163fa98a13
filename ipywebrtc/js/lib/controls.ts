/** The bar of a stream's view: what a user can do with the stream, by mouse and by keyboard. */

import type { AnyModel } from "@anywidget/types";
import { type IconName, icon } from "./icons.ts";
import { onChange } from "./lifetime.ts";
import type { Live } from "./live.ts";
import { h } from "./shell.ts";
import type { PlayedTraits, StreamTraits } from "./traits.ts";

/** The kinds that are opened from a device or a widget, and so can be stopped. */
const STOPPABLE = ["camera", "microphone", "screen", "widget"];
const DEVICES = { camera: "video_device", microphone: "audio_device" } as const;

interface Device {
  id: string;
  kind: string;
  label: string;
}

export interface Controls {
  bar: HTMLElement;
  /** Shows what is possible now; called at each change of the stream. */
  update(): void;
}

export function makeControls(
  frame: HTMLElement,
  live: Live,
  model: AnyModel<StreamTraits>,
  signal: AbortSignal,
): Controls {
  const bar = h("div", { className: "controls" });
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Controls of the stream");
  const parts =
    model.get("playing" as keyof StreamTraits) === undefined
      ? sourceControls(live, model, signal)
      : playedControls(live, model as unknown as AnyModel<PlayedTraits>, signal);
  parts.push(fullScreen(frame, live));
  bar.append(...parts.map(({ bar }) => bar));
  const update = () => {
    for (const part of parts) part.update();
    bar.hidden = !live.source;
  };
  return { bar, update };
}

/** Stop, mute, and the choice of devices. */
function sourceControls(
  live: Live,
  model: AnyModel<StreamTraits>,
  signal: AbortSignal,
): Controls[] {
  const set = (name: string, value: unknown) => {
    model.set(name as keyof StreamTraits, value as never);
    model.save_changes();
  };
  const stop = button("stop", "Stop", () => set("_power", "off"));
  const toggle = (name: IconName, label: string, trait: "audio_enabled" | "video_enabled") => {
    const element = button(name, label, () => set(trait, !model.get(trait)));
    const update = () => {
      const tracks = live.source?.stream.getTracks() ?? [];
      element.hidden = !tracks.some(({ kind }) => trait.startsWith(kind));
      element.ariaPressed = String(!model.get(trait));
    };
    onChange(model, [trait], update, signal);
    return { bar: element, update };
  };
  return [
    { bar: stop, update: () => (stop.hidden = !STOPPABLE.includes(model.get("_kind"))) },
    toggle("microphone", "Mute", "audio_enabled"),
    toggle("video", "Hide the picture", "video_enabled"),
    deviceChoice("camera", live, model, set, signal),
    deviceChoice("microphone", live, model, set, signal),
    facts(live),
  ];
}

/** What the picture really is. */
function facts(live: Live): Controls {
  const element = h("span", { className: "time" });
  const update = () => {
    const track = live.source?.stream.getVideoTracks()[0];
    const { width, height, frameRate } = track?.getSettings() ?? {};
    element.hidden = !width;
    element.textContent = `${width} × ${height}`;
    if (frameRate) element.textContent += `, ${Math.round(frameRate)} fps`;
  };
  return { bar: element, update };
}

/** A list of the cameras or microphones, where there are several. */
function deviceChoice(
  name: keyof typeof DEVICES,
  live: Live,
  model: AnyModel,
  set: (name: string, value: unknown) => void,
  signal: AbortSignal,
): Controls {
  const select = h("select", { ariaLabel: `Choose the ${name}` });
  const kind = name === "camera" ? "video" : "audio";
  const update = () => {
    const devices: Device[] = model.get("devices") ?? [];
    const fitting = devices.filter((device) => device.kind === `${kind}input`);
    const track = live.source?.stream.getTracks().find((track) => track.kind === kind);
    select.hidden = !track || fitting.length < 2 || model.get(DEVICES[name]) === undefined;
    select.replaceChildren(...fitting.map(({ id, label }) => new Option(label || id, id)));
    select.value = track?.getSettings().deviceId ?? "";
  };
  select.addEventListener("change", () => set(DEVICES[name], select.value));
  onChange(model, ["devices"], update, signal);
  return { bar: select, update };
}

/** Play, position, and the sound of this page. */
function playedControls(
  live: Live,
  model: AnyModel<PlayedTraits>,
  signal: AbortSignal,
): Controls[] {
  const play = button("play", "Play", () => {
    model.set("playing", !model.get("playing"));
    model.save_changes();
  });
  const position = h("input", { type: "range", min: "0", step: "any", ariaLabel: "Position" });
  const time = h("span", { className: "time" });
  const sound = button("sound", "Mute", () => {
    const element = live.source?.element;
    if (element) element.muted = !element.muted;
  });

  let followed: HTMLMediaElement | undefined;
  let unfollow = new AbortController();
  const move = () => {
    const { currentTime = 0, duration = 0 } = followed ?? {};
    const length = Number.isFinite(duration) ? duration : 0;
    position.max = String(length);
    position.value = String(currentTime);
    position.hidden = length === 0;
    position.ariaValueText = clock(currentTime);
    time.textContent = length ? `${clock(currentTime)} / ${clock(length)}` : clock(currentTime);
    sound.ariaPressed = String(followed?.muted ?? false);
  };
  position.addEventListener("input", () => {
    if (followed) followed.currentTime = Number(position.value);
  });
  const update = () => {
    const playing = model.get("playing");
    play.replaceChildren(icon(playing ? "pause" : "play"));
    play.ariaLabel = play.title = playing ? "Pause" : "Play";
    const element = live.source?.element;
    if (element === followed) return;
    unfollow.abort();
    unfollow = new AbortController();
    followed = element;
    const both = AbortSignal.any([unfollow.signal, signal]);
    for (const name of ["timeupdate", "seeked", "durationchange", "volumechange"]) {
      element?.addEventListener(name, move, { signal: both });
    }
    move();
  };
  onChange(model, ["playing"], update, signal);
  return [
    { bar: play, update },
    ...[position, time, sound].map((bar) => ({ bar, update: () => {} })),
  ];
}

function fullScreen(frame: HTMLElement, live: Live): Controls {
  const element = button("full", "Full screen", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else frame.requestFullscreen();
  });
  element.classList.add("last");
  const update = () => {
    const picture = live.source?.stream.getVideoTracks().length;
    element.hidden = !picture || !document.fullscreenEnabled;
  };
  return { bar: element, update };
}

function button(name: IconName, label: string, press: () => void): HTMLButtonElement {
  const element = h(
    "button",
    { type: "button", className: "control", title: label, ariaLabel: label },
    icon(name),
  );
  element.addEventListener("click", press);
  return element;
}

/** Seconds as minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
