/** One line of the doctor's report; `_facts.py` has the same. */

export interface Fact {
  group: string;
  name: string;
  value: string;
  state: "ok" | "info" | "warning" | "failure" | "pending";
  /** What mends it, in one sentence; empty where nothing has to be mended; for an info, what brings more. */
  advice: string;
}

/** Makes the facts of one group. */
export function facts(group: string) {
  const fact =
    (state: Fact["state"]) =>
    (name: string, value: string, advice = ""): Fact => ({ group, name, value, state, advice });
  return { ok: fact("ok"), warning: fact("warning"), failure: fact("failure") };
}
