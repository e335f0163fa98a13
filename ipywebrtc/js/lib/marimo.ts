/** Where marimo shows a widget: its models do not tell, but its elements name their model. */

const ELEMENT = "marimo-anywidget";

export function isMarimo(): boolean {
  return customElements.get(ELEMENT) !== undefined;
}

/** The elements that marimo gave to a widget's views, in all shadow trees of the page. */
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
