/** The view of a stream: its picture, muted; what it waits for; what went wrong and a way on. */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { onAbort } from "./lifetime.ts";
import { dispose, type Live, liveOf, type Opener } from "./live.ts";
import { serve } from "./page.ts";
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
      serve(model, {}, signal);
    },
    render({ model, el, signal }: RenderProps<StreamTraits>): void {
      preview(makeShell(el, model, signal), liveOf(model, opener), model, signal);
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
  const text = h("p");
  const button = h("button", { type: "button" });
  const note = h("div", { className: "note" }, text, button);
  note.setAttribute("role", "status");
  const frame = h("div", { className: "frame" }, video, note);
  root.append(frame);

  const resize = ({ width, height }: { width: number; height: number }) => {
    frame.style.setProperty("--width", `${width}px`);
    frame.style.setProperty("--ratio", `${width} / ${height}`);
  };
  resize(PLACEHOLDER);
  video.addEventListener("resize", () => {
    if (video.videoWidth) resize({ width: video.videoWidth, height: video.videoHeight });
  });
  button.addEventListener("click", () => {
    if (model.get("_power") === "off") {
      model.set("_power", "auto");
      model.save_changes();
    }
    live.open().catch(() => {}); // The view shows the failure.
  });

  const update = () => {
    const stream = live.source?.stream ?? null;
    if (video.srcObject !== stream) video.srcObject = stream;
    video.classList.toggle("mirrored", live.source?.mirrored ?? false);
    const hasPicture = Boolean(stream?.getVideoTracks().length);
    const message = noteOf(live, hasPicture);
    note.hidden = message === null;
    text.textContent = message?.text ?? "";
    button.textContent = message?.button ?? "";
    button.hidden = !message?.button;
  };
  update();
  live.watch(update, signal);
  live.use(signal);
  live.openQuietly();
  onAbort(signal, () => {
    video.srcObject = null;
  });
}

interface Note {
  text: string;
  button?: string;
}

/** What the view says in place of a picture. */
function noteOf({ status, failure }: Live, hasPicture: boolean): Note | null {
  switch (status) {
    case "idle":
      return { text: "", button: "Start" };
    case "waiting":
      return { text: "Allow the use of camera and microphone in the browser's prompt." };
    case "starting":
      return { text: "Starting…" };
    case "ended":
      return { text: failure?.message ?? "The stream has ended.", button: "Start" };
    case "error":
      return { text: failure?.message ?? "", button: "Try again" };
    default:
      return hasPicture ? null : { text: "Sound only: the microphone is on." };
  }
}
