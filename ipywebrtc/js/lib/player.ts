/**
 * The player of a recorder's view: what the recorder's Video or Audio holds.
 *
 * The kernel does not send back what this page has sent; the page puts it there itself, if it still
 * has it. Another page, and for a large recording this one too, asks for it by a button.
 */

import type { AnyModel } from "@anywidget/types";
import { asFailure } from "./failure.ts";
import { isSaved } from "./kernel.ts";
import { onAbort, onChange } from "./lifetime.ts";
import { fetchRecording } from "./pieces.ts";
import { child } from "./refs.ts";
import { h } from "./shell.ts";
import type { MediaRecorderTraits } from "./traits.ts";

type Model = AnyModel<MediaRecorderTraits>;
type Kind = "video" | "audio";

/** The real models of Jupyter's widget libraries, which can change without telling the kernel. */
interface Settable {
  set_state?(state: Record<string, unknown>): void;
}

/** Gives the recorder's Video or Audio in this page the bytes of a recording, or none. */
export async function keepRecording(
  model: Model,
  kind: Kind,
  bytes: Uint8Array<ArrayBuffer> | null,
  format: string,
): Promise<void> {
  const holder = await child(model, kind);
  const value = new DataView(bytes?.buffer ?? new ArrayBuffer(0));
  const settable = holder as Settable | null;
  if (settable?.set_state) settable.set_state({ value, format });
  else holder?.set("value", value);
}

/** The recording as a Blob: what this page has, else what the kernel sends. */
export async function recorded(
  model: Model,
  kind: Kind,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<{ blob: Blob; format: string }> {
  const holder = await child(model, kind);
  const format: string = holder?.get("format") ?? model.get("format");
  const value: DataView | undefined = holder?.get("value");
  const type = `${kind}/${format}`;
  if (value?.byteLength) return { blob: new Blob([value as BlobPart], { type }), format };
  return { blob: await fetchRecording(model, type, progress, signal), format };
}

export interface Player {
  element: HTMLElement;
  /** Whether there is a recording that could be downloaded. */
  available(): boolean;
}

export function makePlayer(
  model: Model,
  kind: Kind,
  changed: () => void,
  signal: AbortSignal,
): Player {
  const media = h(kind, { controls: true, hidden: true });
  const load = h("button", { type: "button", className: "plain", hidden: true });
  const error = h("p", { className: "error", hidden: true });
  const element = h("div", { className: "player" }, media, load, error);
  let url = "";
  let here = false;

  const show = (blob: Blob | null) => {
    URL.revokeObjectURL(url);
    url = blob ? URL.createObjectURL(blob) : "";
    here = blob !== null;
    media.hidden = !blob;
    if (blob) media.src = url;
    else media.removeAttribute("src");
    error.hidden = true;
    offer();
  };
  const saved = isSaved(model);
  const offer = () => {
    const size = model.get("size");
    load.hidden =
      here || saved || !size || model.get("recording") || model.get("status") === "recording";
    load.disabled = false;
    load.textContent = `Show the recording (${megabytes(size)})`;
    changed();
  };
  load.addEventListener("click", async () => {
    load.disabled = true;
    const progress = (part: number) => {
      load.textContent = `Loading, ${Math.round(100 * part)} %`;
    };
    try {
      show((await recorded(model, kind, progress, signal)).blob);
    } catch (reason) {
      if (signal.aborted) return;
      error.textContent = asFailure(reason).message;
      error.hidden = false;
      offer();
    }
  });
  onAbort(signal, () => URL.revokeObjectURL(url));
  onChange(model, ["size", "recording", "status"], offer, signal);

  const follow = async () => {
    const holder = await child(model, kind);
    if (!holder || signal.aborted) return;
    const update = () => {
      const value: DataView | undefined = holder.get("value");
      const type = `${kind}/${holder.get("format")}`;
      show(value?.byteLength ? new Blob([value as BlobPart], { type }) : null);
    };
    onChange(holder, ["value"], update, signal);
    update();
  };
  follow();
  return { element, available: () => here || !load.hidden };
}

/** A size for reading. */
export function megabytes(size: number): string {
  return size < 1e6 ? `${Math.ceil(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
