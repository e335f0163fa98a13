/** References to other widgets; the only place that knows how they look on the wire. */

import type { AnyModel } from "@anywidget/types";

// biome-ignore lint/suspicious/noExplicitAny: the traits of a foreign model are not known
type Hash = Record<string, any>;

const PREFIXES = ["IPY_MODEL_", "anywidget:"];

/** The id in a reference, or null where there is none. */
export function modelId(reference: unknown): string | null {
  if (typeof reference !== "string") return null;
  const prefix = PREFIXES.find((candidate) => reference.startsWith(candidate));
  return prefix === undefined ? null : reference.slice(prefix.length);
}

/** The model that a trait of `model` refers to, or null where it is None. */
export async function child<Traits extends Hash = Hash>(
  model: AnyModel,
  trait: string,
): Promise<AnyModel<Traits> | null> {
  const value = model.get(trait);
  // Jupyter resolves some references itself, such as that to the layout.
  if (typeof value?.get === "function") return value;
  const id = modelId(value);
  return id === null ? null : model.widget_manager.get_model<Traits>(id);
}
