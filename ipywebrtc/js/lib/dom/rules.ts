/**
 * The CSS that a widget needs, out of all style sheets of its page.
 *
 * A rule is kept when every class, id and tag name in one of its selectors occurs in the widget or
 * among its ancestors. That is more than what matches, and much cheaper to know: the browser's own
 * cascade decides the rest, and a class that comes or goes needs no new search.
 */

export interface Sheet {
  rules: Rule[];
  fonts: Font[];
  /** What stands whole: the order of layers, registered properties. */
  whole: string[];
  /** The URLs of the style sheets whose text is needed, and was not given. */
  lost: Set<string>;
}

interface Rule {
  selectors: Selector[];
  declarations: string;
  /** Custom properties: a theme has hundreds, some of them images, and a widget uses a few. */
  variables: [name: string, declaration: string][];
  before: string;
  after: string;
}

export interface Selector {
  text: string;
  /** `.class`, `#id` and `tag`, all of which must occur. */
  needs: string[];
}

export interface Font {
  family: string;
  weight: string;
  style: string;
  range: string;
  source: string;
  /** The URL of the same font as TrueType, of which icons can be left out. */
  truetype: string | undefined;
}

/** The place of a selector: the document is 0, each shadow root has a number of its own. */
export type Scope = number;

export const SCOPE_ATTRIBUTE = "_scope";
export const HOST_ATTRIBUTE = "_host";
/** Stands on the copy of `<html>`, which is not the root of the picture. */
export const ROOT_CLASS = "_root";

// What never matches in a picture: nobody points at it, and it has no focus.
const NEVER = /:(hover|active|focus(-visible|-within)?|target|fullscreen|modal)(?![\w-])/;
const PSEUDO_ELEMENT = /::|:(before|after|first-line|first-letter)(?![\w-])/;
const URL_FUNCTION = /url\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^)"']*?))\s*\)/g;

/** Reads a style sheet, with the texts of linked ones by URL; throws where it is another site's. */
export function readSheet(
  sheet: CSSStyleSheet,
  scope: Scope,
  shadows: boolean,
  texts: ReadonlyMap<string, string>,
): Sheet {
  const result: Sheet = { rules: [], fonts: [], whole: [], lost: new Set() };
  read(sheet.cssRules, sheet.href ?? document.baseURI, "", "", { scope, shadows, texts, result });
  return result;
}

interface Reading {
  scope: Scope;
  shadows: boolean;
  texts: ReadonlyMap<string, string>;
  result: Sheet;
}

function read(
  rules: CSSRuleList,
  base: string,
  before: string,
  after: string,
  reading: Reading,
): void {
  for (const rule of rules) {
    if (rule instanceof CSSStyleRule) {
      reading.result.rules.push({ ...styleRule(rule, base, reading), before, after });
    } else if (rule instanceof CSSMediaRule) {
      // The picture is as wide as the widget: what is asked of the page is answered here.
      if (matchMedia(rule.conditionText).matches) read(rule.cssRules, base, before, after, reading);
    } else if (rule instanceof CSSSupportsRule) {
      if (CSS.supports(rule.conditionText)) read(rule.cssRules, base, before, after, reading);
    } else if (rule instanceof CSSImportRule) {
      const media = rule.media.mediaText;
      const sheet = rule.styleSheet;
      if (sheet && (!media || matchMedia(media).matches)) {
        read(sheet.cssRules, sheet.href ?? base, before, after, reading);
      }
    } else if (rule instanceof CSSFontFaceRule) {
      // Those of shadow trees do not count: text has the fonts of the document.
      if (!reading.scope) reading.result.fonts.push(fontOf(rule.style, base));
    } else if (rule instanceof CSSKeyframesRule) {
      // What is animated is drawn where it stands.
    } else if (rule instanceof CSSGroupingRule) {
      const prelude = rule.cssText.slice(0, rule.cssText.indexOf("{") + 1);
      read(rule.cssRules, base, before + prelude, `}${after}`, reading);
    } else if (!(rule instanceof CSSNamespaceRule)) {
      reading.result.whole.push(absolute(rule.cssText, base));
    }
  }
}

function fontOf(style: CSSStyleDeclaration, base: string): Font {
  const value = (name: string) => style.getPropertyValue(name);
  const sources = split(value("src"));
  const source = sources.find((text) => text.includes("woff2")) ?? sources.at(-1) ?? "";
  const truetype = sources.find((text) => text.includes("truetype")) ?? "";
  const [family, range] = [value("font-family"), value("unicode-range")];
  const [weight, slope] = [value("font-weight") || "normal", value("font-style") || "normal"];
  return {
    family: unquoted(family),
    weight,
    style: slope,
    range,
    source: absolute(source, base),
    truetype: /url\("(.+?)"\)/.exec(absolute(truetype, base))?.[1],
  };
}

/** A font with one file: a picture carries it along, each time. */
export function fontFace(
  { family, weight, style, range, source }: Font,
  data?: string | null,
): string {
  return (
    `@font-face{font-family:"${family}";font-weight:${weight};font-style:${style};` +
    `${range && `unicode-range:${range};`}src:${data ? `url("${data}")` : source}}`
  );
}

/** Whether the page has loaded a font, as it does when there is text in it. */
function isLoaded({ family, weight, style }: Font): boolean {
  for (const face of document.fonts) {
    const same = unquoted(face.family) === family && face.style === style;
    if (same && face.weight === weight && face.status === "loaded") return true;
  }
  return false;
}

function styleRule(
  rule: CSSStyleRule,
  base: string,
  reading: Reading,
): Pick<Rule, "selectors" | "declarations" | "variables"> {
  const variables: [string, string][] = [];
  let { style } = rule;
  const names = [...style].filter((name) => name.startsWith("--"));
  if (names.length > 0) {
    // A copy, whose custom properties are taken out: a shorthand can't be put together again.
    const copy = new CSSStyleSheet();
    copy.insertRule(`a{${style.cssText}}`);
    style = (copy.cssRules[0] as CSSStyleRule).style;
    for (const name of names) {
      const priority = style.getPropertyPriority(name) && "!important";
      const value = absolute(style.getPropertyValue(name), base);
      variables.push([name, `${name}:${value}${priority};`]);
      style.removeProperty(name);
    }
  }
  const whole =
    variables.length === 0 && /:\s*;/.test(style.cssText) ? asWritten(rule, reading) : null;
  const nested = [...(rule.cssRules ?? [])].map(({ cssText }) => cssText).join("");
  return {
    selectors: selectors(rule.selectorText, reading.scope, reading.shadows),
    declarations: absolute((whole ?? style.cssText) + nested, base),
    variables,
  };
}

/**
 * The declarations of a rule in their own words, where the browser has lost some: it writes a
 * shorthand with `var()`, a part of which is set again, as empty.
 */
function asWritten(rule: CSSStyleRule, { texts, result }: Reading): string | null {
  const { href, ownerNode } = rule.parentStyleSheet ?? {};
  const source = href ? texts.get(href) : ownerNode?.textContent;
  if (href && source === undefined) result.lost.add(href);
  if (!source) return null;
  const head = rule.selectorText.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s*");
  const plain = source.replace(/\/\*[\s\S]*?\*\//g, "");
  for (const [, block] of plain.matchAll(new RegExp(`${head}\\s*\\{([^{}]*)\\}`, "g"))) {
    const copy = new CSSStyleSheet();
    copy.insertRule(`a{${block}}`);
    const { cssText } = (copy.cssRules[0] as CSSStyleRule).style;
    if (cssText === rule.style.cssText) return block as string;
  }
  return null;
}

/** The selectors of a list that can match in a picture, as they are written there. */
export function selectors(list: string, scope: Scope, shadows: boolean): Selector[] {
  return split(list)
    .filter((text) => !NEVER.test(bare(text)))
    .map((text) => ({ text: scoped(text, scope, shadows), needs: needs(text) }));
}

/** The classes, ids and tag names without which a selector can't match. */
export function needs(selector: string): string[] {
  if (selector.includes("\\")) return []; // Escaped names are rare; such rules are kept.
  const names = bare(selector).replace(/::?[\w-]+/g, " ");
  const found = names.match(/[.#]?[^\s>+~.#*:,|&]+/g) ?? [];
  return found.map((name) => (/^[.#]/.test(name) ? name : name.toLowerCase()));
}

/** A selector without strings, attributes and arguments. */
function bare(selector: string): string {
  let text = selector.replace(/"[^"]*"|'[^']*'/g, "").replace(/\[[^\]]*\]/g, "");
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/\([^()]*\)/g, "");
  }
  return text;
}

/** Splits at the commas of the list itself. */
export function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let quote = "";
  for (let i = 0; i < list.length; i += 1) {
    const letter = list[i] as string;
    if (letter === "\\") i += 1;
    else if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "(" || letter === "[") depth += 1;
    else if (letter === ")" || letter === "]") depth -= 1;
    else if (letter === "," && depth === 0) {
      parts.push(list.slice(start, i).trim());
      start = i + 1;
    }
  }
  return [...parts, list.slice(start).trim()];
}

/**
 * Shadow trees are drawn as part of the one tree: their selectors, and the document's, are bound to
 * their own elements. `:where` leaves the weight of a selector as it is.
 */
function scoped(selector: string, scope: Scope, shadows: boolean): string {
  let text = selector.replace(/:root(?![\w-])/g, `.${ROOT_CLASS}`);
  if (!shadows) return text;
  const mine = scope
    ? `:where([${SCOPE_ATTRIBUTE}="${scope}"])`
    : `:where(:not([${SCOPE_ATTRIBUTE}]))`;
  const host = `:where([${HOST_ATTRIBUTE}="${scope}"])`;
  text = text.replace(/::part\(\s*([\w-]+)\s*\)/g, `[part~="$1"]`);
  if (/::part|\[part~=/.test(text)) return text;
  if (/^:host(-context)?(?![\w-])/.test(text)) {
    text = text.replace(/^:host\(((?:[^()]|\([^()]*\))*)\)/, `${host}:is($1)`);
    text = text.replace(/^:host-context\(((?:[^()]|\([^()]*\))*)\)/, `:is($1) ${host}`);
    text = text.replace(/^:host(?![\w-])/, host);
    if (!/[\s>+~]/.test(text.trim())) return text;
  }
  text = text.replace(/(\S*)::slotted\(((?:[^()]|\([^()]*\))*)\)/g, `slot${mine}>:is($2)`);
  if (text.includes(`slot${mine}>`)) return text;
  const end = lastCompound(text);
  const at = text.slice(end).search(PSEUDO_ELEMENT);
  const place = at < 0 ? text.length : end + at;
  return text.slice(0, place) + mine + text.slice(place);
}

/** Where the last compound selector begins. */
function lastCompound(selector: string): number {
  let depth = 0;
  for (let i = selector.length - 1; i > 0; i -= 1) {
    const letter = selector[i] as string;
    if (letter === ")" || letter === "]") depth += 1;
    else if (letter === "(" || letter === "[") depth -= 1;
    else if (depth === 0 && /[\s>+~]/.test(letter)) return i + 1;
  }
  return 0;
}

/** The CSS for a tree in which these names occur. */
export function select(sheets: Sheet[], present: Set<string>, inline: string): string {
  const chosen: { rule: Rule; heads: string }[] = [];
  const used = new Set<string>();
  const use = (text: string) => {
    for (const [, name] of text.matchAll(/var\(\s*(--[^\s,)]+)/g)) used.add(name as string);
  };
  use(inline);
  const variables = new Map<string, string[]>();
  for (const { rules } of sheets) {
    for (const rule of rules) {
      const heads = rule.selectors
        .filter((selector) => selector.needs.every((name) => present.has(name)))
        .map(({ text }) => text)
        .join(",");
      if (!heads) continue;
      chosen.push({ rule, heads });
      use(rule.declarations);
      for (const [name, text] of rule.variables) {
        variables.set(name, [...(variables.get(name) ?? []), text]);
      }
    }
  }
  // A set that grows while it is walked: what a used variable uses is used too.
  for (const name of used) for (const text of variables.get(name) ?? []) use(text);
  const parts = sheets.flatMap(({ whole }) => whole);
  for (const { rule, heads } of chosen) {
    const wanted = rule.variables.filter(([name]) => used.has(name));
    const declarations = wanted.map(([, text]) => text).join("") + rule.declarations;
    if (declarations) parts.push(`${rule.before}${heads}{${declarations}}${rule.after}`);
  }
  return parts.join("\n");
}

/** The fonts that CSS names, and the page has loaded. */
export function fontsFor(sheets: Sheet[], css: string): Font[] {
  const fonts = sheets.flatMap((sheet) => sheet.fonts);
  return fonts.filter((font) => css.includes(font.family) && isLoaded(font));
}

/** CSS whose relative URLs are made absolute. */
export function absolute(css: string, base: string): string {
  return replaceUrls(css, (url) => {
    try {
      return new URL(url, base).href;
    } catch {
      return url;
    }
  });
}

/** CSS with other URLs; those that hold their data, and those of the document itself, stay. */
export function replaceUrls(css: string, replace: (url: string) => string): string {
  if (!css.includes("url(")) return css;
  return css.replace(URL_FUNCTION, (all, double, single, plain) => {
    const url = double ?? single ?? plain;
    return /^(data:|#|$)/.test(url) ? all : `url("${replace(url)}")`;
  });
}

export function unquoted(name: string): string {
  return name.replace(/^["']|["']$/g, "");
}
