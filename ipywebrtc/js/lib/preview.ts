/** The view of a stream: its picture, muted, or its level; what it waits for; what went wrong. */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { makeControls } from "./controls.ts";
import { onKernelGone } from "./kernel.ts";
import { levelOf } from "./level.ts";
import { onAbort } from "./lifetime.ts";
import { dispose, type Live, liveOf, type Opener } from "./live.ts";
import styles from "./preview.css";
import { h, makeShell } from "./shell.ts";
import type { StreamTraits } from "./traits.ts";

/** The size of the picture's place until its own is known. */
const PLACEHOLDER = { width: 640, height: 480 };

/** What the module of a stream exports. */
export function streamWidget(opener: Opener) {
  return {
    initialize({ model, signal }: { model: AnyModel<StreamTraits>; signal: AbortSignal }): void {
      liveOf(model, opener);
      onAbort(signal, () => dispose(model));
      onKernelGone(model, () => dispose(model), signal);
    },
    render({ model, el, signal }: RenderProps<StreamTraits>): void {
      preview(makeShell(el, model, styles, signal), liveOf(model, opener), model, signal);
    },
  };
}

function preview(
  root: ShadowRoot,
  live: Live,
  model: AnyModel<StreamTraits>,
  signal: AbortSignal,
): void {
  const video = h("video", { muted: true, autoplay: true, playsInline: true });
  const level = h("div", { className: "level" }, h("div"));
  const text = h("p");
  const button = h("button", { type: "button" });
  const note = h("div", { className: "note", role: "status" }, text, button);
  const warning = h("p", { className: "warning", role: "status" });
  const frame = h("div", { className: "frame" }, video, level, note, warning);
  const controls = makeControls(frame, live, model, signal);
  frame.append(controls.bar);
  root.append(frame);

  resize(frame, expectedSize(model));
  video.addEventListener("resize", () => {
    if (video.videoWidth) resize(frame, { width: video.videoWidth, height: video.videoHeight });
  });
  button.addEventListener("click", () => {
    if (model.get("_power") === "off") {
      model.set("_power", "auto");
      model.save_changes();
    }
    live.open().catch(() => {}); // The view shows the failure.
  });

  const showLevel = levelOf(level, signal);
  const update = () => {
    const stream = live.source?.stream ?? null;
    if (video.srcObject !== stream) video.srcObject = stream;
    video.classList.toggle("mirrored", live.source?.mirrored ?? false);
    const sound = isSoundOnly(model, stream);
    frame.classList.toggle("sound", sound);
    showLevel(sound ? stream : null);
    const message = noteOf(live, model.get("_kind"));
    note.hidden = message === null;
    text.textContent = message?.text ?? "";
    button.textContent = message?.button ?? "";
    button.hidden = !message?.button;
    warning.textContent = live.source && !message ? (live.failure?.message ?? "") : "";
    warning.hidden = !warning.textContent;
    controls.update();
  };
  update();
  live.watch(update, signal);
  live.use(signal);
  live.openQuietly();
  onAbort(signal, () => {
    video.srcObject = null;
  });
}

interface Size {
  width: number;
  height: number;
}

function resize(frame: HTMLElement, { width, height }: Size): void {
  frame.style.setProperty("--width", `${width}px`);
  frame.style.setProperty("--ratio", `${width} / ${height}`);
}

/** The size to keep free until the picture is there: its last one, or the one asked for. */
function expectedSize(model: AnyModel): Size {
  const wish = model.get("constraints")?.video;
  for (const { width, height } of [model.get("settings")?.video ?? {}, wish ?? {}]) {
    if (typeof width === "number" && typeof height === "number") return { width, height };
  }
  return PLACEHOLDER;
}

function isSoundOnly(model: AnyModel, stream: MediaStream | null): boolean {
  if (stream) return stream.getVideoTracks().length === 0;
  return ["audio", "microphone"].includes(model.get("_kind"));
}

interface Note {
  text: string;
  button?: string;
}

/** What the view says in place of a picture. */
function noteOf({ status, failure, disposed }: Live, kind: string): Note | null {
  if (disposed) return { text: failure?.message ?? "" };
  switch (status) {
    case "idle":
      return {
        text: failure?.message ?? "",
        button: kind === "screen" ? "Choose what to share" : "Start",
      };
    case "waiting":
      return { text: failure?.message ?? "Answer the browser's prompt: it asks to allow this." };
    case "starting":
      return { text: "Starting…" };
    case "ended":
      return { text: failure?.message ?? "The stream has ended.", button: "Start" };
    case "error":
      return { text: failure?.message ?? "", button: "Try again" };
    default:
      return null;
  }
}
