/** Lets the browser download bytes as a file. */

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the URL after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A name with an ending: the format's, where it has none. */
export function fileName(name: string, format: string): string {
  return /\.[^./\\]+$/.test(name) ? name : `${name}.${format}`;
}
