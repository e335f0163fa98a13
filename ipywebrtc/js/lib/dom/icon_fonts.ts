/**
 * Icon fonts with only the icons that are used.
 *
 * A picture carries its fonts along, and the browser reads them anew each time: with the thousand
 * icons of Font Awesome that took 5 ms of 20, for one of them.
 */

/** The characters that stand for icons: Unicode's private ones. */
const ICON = /[\ue000-\uf8ff]/;
const ESCAPED_ICON = /\\((?:e|f[0-8])[\da-f]{2,3})(?![\da-f])/gi;
/** A font with other tables for its shapes, or with words for its icons, is left as it is. */
const UNKNOWN = /GSUB|morx|CFF|fvar|COLR/;
const LOCATIONS_ARE_LONG = 50; // in `head`

/** The icons in CSS or in markup. */
export function iconsIn(text: string): string[] {
  const plain = text.replace(ESCAPED_ICON, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return plain.match(/[\ue000-\uf8ff]/g) ?? [];
}

/** A TrueType font without the other icons; null where it has no icons, or is made otherwise. */
export async function withIcons(font: DataView, wanted: ReadonlySet<string>): Promise<Blob | null> {
  const tables = tablesOf(font);
  const table = (name: string) => tables.get(name) as DataView;
  if (!tables.has("glyf") || UNKNOWN.test([...tables.keys()].join())) return null;
  const kept = glyphsOf(table("cmap"), wanted);
  if (!kept) return null;

  const shapes = table("glyf");
  const loca = table("loca");
  const long = table("head").getUint16(LOCATIONS_ARE_LONG) === 1;
  const count = loca.byteLength / (long ? 4 : 2) - 1;
  const at = (glyph: number) => (long ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph));
  const places = new DataView(new ArrayBuffer(loca.byteLength));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let end = 0;
  for (let glyph = 0; glyph < count; glyph += 1) {
    const size = kept.has(glyph) ? at(glyph + 1) - at(glyph) : 0;
    if (size > 0) {
      if (shapes.getInt16(at(glyph)) < 0) return null; // It is made of other glyphs.
      pieces.push(bytes(shapes, at(glyph), size));
    }
    end += size;
    if (long) places.setUint32(4 * (glyph + 1), end);
    else places.setUint16(2 * (glyph + 1), end / 2);
  }

  tables.set("glyf", new DataView(await new Blob(pieces).arrayBuffer()));
  tables.set("loca", places);
  return fontOf(font, tables);
}

/** https://learn.microsoft.com/typography/opentype/spec/otff#table-directory */
function tablesOf(font: DataView): Map<string, DataView> {
  const tables = new Map<string, DataView>();
  if (font.byteLength < 12 || font.getUint32(0) !== 0x00010000) return tables;
  for (let entry = 12; tables.size < font.getUint16(4); entry += 16) {
    const name = String.fromCharCode(...bytes(font, entry, 4));
    const [start, size] = [font.getUint32(entry + 8), font.getUint32(entry + 12)];
    tables.set(name, new DataView(font.buffer, font.byteOffset + start, size));
  }
  return tables;
}

/** The glyphs of letters and wanted icons; null without icons, or where not all can be told. */
function glyphsOf(cmap: DataView, wanted: ReadonlySet<string>): Set<number> | null {
  const glyphs = new Set([0]);
  let icons = false;
  for (let entry = 4; entry < 4 + 8 * cmap.getUint16(2); entry += 8) {
    const start = cmap.getUint32(entry + 4);
    if (cmap.getUint16(start) > 6) return null; // It has characters beyond those of 16 bits.
    if (cmap.getUint16(start) !== 4) continue;
    const size = cmap.getUint16(start + 6);
    for (let segment = start + 14; segment < start + 14 + size; segment += 2) {
      const [last, first] = [cmap.getUint16(segment), cmap.getUint16(segment + size + 2)];
      const delta = cmap.getUint16(segment + 2 * size + 2);
      const place = segment + 3 * size + 2;
      const offset = cmap.getUint16(place);
      for (let code = first; code <= last; code += 1) {
        const found = offset ? cmap.getUint16(place + offset + 2 * (code - first)) : code;
        const letter = String.fromCharCode(code);
        const icon = ICON.test(letter);
        icons ||= icon;
        if (!icon || wanted.has(letter)) glyphs.add((found + delta) & 0xffff);
      }
    }
  }
  return icons ? glyphs : null;
}

function fontOf(font: DataView, tables: Map<string, DataView>): Blob {
  const size = 12 + 16 * tables.size;
  const head = new DataView(bytes(font, 0, size).slice().buffer);
  const pieces = [bytes(head, 0, size)];
  let start = size;
  let entry = 12;
  for (const table of tables.values()) {
    head.setUint32(entry + 8, start);
    head.setUint32(entry + 12, table.byteLength);
    const padding = -table.byteLength & 3;
    pieces.push(bytes(table, 0, table.byteLength), new Uint8Array(padding));
    start += table.byteLength + padding;
    entry += 16;
  }
  return new Blob(pieces, { type: "font/ttf" });
}

function bytes(view: DataView, start: number, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, size);
}
