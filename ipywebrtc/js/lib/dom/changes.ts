/**
 * Tells when a widget may look otherwise than before.
 *
 * Nearly all of it is told by the browser. What is not, the values that a program gives to inputs,
 * is compared from time to time.
 */

import { onAbort } from "../lifetime.ts";
import { parentOf } from "./markup.ts";

/** Milliseconds between two looks at the values of inputs. */
const LOOK = 100;

const EVENTS = [
  ...["input", "change", "scroll", "toggle", "load", "loadeddata", "seeked", "slotchange"],
  ...["transitionrun", "animationstart", "animationend", "transitionend"],
];
const NAMES = /^(class|id)$/;

export type Change =
  /** Other content, or other values. */
  | "content"
  /** Other elements, classes or style sheets: other rules may count. */
  | "rules";

export interface Changes {
  /** The canvases and videos in the widget. */
  readonly moving: readonly (HTMLCanvasElement | HTMLVideoElement)[];
  /** The elements that may be scrolled. */
  readonly scrollers: Set<Node>;
  /** Tells of what happened until now, and did not get through yet. */
  flush(): void;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export function followChanges(
  root: HTMLElement,
  changed: (change: Change) => void,
  signal: AbortSignal,
): Changes {
  let moving: (HTMLCanvasElement | HTMLVideoElement)[] = [];
  let controls: Control[] = [];
  let values = "";
  const trees = new Set<Node>();
  const scrollers = new Set<Node>();
  const observer = new MutationObserver(take);
  onAbort(signal, () => observer.disconnect());

  function take(records: MutationRecord[]): void {
    if (records.length === 0) return;
    const grown = records.some(movesElements);
    if (grown) scan();
    changed(grown || records.some(concernsRules) ? "rules" : "content");
  }

  function concernsRules({ type, target, attributeName }: MutationRecord): boolean {
    // An ancestor or a style sheet: a theme changes both.
    if (!root.contains(target) && !trees.has(target.getRootNode())) return true;
    if (type !== "attributes") return false;
    if (attributeName !== "style") return NAMES.test(attributeName ?? "");
    return /var\(|font/.test((target as Element).getAttribute("style") ?? "");
  }

  function add(tree: Node): void {
    if (trees.has(tree)) return;
    trees.add(tree);
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    observer.observe(tree, all);
    for (const name of EVENTS) {
      tree.addEventListener(name, () => changed("content"), { signal, capture: true });
    }
    const scrolled = ({ target }: Event) => scrollers.add(target as Node);
    tree.addEventListener("scroll", scrolled, { signal, capture: true });
  }

  function scan(): void {
    moving = [];
    controls = [];
    scrollers.clear();
    const walk = (tree: ParentNode) => {
      for (const element of tree.querySelectorAll("*")) visit(element);
    };
    const visit = (element: Element) => {
      if (element.scrollTop || element.scrollLeft) scrollers.add(element);
      if (element instanceof HTMLCanvasElement || element instanceof HTMLVideoElement) {
        moving.push(element);
      } else if (
        element instanceof HTMLInputElement ||
        element instanceof HTMLTextAreaElement ||
        element instanceof HTMLSelectElement
      ) {
        controls.push(element);
      }
      if (!element.shadowRoot) return;
      add(element.shadowRoot);
      walk(element.shadowRoot);
    };
    visit(root);
    walk(root);
  }

  add(root);
  scan();
  for (let outer = parentOf(root); outer; outer = parentOf(outer)) {
    observer.observe(outer, { attributes: true });
  }
  observer.observe(document.head, { subtree: true, childList: true, characterData: true });
  // A style sheet that was linked counts when it is there.
  document.head.addEventListener("load", () => changed("rules"), { signal, capture: true });
  addEventListener("resize", () => changed("rules"), { signal });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => changed("rules"), { signal });
  document.fonts.addEventListener("loadingdone", () => changed("rules"), { signal });
  const sizes = new ResizeObserver(() => changed("content"));
  sizes.observe(root);
  onAbort(signal, () => sizes.disconnect());

  function look(): void {
    const now = controls.map(stateOf).join("\0");
    if (now !== values) changed("content");
    values = now;
  }
  values = controls.map(stateOf).join("\0");
  const timer = setInterval(look, LOOK);
  onAbort(signal, () => clearInterval(timer));

  return {
    get moving() {
      return moving;
    },
    scrollers,
    flush() {
      take(observer.takeRecords());
      look();
    },
  };
}

/** Whether elements came or went, and not just text. */
function movesElements({ addedNodes, removedNodes }: MutationRecord): boolean {
  return [...addedNodes, ...removedNodes].some((node) => node instanceof Element);
}

function stateOf(control: Control): string {
  const chosen = control instanceof HTMLSelectElement ? control.selectedIndex : "";
  const checked = control instanceof HTMLInputElement && control.checked;
  return `${control.value}\x01${checked}${chosen}`;
}
