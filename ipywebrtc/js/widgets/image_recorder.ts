/** Takes pictures of a stream: for the kernel's requests, and by the button of its view. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";
import { Failure } from "../lib/failure.ts";
import { icon } from "../lib/icons.ts";
import { isSaved } from "../lib/kernel.ts";
import { onAbort, onChange, unlessAborted } from "../lib/lifetime.ts";
import type { Live } from "../lib/live.ts";
import { repeatRecordings } from "../lib/marimo.ts";
import { type Answer, type Request, serve } from "../lib/page.ts";
import { encode } from "../lib/picture.ts";
import styles from "../lib/recorder.css";
import { child } from "../lib/refs.ts";
import { fileName, saveAs } from "../lib/save.ts";
import { h, makeShell } from "../lib/shell.ts";
import { liveStream } from "../lib/streams.ts";
import type { ImageRecorderTraits } from "../lib/traits.ts";

type Model = AnyModel<ImageRecorderTraits>;

/** Seconds that a picture may take when it is the button that asks. */
const PRESS_TIMEOUT = 30;

export default () => {
  let press: () => Promise<void>;

  return {
    initialize({ model, signal }: InitializeProps<ImageRecorderTraits>): void {
      const actions = {
        snapshot: (request: Request, wanted: AbortSignal) => snapshot(model, request, wanted),
        download: () => download(model),
      };
      const server = serve(model, actions, signal);
      press = () => server.press("snapshot", { timeout: PRESS_TIMEOUT });
      repeatRecordings(model, signal);
    },
    render({ model, el, signal }: RenderProps<ImageRecorderTraits>): void {
      view(makeShell(el, model, styles, signal), model, () => press(), signal);
    },
  };
};

async function snapshot(model: Model, request: Request, wanted: AbortSignal): Promise<Answer> {
  const live = await liveStream(model, wanted);
  const done = new AbortController();
  const stop = () => done.abort(tooLate(live, request.timeout));
  const timer = setTimeout(stop, request.timeout * 1000);
  const using = AbortSignal.any([wanted, done.signal]);
  live.use(using);
  try {
    const source = await unlessAborted(live.open(), using);
    const options = {
      format: model.get("format"),
      quality: model.get("quality"),
      size: model.get("size"),
    };
    const { blob, width, height } = await encode(await source.still(using), options);
    const content = { format: options.format, width, height };
    return { content, buffers: [await blob.arrayBuffer()] };
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

function tooLate({ status, failure }: Live, seconds: number): Failure {
  const reasons: Record<string, string> = {
    waiting: failure?.message ?? "The browser is still asking for permission: answer its prompt.",
  };
  const reason = reasons[status] ?? "The stream showed none: display it to see why.";
  return new Failure("MediaTimeout", `No picture within ${seconds} s. ${reason}`);
}

async function download(model: Model): Promise<Answer> {
  const image = await child(model, "image");
  if (image) {
    const format: string = image.get("format");
    const blob = new Blob([image.get("value")], { type: `image/${format}` });
    saveAs(blob, fileName(model.get("filename"), format));
  }
  return {};
}

function view(
  root: ShadowRoot,
  model: Model,
  press: () => Promise<void>,
  signal: AbortSignal,
): void {
  const take = h("button", { type: "button" }, icon("camera"), "Take picture");
  take.hidden = isSaved(model);
  const save = h("button", { type: "button", className: "plain" }, icon("download"), "Download");
  const facts = h("span", { className: "facts" });
  const error = h("p", { className: "error" });
  error.setAttribute("role", "alert");
  const picture = h("img", { alt: "The last picture", hidden: true });
  const bar = h("div", { className: "bar" }, take, save, facts);
  root.append(h("div", { className: "recorder" }, bar, error, picture));

  let pressed = false;
  const update = () => {
    take.disabled = pressed || model.get("recording");
    error.textContent = model.get("error");
    error.hidden = !error.textContent;
  };
  take.addEventListener("click", async () => {
    pressed = true;
    update();
    await press();
    pressed = false;
    update();
  });
  save.addEventListener("click", () => download(model));
  onChange(model, ["recording", "error"], update, signal);
  update();
  showPicture({ model, picture, save, facts }, signal);
}

interface PictureElements {
  model: Model;
  picture: HTMLImageElement;
  save: HTMLButtonElement;
  facts: HTMLElement;
}

/** Shows what the recorder's `image` holds, and so what a reloaded page gets from the kernel. */
async function showPicture(elements: PictureElements, signal: AbortSignal): Promise<void> {
  const { model, picture, save, facts } = elements;
  let url = "";
  const clear = () => URL.revokeObjectURL(url);
  onAbort(signal, clear);
  picture.addEventListener("load", () => {
    const { naturalWidth, naturalHeight } = picture;
    facts.textContent = `${naturalWidth} × ${naturalHeight}`;
  });
  const image = await child(model, "image");
  const update = () => {
    const value: DataView | undefined = image?.get("value");
    const empty = !value?.byteLength;
    picture.hidden = save.hidden = facts.hidden = empty;
    clear();
    if (!value || empty) return;
    url = URL.createObjectURL(
      new Blob([value as BlobPart], { type: `image/${image?.get("format")}` }),
    );
    picture.src = url;
  };
  update();
  if (image) onChange(image, ["value"], update, signal);
}
