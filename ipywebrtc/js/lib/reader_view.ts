/** The view of a reader: whether it reads, how well, and what went wrong. */

import type { AnyModel } from "@anywidget/types";
import { isSaved } from "./kernel.ts";
import type { Progress } from "./lane.ts";
import { onAbort, onChange } from "./lifetime.ts";
import styles from "./reader.css";
import type { Watcher } from "./reading.ts";
import recorder from "./recorder.css";
import { h, makeShell } from "./shell.ts";
import type { ReaderTraits } from "./traits.ts";

/** Milliseconds after which what the kernel said is old. */
const OLD = 2000;

export interface ReaderView extends Watcher {
  render(el: HTMLElement, model: AnyModel<ReaderTraits>, signal: AbortSignal): void;
}

export function readerView(): ReaderView {
  const told = new EventTarget();
  let last: { progress: Progress; came: number } | null = null;
  let gone = false;
  return {
    progress(progress) {
      last = progress && { progress, came: performance.now() };
      told.dispatchEvent(new Event("told"));
    },
    gone() {
      gone = true;
      told.dispatchEvent(new Event("told"));
    },
    render(el, model, signal) {
      const root = makeShell(el, model, recorder + styles, signal);
      gone ||= isSaved(model);
      const button = h("button", { type: "button" });
      const facts = h("span", { className: "facts" });
      const ended = isSaved(model)
        ? "Run the cell again, with a kernel, to read."
        : "The kernel restarted or ended: run the cell again.";
      const error = h("p", { className: "error" });
      error.setAttribute("role", "alert");
      const traceback = h("pre");
      const bar = h("div", { className: "bar" }, button, facts);
      root.append(h("div", { className: "recorder" }, bar, error, traceback));

      const update = () => {
        const reading = model.get("reading");
        button.hidden = gone;
        button.textContent = reading ? "Stop reading" : "Read";
        const fresh = last && performance.now() - last.came < OLD;
        facts.textContent = gone
          ? ended
          : reading
            ? (fresh && sentence(last?.progress)) || model.get("status")
            : "";
        error.textContent = model.get("error");
        error.hidden = !error.textContent;
        traceback.textContent = model.get("_traceback");
        traceback.hidden = !traceback.textContent;
      };
      button.addEventListener("click", () => {
        model.set("reading", !model.get("reading"));
        model.save_changes();
      });
      onChange(model, ["reading", "status", "error", "_traceback"], update, signal);
      told.addEventListener("told", update, { signal });
      const timer = setInterval(update, OLD);
      onAbort(signal, () => clearInterval(timer));
      update();
    },
  };
}

/** `20 frames/s, 35 ms, 3 dropped` or `-23 dBFS`, as far as it is known. */
function sentence(progress: Progress | undefined): string {
  const { fps, latency, dropped, level } = progress ?? {};
  return [
    level == null ? "" : `${level.toFixed(0)} dBFS`,
    fps == null ? "" : `${fps.toFixed(0)} frames/s`,
    latency == null ? "" : `${(1000 * latency).toFixed(0)} ms`,
    dropped ? `${dropped} dropped` : "",
  ]
    .filter(Boolean)
    .join(", ");
}
