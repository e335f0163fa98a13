import { describe, expect, it } from "vitest";
import { absolute, needs, replaceUrls, type Sheet, select, selectors, split } from "./rules.ts";

const heads = (list: string, scope = 0, shadows = false) =>
  selectors(list, scope, shadows).map(({ text }) => text);

describe("selectors", () => {
  it("are split at their own commas only", () => {
    expect(split('a:is(b, c), [title="x,y"] , d')).toEqual(["a:is(b, c)", '[title="x,y"]', "d"]);
  });

  it("need their classes, ids and tags, but nothing in arguments", () => {
    expect(needs("div.a > #b ~ Input[type=text].c:not(.d)::before")).toEqual([
      "div",
      ".a",
      "#b",
      "input",
      ".c",
    ]);
    expect(needs("*")).toEqual([]);
    expect(needs(":root")).toEqual([]);
    expect(needs(".a\\:b")).toEqual([]);
  });

  it("of the pointer and the focus are left out, those of their absence are kept", () => {
    expect(heads("a:hover, b:not(:hover), c:focus-within, d:focus-visible")).toEqual([
      "b:not(:hover)",
    ]);
  });

  it("find the root under another name", () => {
    expect(heads(":root, :root[data-x] a")).toEqual(["._root", "._root[data-x] a"]);
  });

  it("keep to their own shadow tree", () => {
    expect(heads("a b::before", 1, true)).toEqual(['a b:where([_scope="1"])::before']);
    expect(heads(":host", 2, true)).toEqual([':where([_host="2"])']);
    expect(heads(":host([data-x]) p", 2, true)).toEqual([
      ':where([_host="2"]):is([data-x]) p:where([_scope="2"])',
    ]);
    expect(heads("::slotted(p)", 3, true)).toEqual(['slot:where([_scope="3"])>:is(p)']);
  });

  it("of the document do not reach into shadow trees", () => {
    expect(heads("p:first-child", 0, true)).toEqual(["p:first-child:where(:not([_scope]))"]);
  });
});

describe("URLs", () => {
  it("become absolute", () => {
    expect(absolute("a: url(b.png) url('#c')", "https://x.org/y/z.css")).toBe(
      "a: url(\"https://x.org/y/b.png\") url('#c')",
    );
  });

  it("that hold their data stay", () => {
    expect(replaceUrls('url("data:,x") url( y )', (url) => `${url}!`)).toBe(
      'url("data:,x") url("y!")',
    );
  });
});

describe("the CSS of a tree", () => {
  const rule = (head: string, declarations: string, variables: [string, string][] = []) => ({
    selectors: selectors(head, 0, false),
    declarations,
    variables,
    before: "",
    after: "",
  });
  const sheet: Sheet = {
    rules: [
      rule(":root", "", [
        ["--used", "--used:var(--indirect);"],
        ["--indirect", "--indirect:1;"],
        ["--unused", "--unused:2;"],
      ]),
      rule(".present, .absent", "width:var(--used)"),
      rule(".absent", "height:0"),
    ],
    fonts: [],
    whole: [],
    lost: new Set(),
  };

  it("has what occurs, with the variables that it uses", () => {
    expect(select([sheet], new Set([".present"]), "").trim()).toBe(
      "._root{--used:var(--indirect);--indirect:1;}\n.present{width:var(--used)}",
    );
  });

  it("has the variables of inline styles", () => {
    expect(select([sheet], new Set(), "color: var(--unused)")).toContain("--unused:2");
  });
});
