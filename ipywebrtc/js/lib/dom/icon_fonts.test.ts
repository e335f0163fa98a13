import { describe, expect, it } from "vitest";
import { iconsIn, withIcons } from "./icon_fonts.ts";

const SHAPES = [4, 8, 12, 16]; // the sizes of the glyphs
const HEAD_SIZE = 54;

/** A font whose glyphs 1, 2 and 3 are for `a`, U+F000 and U+F001. */
function font(extra: string[] = [], contours = 1): DataView {
  const cmap = [0, 1, 3, 1, 0, 12, 4, 40, 0, 6, 0, 0, 0];
  cmap.push(0x61, 0xf001, 0xffff, 0, 0x61, 0xf000, 0xffff);
  cmap.push((1 - 0x61) & 0xffff, (2 - 0xf000) & 0xffff, 1, 0, 0, 0);
  const glyf = SHAPES.flatMap((size, glyph) => [contours, ...Array(size / 2 - 1).fill(glyph)]);
  const loca = [0, 2, 6, 12, 20];
  const tables: Record<string, number[]> = { cmap, glyf, head: Array(HEAD_SIZE / 2).fill(0), loca };
  for (const name of extra) tables[name] = [0];
  const names = Object.keys(tables);
  const start = 12 + 16 * names.length;
  const words = Object.values(tables).flat();
  const view = new DataView(new ArrayBuffer(start + 2 * words.length));
  view.setUint32(0, 0x00010000);
  view.setUint16(4, names.length);
  let place = start;
  names.forEach((name, index) => {
    const size = 2 * (tables[name] as number[]).length;
    for (let i = 0; i < 4; i += 1) view.setUint8(12 + 16 * index + i, name.charCodeAt(i));
    view.setUint32(12 + 16 * index + 8, place);
    view.setUint32(12 + 16 * index + 12, size);
    place += size;
  });
  words.forEach((word, index) => {
    view.setUint16(start + 2 * index, word);
  });
  return view;
}

function table(file: ArrayBuffer, index: number): DataView {
  const view = new DataView(file);
  const [start, size] = [view.getUint32(20 + 16 * index), view.getUint32(24 + 16 * index)];
  return new DataView(file, start, size);
}

describe("icons", () => {
  it("are found as they are, and escaped", () => {
    expect(iconsIn('a{content:"\uf00c"} b{content:"\\f001"} c{content:"\\201c"}')).toEqual([
      "\uf00c",
      "\uf001",
    ]);
  });
});

describe("an icon font", () => {
  it("loses the icons that are not wanted, and keeps its letters", async () => {
    const blob = await withIcons(font(), new Set(["\uf001"]));
    const small = (await blob?.arrayBuffer()) as ArrayBuffer;
    const loca = table(small, 3);
    const ends = [0, 1, 2, 3, 4].map((glyph) => 2 * loca.getUint16(2 * glyph));
    expect(ends).toEqual([0, 4, 12, 12, 28]);
    const glyf = table(small, 1);
    expect(glyf.byteLength).toBe(28);
    expect(glyf.getUint16(26)).toBe(3);
  });

  it("is left as it is where words or other glyphs make its icons", async () => {
    expect(await withIcons(font(["GSUB"]), new Set())).toBeNull();
    expect(await withIcons(font([], 0xffff), new Set())).toBeNull();
    expect(await withIcons(new DataView(new ArrayBuffer(0)), new Set())).toBeNull();
  });
});
