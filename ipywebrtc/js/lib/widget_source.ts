/**
 * The picture of any widget.
 *
 * A widget that makes a stream itself is asked for it; one that shows a canvas is copied from that;
 * any other is drawn by `dom/render.ts`, or captured by the browser.
 */

import type { AnyModel } from "@anywidget/types";
import { isFilled, makeCopier } from "./copy.ts";
import { makeRenderer } from "./dom/render.ts";
import { captureTab } from "./element_capture.ts";
import { asFailure, Declined, Failure } from "./failure.ts";
import { canCapture, foreignSource } from "./foreign.ts";
import { onChange, unlessAborted } from "./lifetime.ts";
import type { Attempt, Source } from "./live.ts";
import type { MakePainter, Painter } from "./painter.ts";
import { makePainting } from "./painting.ts";
import { child, modelId } from "./refs.ts";
import { hidden, shown, shownNow } from "./shown.ts";
import { stillOf } from "./still.ts";
import type { WidgetStreamTraits } from "./traits.ts";
import { NOT_SHOWN } from "./waiting.ts";

type Model = AnyModel<WidgetStreamTraits>;

interface Pictured {
  model: AnyModel;
  id: string | null;
}

export async function openWidget(model: Model, attempt: Attempt): Promise<Source> {
  onChange(model, ["widget", "max_fps", "method"], attempt.reopen, attempt.replaced);
  const widget = await child(model, "widget");
  if (!widget) throw new Failure("SourceError", "The WidgetStream has no widget: set it.");
  const pictured = { model: widget, id: modelId(model.get("widget")) };
  const method = model.get("method");
  const fps = model.get("max_fps");
  if (method === "screen") return screenSource(pictured, fps, attempt);
  if (method === "auto") {
    if (!canCapture(widget)) await viewOf(pictured, attempt);
    if (canCapture(widget)) return foreignSource(widget, fps, attempt);
  }
  return paintedSource(model, pictured, attempt);
}

/** A view of the widget, when there is one; says so while there is none. */
async function viewOf({ model, id }: Pictured, { signal, report }: Attempt): Promise<HTMLElement> {
  const view = await shownNow(model, id);
  if (view) return view;
  report("waiting", NOT_SHOWN);
  return shown(model, signal, id);
}

/** Paints one view after the other on a canvas that stays. */
async function paintedSource(model: Model, pictured: Pictured, attempt: Attempt): Promise<Source> {
  const { signal, report } = attempt;
  let problem: Failure | undefined;
  let showing: Promise<void> = Promise.resolve();
  const failed = (error: unknown) => report("error", asFailure(error));
  const painting = makePainting(model.get("max_fps"), {
    problem(sentence) {
      problem = sentence ? new Failure("SourceError", sentence) : undefined;
      report("live", problem);
    },
    failed,
    signal,
  });

  /** Paints from the next view, and then from those that take its place. */
  async function next(): Promise<void> {
    const view = await viewOf(pictured, attempt);
    const make = PAINTERS[model.get("method")] ?? makeRenderer;
    const stop = new AbortController();
    await painting.from(view, make, AbortSignal.any([signal, stop.signal]));
    report("live", problem);
    hidden(view, signal).then(
      () => {
        stop.abort();
        showing = next();
        showing.catch(failed);
      },
      () => {}, // The source was closed.
    );
  }

  await next();
  const stream = painting.capture();
  return {
    stream,
    mirrored: false,
    async still(wanted) {
      await unlessAborted(showing, AbortSignal.any([wanted, signal]));
      await painting.refresh();
      const { canvas } = painting;
      return { image: canvas, width: canvas.width, height: canvas.height };
    },
  };
}

const PAINTERS: Record<string, MakePainter> = {
  /** Copies while the view shows one canvas and nothing else; draws it otherwise. */
  auto(view, host) {
    let copied: boolean | null = null;
    let stop = new AbortController();
    let painter: Painter;
    return {
      // Chosen anew for each picture: a view that was made just now has no canvas yet.
      async paint(canvas) {
        const filled = isFilled(view);
        if (filled !== copied) {
          copied = filled;
          stop.abort();
          stop = new AbortController();
          const signal = AbortSignal.any([host.signal, stop.signal]);
          painter = (filled ? makeCopier : makeRenderer)(view, { ...host, signal });
        }
        await painter.paint(canvas);
      },
    };
  },
  canvas: makeCopier,
  dom: makeRenderer,
};

/** The browser's capture, which begins with a click: it asks the user which tab to share. */
async function screenSource(
  pictured: Pictured,
  fps: number | null,
  attempt: Attempt,
): Promise<Source> {
  const { signal, report } = attempt;
  const view = await viewOf(pictured, attempt);
  if (!navigator.userActivation?.isActive) {
    throw new Declined(
      "The browser captures a widget only after a click: press Start, and share this tab.",
      { aloud: true },
    );
  }
  const { stream, restrict } = await captureTab(fps, signal);
  const follow = async (el: HTMLElement): Promise<void> => {
    await restrict(el);
    hidden(el, signal).then(
      async () => follow(await viewOf(pictured, attempt)),
      () => {}, // The source was closed.
    );
    report("live");
  };
  await follow(view);
  for (const track of stream.getTracks()) {
    const ended = () =>
      report("ended", new Failure("MediaError", "Sharing was stopped: press Start."));
    track.addEventListener("ended", ended, { signal });
  }
  return { stream, mirrored: false, still: stillOf(stream, signal) };
}
