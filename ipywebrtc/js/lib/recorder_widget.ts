/** What the modules of VideoRecorder and AudioRecorder export: recording, and its view. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";
import { asset } from "./asset.ts";
import { clock } from "./controls.ts";
import { Failure } from "./failure.ts";
import { type IconName, icon } from "./icons.ts";
import { isSaved, onKernelGone } from "./kernel.ts";
import { levelOf } from "./level.ts";
import { onAbort, onChange } from "./lifetime.ts";
import { repeatRecordings } from "./marimo.ts";
import { type Answer, serve } from "./page.ts";
import { keepRecording, makePlayer, megabytes, recorded } from "./player.ts";
import styles from "./recorder.css";
import { type Recording, recordAction } from "./recording.ts";
import { fileName, saveAs } from "./save.ts";
import { h, makeShell } from "./shell.ts";
import type { MediaRecorderTraits } from "./traits.ts";

type Model = AnyModel<MediaRecorderTraits>;
type Kind = "video" | "audio";

const KEPT = Symbol.for("ipywebrtc.kept/1");
/** Seconds until a recording must have begun, when it is the button that asks. */
const PRESS_TIMEOUT = 30;

/** What this page records now, for the views of the same widget. */
interface Here {
  recording: Recording | null;
  /** Why nothing can be recorded any more. */
  gone: string;
  watchers: Set<() => void>;
  press(): void;
}

export function recorderWidget(kind: Kind) {
  return () => {
    const here: Here = { recording: null, gone: "", watchers: new Set(), press: () => {} };
    return {
      initialize({ model, signal }: InitializeProps<MediaRecorderTraits>): void {
        const record = recordAction({
          kind,
          model,
          show(recording) {
            here.recording = recording;
            for (const watcher of here.watchers) watcher();
          },
          keep(bytes, format) {
            kept().set(model.get("_uid"), model.get("_recordings") + 1);
            keepRecording(model, kind, bytes, format);
          },
        });
        const actions = {
          record,
          download: (_: unknown, wanted: AbortSignal) => download(model, kind, wanted),
        };
        const life = new AbortController();
        const server = serve(model, actions, AbortSignal.any([signal, life.signal]));
        const end = () => {
          // A temporary file has ended with its kernel.
          const rest =
            here.recording && model.get("autosave")
              ? ` What it had of the recording is in ${model.get("path")}.`
              : "";
          here.gone = `The kernel restarted or ended: run the cell again.${rest}`;
          life.abort(new Failure("MediaError", here.gone));
          for (const watcher of here.watchers) watcher();
        };
        onKernelGone(model, end, signal);
        here.press = () => {
          server.press("record", {
            timeout: PRESS_TIMEOUT,
            max_duration: model.get("max_duration"),
          });
        };
        const forget = () => {
          if (kept().get(model.get("_uid")) === model.get("_recordings")) return;
          keepRecording(model, kind, null, model.get("format"));
        };
        onChange(model, ["_recordings"], forget, signal);
        repeatRecordings(model, signal);
      },
      render({ model, el, signal }: RenderProps<MediaRecorderTraits>): void {
        view(makeShell(el, model, styles, signal), model, kind, here, signal);
        if (isSaved(model)) return;
        // The button must work while the kernel is busy, and could send nothing.
        for (const name of ["streams", "muxer"]) asset(model, name, signal).catch(() => {});
      },
    };
  };
}

/** Which recording of each widget this page has itself; Colab has two models of a widget. */
function kept(): Map<string, number> {
  const shared = globalThis as { [KEPT]?: Map<string, number> };
  shared[KEPT] ??= new Map();
  return shared[KEPT];
}

async function download(model: Model, kind: Kind, signal: AbortSignal): Promise<Answer> {
  const { blob, format } = await recorded(model, kind, () => {}, signal);
  saveAs(blob, fileName(model.get("filename"), format));
  return {};
}

function view(root: ShadowRoot, model: Model, kind: Kind, here: Here, signal: AbortSignal): void {
  const button = (name: IconName, label: string, press: () => void, className = "") => {
    const element = h("button", { type: "button", className }, icon(name), label);
    element.addEventListener("click", press);
    return element;
  };
  /** Steers the recording of this page at once, and one of another page by the kernel. */
  const stop = () => {
    if (here.recording) here.recording.steer("stop");
    else {
      model.set("recording", false);
      model.save_changes();
    }
  };
  const record = button("record", "Record", () => here.press());
  const end = button("stop", "Stop", stop);
  const pause = button("pause", "Pause", () => here.recording?.steer("pause"), "plain");
  const resume = button("record", "Go on", () => here.recording?.steer("record"), "plain");
  const save = button("download", "Download", () => download(model, kind, signal), "plain");
  const level = h("div", { className: "level", hidden: true }, h("div"));
  const facts = h("span", { className: "facts" });
  const note = h("span", { className: "facts", role: "status" });
  const error = h("p", { className: "error" });
  error.setAttribute("role", "alert");
  const bar = h("div", { className: "bar" }, record, end, pause, resume, save, level, facts, note);
  const showLevel = levelOf(level, signal);
  const saved = isSaved(model);

  const update = () => {
    const { recording } = here;
    const status = recording?.status;
    const elsewhere = !recording && !here.gone && !saved && model.get("recording");
    const runs = status === "recording" || status === "paused";
    record.hidden = Boolean(recording || here.gone) || elsewhere || saved;
    end.hidden = !(runs || status === "starting" || elsewhere);
    pause.hidden = status !== "recording";
    resume.hidden = status !== "paused";
    save.hidden = Boolean(recording) || elsewhere || !player.available();
    showLevel(runs && kind === "audio" ? (recording?.source?.stream ?? null) : null);
    const { duration, size } = recording ?? {
      duration: model.get("duration"),
      size: model.get("size"),
    };
    facts.textContent = duration || size ? `${clock(duration)}, ${megabytes(size)}` : "";
    const absent = saved && model.get("size") > 0 && !player.available();
    note.textContent = absent
      ? `Not saved with the notebook, but in ${model.get("path")}`
      : noteOf(recording, elsewhere);
    error.textContent = here.gone || (recording ? "" : model.get("error"));
    error.hidden = !error.textContent;
    root.host.toggleAttribute("data-recording", status === "recording");
  };
  const player = makePlayer(model, kind, () => update(), signal);
  root.append(h("div", { className: "recorder" }, bar, error, player.element));
  here.watchers.add(update);
  onAbort(signal, () => here.watchers.delete(update));
  onChange(model, ["recording", "status", "error", "duration", "size"], update, signal);
  update();
}

function noteOf(recording: Recording | null, elsewhere: boolean): string {
  if (elsewhere) return "Recording in another tab";
  switch (recording?.status) {
    case "starting":
      return "Starting…";
    case "paused":
      return "Paused";
    case "sending": {
      const part = recording.size ? Math.floor((100 * recording.sent) / recording.size) : 0;
      return `Sending, ${Math.min(100, part)} %`;
    }
    default:
      return "";
  }
}
