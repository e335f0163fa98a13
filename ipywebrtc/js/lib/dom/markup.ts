/**
 * A widget as it stands, in XHTML: the state of its inputs, its shadow trees, what its canvases show.
 *
 * Its ancestors stand around it as shells without boxes, for the selectors and inherited properties
 * that it has from them.
 */

import { HOST_ATTRIBUTE, ROOT_CLASS, replaceUrls, SCOPE_ATTRIBUTE, type Scope } from "./rules.ts";

export const SHELL_ATTRIBUTE = "_shell";

export interface Drawing {
  root: HTMLElement;
  width: number;
  height: number;
  scope(tree: Node): Scope;
  /** The data of a URL; a transparent pixel while it is awaited. */
  data(url: string): string;
  /** What a canvas or video shows, and null where that may not be read. */
  picture(element: HTMLCanvasElement | HTMLVideoElement): string | null;
  /** There is a page in the widget, which is not drawn. */
  framed(): void;
  /** The present values of animated properties, as declarations. */
  animated: Map<Element, string>;
  /** The elements that may be scrolled. */
  scrollers: Set<Node>;
}

const XHTML = "http://www.w3.org/1999/xhtml";
const NOT_DRAWN = new Set(["script", "style", "link", "meta", "template", "noscript", "base"]);
/** Whether an attribute is copied, by its name: not if it loads or runs something. */
const copied = new Map<string, boolean>();
const NOT_COPIED = /^(on.*|srcset|sizes|loading|poster|autoplay|controls|autofocus|srcdoc|style)$/;
const XML_NAME = /^[A-Za-z_][\w.-]*$/;

/** The widget inside the shells of its ancestors. */
export function markup(drawing: Drawing): string {
  let text = write(drawing.root, XHTML, drawing);
  let inner: Element = drawing.root;
  for (let outer = parentOf(inner); outer; inner = outer, outer = parentOf(outer)) {
    text = shell(outer, beside(inner, "previous") + text + beside(inner, "next"), drawing);
    text = contained(outer, text);
  }
  return text;
}

/** The parent across the border of a shadow tree. */
export function parentOf(element: Element): Element | null {
  if (element.assignedSlot) return element.assignedSlot;
  const parent = element.parentNode;
  return parent instanceof ShadowRoot ? parent.host : element.parentElement;
}

function shell(element: Element, inside: string, drawing: Drawing): string {
  const tag = element.localName;
  const root = element === document.documentElement ? ` ${ROOT_CLASS}` : "";
  let attributes = ` ${SHELL_ATTRIBUTE}="" style="${escapeAttribute(customOf(element))}display:contents!important"`;
  for (const { name, value } of element.attributes) {
    if (name === "class" || name === "src") continue;
    if (isCopied(name)) attributes += ` ${name}="${escapeAttribute(value)}"`;
  }
  attributes += ` class="${escapeAttribute((element.getAttribute("class") ?? "") + root)}"`;
  const xmlns = element.namespaceURI === XHTML ? "" : ` xmlns="${element.namespaceURI}"`;
  return `<${tag}${xmlns}${attributes}${scopes(element, drawing)}>${inside}</${tag}>`;
}

/** A shell that `@container` may ask, inside a box of its element's size: it has none itself. */
function contained(element: Element, text: string): string {
  const style = getComputedStyle(element);
  const { containerType, containerName } = style;
  if (!containerType?.includes("size")) return text;
  const { paddingLeft, paddingRight, paddingTop, paddingBottom } = style;
  const width = `calc(${element.clientWidth}px - ${paddingLeft} - ${paddingRight})`;
  const height = `calc(${element.clientHeight}px - ${paddingTop} - ${paddingBottom})`;
  return (
    `<div style="display:flex;align-items:flex-start;flex:none;width:${width};` +
    `height:${height};container:${containerName} / ${containerType}">${text}</div>`
  );
}

/** The custom and inherited properties of an ancestor's own style. */
function customOf(element: Element): string {
  const text = element.getAttribute("style");
  return text ? `${text.replace(/;\s*$/, "")};` : "";
}

/** A neighbour, of which only its being there counts: for `:first-child` and the like. */
function beside(element: Element, side: "previous" | "next"): string {
  const found = element[`${side}ElementSibling`];
  if (!found || found.namespaceURI !== XHTML || NOT_DRAWN.has(found.localName)) return "";
  const names = escapeAttribute(found.getAttribute("class") ?? "");
  return `<${found.localName} class="${names}" style="display:none!important"/>`;
}

function scopes(element: Element, drawing: Drawing): string {
  let text = "";
  const tree = element.getRootNode();
  if (tree instanceof ShadowRoot) text += ` ${SCOPE_ATTRIBUTE}="${drawing.scope(tree)}"`;
  if (element.shadowRoot) text += ` ${HOST_ATTRIBUTE}="${drawing.scope(element.shadowRoot)}"`;
  return text;
}

function write(element: Element, space: string, drawing: Drawing): string {
  const html = element.namespaceURI === XHTML;
  // A frame has no box in a picture.
  const tag = html && FRAMES.has(element.localName) ? "canvas" : element.localName;
  if (html && NOT_DRAWN.has(tag)) return "";
  const { attributes, style, children } = html ? live(element, drawing) : NOTHING;
  let text = `<${tag}`;
  if (element.namespaceURI !== space) text += ` xmlns="${element.namespaceURI}"`;
  for (const { name, value } of element.attributes) {
    if (name in attributes) continue;
    if (isCopied(name)) text += ` ${name}="${escapeAttribute(value)}"`;
    else if (name === "xlink:href") text += ` href="${escapeAttribute(value)}"`;
  }
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== null) text += ` ${name}="${escapeAttribute(value as string)}"`;
  }
  const own = element.getAttribute("style") ?? "";
  const moved = html && drawing.scrollers.size > 0 ? scrolled(element, drawing) : "";
  const all = [own, style, drawing.animated.get(element), moved].filter(Boolean).join(";");
  const styles = element === drawing.root ? `${all};${rootStyle(drawing)}` : all;
  if (styles) text += ` style="${escapeAttribute(replaceUrls(styles, drawing.data))}"`;
  text += scopes(element, drawing);
  const inside = children ?? writeChildren(element, drawing);
  return inside ? `${text}>${inside}</${tag}>` : `${text}/>`;
}

function isCopied(name: string): boolean {
  const known = copied.get(name) ?? (XML_NAME.test(name) && !NOT_COPIED.test(name));
  copied.set(name, known);
  return known;
}

function writeChildren(element: Element, drawing: Drawing): string {
  let nodes: Iterable<Node> = (element.shadowRoot ?? element).childNodes;
  if (element instanceof HTMLSlotElement) {
    const assigned = element.assignedNodes();
    if (assigned.length > 0) nodes = assigned;
  }
  let text = "";
  const space = element.localName === "foreignObject" ? "" : (element.namespaceURI ?? "");
  const [x, y] = drawing.scrollers.has(element) ? [element.scrollLeft, element.scrollTop] : [0, 0];
  for (const node of nodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      const written = escapeText((node as Text).data);
      const wrap = (x || y) && (node as Text).data.trim();
      text += wrap
        ? `<span style="position:relative;left:${-x}px;top:${-y}px">${written}</span>`
        : written;
    } else if (node.nodeType === Node.ELEMENT_NODE) text += write(node as Element, space, drawing);
  }
  return text;
}

interface State {
  /** Attributes that differ from those of the page; null leaves one out. */
  attributes: Record<string, string | null>;
  style: string;
  /** What stands inside, where that is not its children. */
  children: string | null;
}

const FRAMES = new Set(["iframe", "embed", "object"]);
const LIVE = new Set(["input", "textarea", "option", "img", "canvas", "video", ...FRAMES]);
const NOTHING: State = { attributes: {}, style: "", children: null };

/** What the page's elements have as properties, and their copies need as attributes. */
function live(element: Element, drawing: Drawing): State {
  if (!LIVE.has(element.localName)) return NOTHING;
  if (element instanceof HTMLInputElement) {
    const attributes: State["attributes"] = { checked: element.checked ? "" : null };
    if (element.type !== "file") attributes.value = element.value;
    return { attributes, style: "", children: null };
  }
  if (element instanceof HTMLTextAreaElement) return textarea(element);
  if (element instanceof HTMLOptionElement) {
    return { ...NOTHING, attributes: { selected: element.selected ? "" : null } };
  }
  if (element instanceof HTMLImageElement) {
    const url = element.currentSrc || element.src;
    return { ...NOTHING, attributes: { src: url ? drawing.data(url) : null } };
  }
  if (element instanceof HTMLCanvasElement || element instanceof HTMLVideoElement) {
    const style = box(element, drawing.picture(element));
    return { attributes: { src: null }, style, children: "" };
  }
  if (FRAMES.has(element.localName)) {
    drawing.framed();
    const border = `border:${getComputedStyle(element).border};`;
    return { attributes: { src: null }, style: border + box(element, null), children: "" };
  }
  return NOTHING;
}

function textarea(element: HTMLTextAreaElement): State {
  // The line break that an HTML parser would drop is none here: XML keeps it.
  return { ...NOTHING, children: escapeText(element.value) };
}

/** A canvas or video as a box with a background: nothing else has its tag, and so its rules. */
function box(element: Element, picture: string | null): string {
  const { display, width, height, objectFit, objectPosition } = getComputedStyle(element);
  const sizes: Record<string, string> = { contain: "contain", cover: "cover", none: "auto" };
  const size = picture ? (sizes[objectFit] ?? "100% 100%") : "auto";
  const image = `url("${picture ?? "placeholder:"}")`;
  return (
    `display:${display === "inline" ? "inline-block" : display}!important;` +
    `width:${width};height:${height};` +
    `background:${image} ${objectPosition}/${size} ${picture ? "no-repeat" : "repeat"} content-box!important`
  );
}

/** A copy can't be scrolled: its children are moved. */
function scrolled(element: Element, { root, scrollers }: Drawing): string {
  const parent = element === root ? null : parentOf(element);
  if (!parent || !scrollers.has(parent) || !(parent.scrollLeft || parent.scrollTop)) return "";
  return `translate:${-parent.scrollLeft}px ${-parent.scrollTop}px!important`;
}

/** The widget has its own size, and stands at the corner. */
function rootStyle({ root, width, height }: Drawing): string {
  const { position } = getComputedStyle(root);
  const placed = position === "static" || position === "relative" ? position : "relative";
  return (
    `width:${width}px!important;height:${height}px!important;` +
    "min-width:0!important;max-width:none!important;min-height:0!important;" +
    "max-height:none!important;margin:0!important;box-sizing:border-box!important;" +
    "flex:none!important;float:none!important;inset:auto!important;transform:none!important;" +
    `translate:none!important;position:${placed}!important`
  );
}

function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return clean(text).replace(/[&<>]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : "&gt;"));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SPECIAL = /[&<>"\0-\x1f\ufffe\uffff]/;

const IN_ATTRIBUTES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\t": "&#9;",
  "\r": "&#13;",
};

export function escapeAttribute(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return clean(text).replace(/[&<"\n\t\r]/g, (letter) => IN_ATTRIBUTES[letter] as string);
}

/** Text without what XML forbids. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "");
}
