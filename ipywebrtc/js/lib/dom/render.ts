/**
 * Draws a part of the page on a canvas, by the browser's own layout.
 *
 * The elements are written as they stand, with the CSS that concerns them, into an SVG picture. The
 * browser lays that out just as the page, so its pixels are the same; nothing of CSS is done again
 * here. What makes it quick: the CSS is a small part of the page's, and kept while it counts.
 */

import type { MakePainter } from "../painter.ts";
import { followChanges } from "./changes.ts";
import { iconsIn, withIcons } from "./icon_fonts.ts";
import { type Drawing, markup, parentOf, SHELL_ATTRIBUTE } from "./markup.ts";
import { followPictures } from "./pictures.ts";
import { dataOf, load, makeResources, PLACEHOLDER } from "./resources.ts";
import {
  type Font,
  fontFace,
  fontsFor,
  readSheet,
  replaceUrls,
  type Scope,
  type Sheet,
  select,
} from "./rules.ts";

/** The ancestors of the widget are not in its picture. */
const SHELLS = `[${SHELL_ATTRIBUTE}]{container-type:normal!important}
[${SHELL_ATTRIBUTE}]::before,[${SHELL_ATTRIBUTE}]::after{content:none!important}`;
/** Nothing moves in a picture. */
const STILL = "*,::before,::after{animation:none!important}";

/** Firefox draws no native controls in a picture; these stand in for them, below all other CSS. */
const FIREFOX = `:where(input,textarea,select){border:1px solid #8f8f9d;border-radius:3px;padding:2px 3px}
:where(input:is([type=checkbox],[type=radio])){appearance:none;width:13px;height:13px;padding:0;background:#fff;vertical-align:-2px}
:where(input[type=checkbox][checked]){border-color:#0060df;background:#0060df url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 11 11'><path d='m2 5.5 2.5 2.5L9 3' fill='none' stroke='white' stroke-width='1.8'/></svg>")}
:where(input[type=radio]){border-radius:50%}
:where(input[type=radio][checked]){border-color:#0060df;background:#0060df;box-shadow:inset 0 0 0 2px #fff}
:where(input[type=range]){appearance:none;height:4px;padding:0;border:0;background:#8f8f9d}
:where(progress,meter){appearance:none;border:1px solid #8f8f9d;border-radius:3px;background:#e9e9ed}
:where(select:not([multiple],[size])){appearance:none;padding:2px 20px 2px 5px;background:#e9e9ed url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><path d='m1.5 3.5 3.5 3.5 3.5-3.5' fill='none' stroke='black' stroke-width='1.3'/></svg>") right 5px center/10px no-repeat}`;

const NAMED_FAILURES = 2;
const FRAMED = "Pages in frames are not drawn: set method to 'screen'.";

interface Cached {
  stamp: string;
  sheet: Sheet;
}

const cache = new WeakMap<CSSStyleSheet, Map<Scope, Cached>>();
/** Copies of other sites' style sheets, null where the site does not allow it. */
const copies = new Map<string, Promise<CSSStyleSheet | null>>();
/** The texts of linked style sheets, as far as they were needed; empty where there is none. */
const texts = new Map<string, string>();
/** The files of icon fonts. */
const files = new Map<string, Promise<ArrayBuffer>>();

export const makeRenderer: MakePainter = (root, { changed, problem, signal }) => {
  const contents = makeResources(signal);
  const styled = makeResources(signal);
  let css = "";
  let stale = true;
  let counted = 0;
  let background: string[] = [];
  let scopes = new Map<Node, Scope>();
  let unread: string[] = [];
  const icons = new Set<string>();
  let said = "";

  const pictures = followPictures(changed, signal);
  const changes = followChanges(
    root,
    (change) => {
      stale ||= change === "rules";
      changed();
    },
    signal,
  );

  async function readRules(): Promise<void> {
    stale = false;
    scopes = new Map();
    for (const tree of shadowTrees(root)) scopes.set(tree, scopes.size + 1);
    const sheets: Sheet[] = [];
    unread = [];
    for (const [tree, scope] of [...scopes, [document, 0] as const]) {
      for (const sheet of sheetsOf(tree as Document | ShadowRoot)) {
        const read = await cached(sheet, scope, scopes.size > 0);
        if (read) sheets.push(read);
        else if (sheet.href) unread.push(sheet.href);
      }
    }
    counted = countRules();
    const { names, inline } = namesOf(root);
    const rules = select(sheets, names, inline);
    const all = rules + inline;
    for (const icon of iconsIn(all)) icons.add(icon);
    const faces = await Promise.all(fontsFor(sheets, all).map((font) => faceOf(font, icons)));
    const parts = [...faces, rules, SHELLS];
    if (navigator.userAgent.includes("Firefox")) parts.unshift(FIREFOX);
    if (all.includes("animation")) parts.push(STILL);
    css = await withData(parts.join("\n"));
    background = backgrounds(root);
  }

  /** Whether there are icons in the text that the fonts have not yet. */
  function addIcons(text: string): boolean {
    const found = iconsIn(text).filter((icon) => !icons.has(icon));
    for (const icon of found) icons.add(icon);
    return found.length > 0;
  }

  async function withData(text: string): Promise<string> {
    replaceUrls(text, (url) => styled.get(url) ?? "");
    await styled.settled();
    const result = replaceUrls(text, (url) => styled.get(url) ?? PLACEHOLDER);
    unread.push(...styled.failed());
    styled.sweep();
    return result;
  }

  function countRules(): number {
    let count = 0;
    for (const tree of [document, ...scopes.keys()]) {
      const { styleSheets, adoptedStyleSheets } = tree as Document | ShadowRoot;
      for (const sheet of [...styleSheets, ...adoptedStyleSheets]) count += sizeOf(sheet);
    }
    return count;
  }

  async function write(size: Size): Promise<string> {
    const animated = animatedIn([root, ...scopes.keys()] as (Element | ShadowRoot)[]);
    for (let pending = true; ; ) {
      pending = false;
      const blocked: string[] = [];
      let frames = "";
      const drawing: Drawing = {
        root,
        ...size.box,
        scope: (tree) => scopes.get(tree) ?? 0,
        data(url) {
          if (url === "placeholder:") return PLACEHOLDER;
          const data = contents.get(url);
          pending ||= data === null;
          return data ?? "data:,";
        },
        picture(element) {
          const data = pictures.get(element);
          if (data === null) blocked.push(`a ${element.localName}`);
          return data;
        },
        framed: () => {
          frames = FRAMED;
        },
        animated: animated.styles,
        scrollers: changes.scrollers,
      };
      const body = markup(drawing);
      if (pending) {
        await contents.settled();
        continue;
      }
      if (addIcons(body)) await readRules();
      tell([...unread, ...contents.failed(), ...blocked], frames);
      contents.sweep();
      if (animated.running) changed();
      return svg(body, css, size);
    }
  }

  /** Says what is missing, once for as long as it is the same. */
  function tell(missing: string[], frames: string): void {
    const sentence = `${sentenceAbout([...new Set(missing)])} ${frames}`.trim();
    if (sentence !== said) problem(sentence);
    said = sentence;
  }

  return {
    async paint(canvas) {
      changes.flush();
      pictures.follow(changes.moving);
      if (stale || counted !== countRules()) await readRules();
      const size = sizeOfView(root);
      const picture = new Image();
      picture.src = dataUrl(await write(size));
      await picture.decode();
      draw(canvas, picture, size, background);
    },
  };
};

interface Size {
  /** The widget's own, in CSS pixels. */
  box: { width: number; height: number };
  /** Where it begins between two pixels of the screen, in CSS pixels. */
  left: number;
  top: number;
  /** Of the picture, in pixels. */
  width: number;
  height: number;
  scale: number;
}

function sizeOfView(root: HTMLElement): Size {
  const scale = devicePixelRatio;
  const { left, top, width, height } = root.getBoundingClientRect();
  const rest = (value: number) => value - Math.floor(value * scale) / scale;
  return {
    box: { width, height },
    left: rest(left),
    top: rest(top),
    width: Math.max(1, Math.ceil((rest(left) + width) * scale - 0.01)),
    height: Math.max(1, Math.ceil((rest(top) + height) * scale - 0.01)),
    scale,
  };
}

function svg(body: string, css: string, size: Size): string {
  const { fontSize, colorScheme } = getComputedStyle(document.documentElement);
  const width = size.width / size.scale;
  const height = size.height / size.scale;
  const style = escapeXml(css);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" ` +
    `viewBox="0 0 ${width} ${height}" style="font-size:${fontSize};color-scheme:${colorScheme}">` +
    `<style>${style}</style><foreignObject width="100%" height="100%">` +
    `<div xmlns="http://www.w3.org/1999/xhtml" style="display:flex;align-items:flex-start;` +
    `padding:${size.top}px 0 0 ${size.left}px">${body}</div></foreignObject></svg>`
  );
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** What a URL may not have in it, or loses, is escaped; the rest may stay and is many times more. */
function dataUrl(text: string): string {
  return `data:image/svg+xml;charset=utf-8,${text.replace(/[%#\n\r\t]/g, encodeURIComponent)}`;
}

function draw(
  canvas: HTMLCanvasElement,
  picture: HTMLImageElement,
  { width, height }: Size,
  colors: string[],
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  for (const color of colors) {
    context.fillStyle = color;
    context.fillRect(0, 0, width, height);
  }
  context.drawImage(picture, 0, 0);
}

/** The colours behind the widget, the farthest first. */
function backgrounds(root: Element): string[] {
  const colors: string[] = [];
  for (let outer = parentOf(root); outer; outer = parentOf(outer)) {
    const { backgroundColor } = getComputedStyle(outer);
    if (backgroundColor === "transparent" || backgroundColor === "rgba(0, 0, 0, 0)") continue;
    colors.unshift(backgroundColor);
    if (!/\/|rgba/.test(backgroundColor)) return colors;
  }
  return ["Canvas", ...colors];
}

/** The shadow trees in a widget, and those that it is in. */
function* shadowTrees(root: Element): Generator<ShadowRoot> {
  for (let outer = root.getRootNode(); outer instanceof ShadowRoot; ) {
    yield outer;
    outer = outer.host.getRootNode();
  }
  yield* treesIn(root);
}

function* treesIn(root: Element): Generator<ShadowRoot> {
  for (const element of [root, ...root.querySelectorAll("*")]) {
    if (element.shadowRoot) yield* treesOf(element.shadowRoot);
  }
}

function* treesOf(tree: ShadowRoot): Generator<ShadowRoot> {
  yield tree;
  for (const child of tree.children) yield* treesIn(child);
}

function sheetsOf(tree: Document | ShadowRoot): CSSStyleSheet[] {
  return [...tree.styleSheets, ...tree.adoptedStyleSheets].filter(
    ({ disabled, media }) => !disabled && (!media.mediaText || matchMedia(media.mediaText).matches),
  );
}

function sizeOf(sheet: CSSStyleSheet): number {
  try {
    return sheet.disabled ? 0 : sheet.cssRules.length;
  } catch {
    return 0; // Another site's.
  }
}

async function cached(sheet: CSSStyleSheet, scope: Scope, shadows: boolean): Promise<Sheet | null> {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const stamp = [sizeOf(sheet), innerWidth, innerHeight, dark, shadows].join();
  const scopes = cache.get(sheet) ?? new Map<Scope, Cached>();
  cache.set(sheet, scopes);
  const known = scopes.get(scope);
  if (known?.stamp === stamp) return known.sheet;
  const readable = await readableCopy(sheet);
  if (!readable) return null;
  let read = readSheet(readable, scope, shadows, texts);
  if (read.lost.size > 0) {
    for (const url of read.lost) {
      const text = load(url).then((response) => response.text());
      texts.set(url, await text.catch(() => ""));
    }
    read = readSheet(readable, scope, shadows, texts);
  }
  scopes.set(scope, { stamp, sheet: read });
  return read;
}

/** The sheet itself, or a copy of another site's that allows it. */
async function readableCopy(sheet: CSSStyleSheet): Promise<CSSStyleSheet | null> {
  try {
    if (sheet.cssRules) return sheet;
  } catch {
    const href = sheet.href ?? "";
    if (!copies.has(href)) copies.set(href, copySheet(href));
    return copies.get(href) ?? null;
  }
  return null;
}

async function copySheet(href: string): Promise<CSSStyleSheet | null> {
  try {
    const copy = new CSSStyleSheet({ baseURL: href });
    return await copy.replace(await (await load(href)).text());
  } catch {
    return null;
  }
}

/** A font with its file, without the icons that are not in the picture. */
async function faceOf(font: Font, icons: ReadonlySet<string>): Promise<string> {
  const { truetype } = font;
  if (!truetype || icons.size === 0) return fontFace(font);
  try {
    const file = files.get(truetype) ?? load(truetype).then((response) => response.arrayBuffer());
    files.set(truetype, file);
    const small = await withIcons(new DataView(await file), icons);
    return fontFace(font, small && (await dataOf(small)));
  } catch {
    return fontFace(font); // It can't be read, here or now.
  }
}

/** The names that occur in a widget and its ancestors, and the styles of its elements. */
function namesOf(root: Element): { names: Set<string>; inline: string } {
  const names = new Set<string>(["html", "body", "*"]);
  const inline: string[] = [];
  const take = (element: Element) => {
    names.add(element.localName.toLowerCase());
    if (element.id) names.add(`#${element.id}`);
    for (const name of element.classList) names.add(`.${name}`);
    const style = element.getAttribute("style");
    if (style) inline.push(style);
  };
  for (const element of [root, ...root.querySelectorAll("*")]) take(element);
  for (const tree of treesIn(root)) for (const element of tree.querySelectorAll("*")) take(element);
  for (let outer = parentOf(root); outer; outer = parentOf(outer)) take(outer);
  return { names, inline: inline.join(";") };
}

const NO_PROPERTIES = new Set(["offset", "computedOffset", "easing", "composite"]);

/** What is animated in these trees, as it is now. */
function animatedIn(trees: (Element | ShadowRoot)[]): {
  styles: Map<Element, string>;
  running: boolean;
} {
  const styles = new Map<Element, string>();
  let running = false;
  for (const tree of trees) {
    const animations =
      tree instanceof Element ? tree.getAnimations({ subtree: true }) : tree.getAnimations();
    for (const { effect, playState } of animations) {
      if (!(effect instanceof KeyframeEffect) || !effect.target || effect.pseudoElement) continue;
      running ||= playState === "running";
      const computed = getComputedStyle(effect.target);
      const properties = new Set(effect.getKeyframes().flatMap((frame) => Object.keys(frame)));
      let text = styles.get(effect.target) ?? "";
      for (const name of properties) {
        if (NO_PROPERTIES.has(name)) continue;
        const property = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        text += `${property}:${computed.getPropertyValue(property)};`;
      }
      styles.set(effect.target, text);
    }
  }
  return { styles, running };
}

function sentenceAbout(missing: string[]): string {
  if (missing.length === 0) return "";
  const named = missing.slice(0, NAMED_FAILURES).join(" and ");
  const more =
    missing.length > NAMED_FAILURES ? ` and ${missing.length - NAMED_FAILURES} more` : "";
  return (
    `The picture of the widget lacks ${named}${more}, which could not be read: ` +
    "serve it from the notebook's own server, or from one that allows other sites (CORS)."
  );
}
