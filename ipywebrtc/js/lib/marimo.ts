/** What is special in marimo: where it shows a widget, and when it runs a cell. */

import type { AnyModel } from "@anywidget/types";
import { onChange } from "./lifetime.ts";
import type { RecorderTraits } from "./traits.ts";

const ELEMENT = "marimo-anywidget";

export function isMarimo(): boolean {
  return customElements.get(ELEMENT) !== undefined;
}

/**
 * Lets the cells run that depend on a recorder, once for each recording: marimo runs them when a
 * page changes a trait, and not when the kernel does.
 */
export function repeatRecordings(model: AnyModel<RecorderTraits>, signal: AbortSignal): void {
  const repeat = () => {
    if (!isMarimo()) return;
    model.set("_repeated", model.get("_recordings"));
    model.save_changes();
  };
  onChange(model, ["_recordings"], repeat, signal);
}

/**
 * The elements that marimo gave to a widget's views, in all shadow trees of the page: its models do
 * not tell where they are shown, but its elements name their model.
 */
export function* marimoViews(id: string, tree: ParentNode = document): Generator<HTMLElement> {
  for (const host of tree.querySelectorAll<HTMLElement>(`${ELEMENT}[data-model-id*="${id}"]`)) {
    yield boxOf(host);
  }
  for (const { shadowRoot } of tree.querySelectorAll("*")) {
    if (shadowRoot) yield* marimoViews(id, shadowRoot);
  }
}

/** The first element that has a box: those around the view, and a message before it, have none. */
function boxOf(host: HTMLElement): HTMLElement {
  let element: Element = host;
  while (getComputedStyle(element).display === "contents") {
    const inner: Element | null = (element.shadowRoot ?? element).lastElementChild;
    if (!inner) break;
    element = inner;
  }
  return element as HTMLElement;
}
