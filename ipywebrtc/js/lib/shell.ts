/** The element that a view draws in: shielded from the host's styles, sized by the layout. */

import type { AnyModel } from "@anywidget/types";
import { onAbort, onChange } from "./lifetime.ts";
import { child } from "./refs.ts";
import base from "./shell.css";

/** Makes a shadow root with styles in the view's element; removed when the signal fires. */
export function makeShell(
  el: HTMLElement,
  model: AnyModel,
  styles: string,
  signal: AbortSignal,
): ShadowRoot {
  // Jupyter's margin between its widgets; where there are none, the class says nothing.
  el.classList.add("jupyter-widgets");
  const box = document.createElement("div");
  const root = box.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(base + styles);
  root.adoptedStyleSheets = [sheet];
  el.append(box);
  onAbort(signal, () => box.remove());
  followLayout(box, el, model, signal);
  return root;
}

/** Without width and height a view has its natural size; with them it fills what they give. */
async function followLayout(
  box: HTMLElement,
  el: HTMLElement,
  model: AnyModel,
  signal: AbortSignal,
): Promise<void> {
  const layout = await child(model, "layout");
  if (!layout) return;
  const apply = () => {
    const width: string | null = layout.get("width");
    const height: string | null = layout.get("height");
    box.toggleAttribute("data-sized", Boolean(width || height));
    if (width && height) box.dataset.sized = "both";
    // Jupyter sets these too; other hosts leave it to the widget.
    el.style.width = width ?? "";
    el.style.height = height ?? "";
  };
  apply();
  onChange(layout, ["width", "height"], apply, signal);
}

/** Makes an element with properties and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
