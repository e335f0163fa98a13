/** Where a widget is shown in the page, now or later. */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { onAbort, unlessAborted } from "./lifetime.ts";
import { isMarimo, marimoViews } from "./marimo.ts";

/** Milliseconds between two looks at the page: shadow trees do not tell of their changes. */
const LOOK = 500;

/** A view of Jupyter's widget libraries, as far as it matters here. */
interface View {
  el?: HTMLElement;
}

type Model = AnyModel & { views?: Record<string, Promise<View>> };

/** The element of a view of the widget that is in the page and has a size, now or never. */
export async function shownNow(model: Model, id?: string | null): Promise<HTMLElement | null> {
  if (!model.views) {
    if (id && isMarimo()) return [...marimoViews(id)].find(isShown) ?? null;
    throw new Failure(
      "MediaError",
      "This notebook application does not tell where it shows a widget: use JupyterLab, Notebook or marimo.",
    );
  }
  for (const promise of Object.values(model.views)) {
    // A view that is still being made must not keep the others waiting.
    const view = await Promise.race([promise, Promise.resolve(null)]);
    if (view?.el && isShown(view.el)) return view.el;
  }
  return null;
}

/** The element of a view of the widget, as soon as there is one. */
export async function shown(
  model: Model,
  signal: AbortSignal,
  id?: string | null,
): Promise<HTMLElement> {
  let found: HTMLElement | null = null;
  await untilPage(async () => {
    found = await shownNow(model, id);
    return found !== null;
  }, signal);
  return found as unknown as HTMLElement;
}

/** Settles when the element is in the page no more, or has no size, as in a tab behind. */
export function hidden(el: HTMLElement, signal: AbortSignal): Promise<void> {
  let observer: ResizeObserver;
  const gone = new Promise<void>((resolve) => {
    observer = new ResizeObserver(() => {
      if (!isShown(el)) resolve();
    });
    observer.observe(el);
  });
  return unlessAborted(gone, signal).finally(() => observer.disconnect());
}

/** Settles when the condition holds, which is asked again when the page has changed. */
export function untilPage(
  condition: () => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const ends = AbortSignal.any([signal, done.signal]);
  const held = new Promise<void>((resolve, reject) => {
    let frame = 0;
    const ask = async () => {
      try {
        if (await condition()) resolve();
      } catch (error) {
        reject(error);
      }
    };
    const observer = new MutationObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(ask);
    });
    observer.observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["class", "style", "hidden"],
    });
    const look = setInterval(ask, LOOK);
    onAbort(ends, () => {
      observer.disconnect();
      clearInterval(look);
      cancelAnimationFrame(frame);
    });
    ask();
  });
  return unlessAborted(held, signal).finally(() => done.abort());
}

function isShown(el: HTMLElement): boolean {
  if (!el.isConnected) return false;
  const { width, height } = el.getBoundingClientRect();
  return width > 0 && height > 0;
}
