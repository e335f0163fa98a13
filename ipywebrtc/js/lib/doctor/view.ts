/** The view of the doctor: a line for each fact, the troubles first told in a sentence. */

import type { AnyModel } from "@anywidget/types";
import { makeCopyButton } from "../copy_button.ts";
import { onKernelGone } from "../kernel.ts";
import { onChange } from "../lifetime.ts";
import { page, say } from "../page.ts";
import recorder from "../recorder.css";
import { h, makeShell } from "../shell.ts";
import type { DoctorTraits } from "../traits.ts";
import type { Fact } from "./fact.ts";
import styles from "./view.css";

type State = Fact["state"];

/** The worst first; what is only said counts for less than what is well. */
const MARKS: Record<State, [sign: string, meaning: string]> = {
  failure: ["✕", "failure"],
  warning: ["!", "warning"],
  pending: ["…", "not known yet"],
  ok: ["✓", "ok"],
  info: ["i", "information"],
};
/** The group that nobody reads while it is well. */
const CLOSED = "Versions";

export function reportView(
  el: HTMLElement,
  model: AnyModel<DoctorTraits>,
  signal: AbortSignal,
): void {
  const root = makeShell(el, model, recorder + styles, signal);
  const summary = h("strong", { role: "status" });
  const copy = makeCopyButton("Copy as text", () => model.get("report"));
  const again = h("button", { type: "button", className: "plain" }, "Examine again");
  const list = h("div");
  const head = h("div", { className: "bar" }, summary, again, copy);
  root.append(h("div", { className: "doctor" }, head, list));

  let gone = false;
  const groups = new Map<string, Group>();
  const update = () => {
    const facts = model.get("_facts");
    const starting = model.get("status") === "starting";
    const unfinished = gone ? "The kernel has ended: run the cell again" : "Examining…";
    summary.textContent = starting ? unfinished : verdict(facts);
    again.disabled = starting || gone;
    const names = groupsOf(facts);
    for (const name of names) {
      const group = groups.get(name) ?? makeGroup(name);
      groups.set(name, group);
      group.show(facts.filter((fact) => fact.group === name));
    }
    // One that stays in its place keeps what the user opened and where the focus is.
    const elements = names.map((name) => (groups.get(name) as Group).element);
    if (elements.some((element, index) => list.children[index] !== element)) {
      list.replaceChildren(...elements);
    }
    for (const element of [...list.children].slice(elements.length)) element.remove();
  };
  again.addEventListener("click", () => say(model, { kind: "again", page: page() }));
  const ended = () => {
    gone = true;
    update();
  };
  onKernelGone(model, ended, signal);
  onChange(model, ["_facts", "status"], update, signal);
  update();
}

/** The names of the groups, first those in which something does not work. */
export function groupsOf(facts: Fact[]): string[] {
  const broken = facts.filter(({ state }) => state === "failure");
  return [...new Set([...broken, ...facts].map(({ group }) => group))];
}

/** What is wrong in all, in a few words. */
export function verdict(facts: Fact[]): string {
  const failures = count(facts, "failure");
  const warnings = count(facts, "warning");
  const parts = [
    ...(failures ? [`${failures} ${failures > 1 ? "things do" : "thing does"} not work`] : []),
    ...(warnings ? [`${warnings} ${warnings > 1 ? "warnings" : "warning"}`] : []),
  ];
  return parts.join(", ") || "All is well";
}

function count(facts: Fact[], state: State): number {
  return facts.filter((fact) => fact.state === state).length;
}

interface Group {
  element: HTMLElement;
  show(facts: Fact[]): void;
}

function makeGroup(name: string): Group {
  const title = h("summary");
  const body = h("tbody");
  const table = h("table", { ariaLabel: name }, body);
  const element = h("details", { open: name !== CLOSED }, title, table);
  return {
    element,
    show(facts) {
      const states = Object.keys(MARKS) as State[];
      const worst = states.find((state) => count(facts, state)) ?? "ok";
      title.replaceChildren(mark(worst), name);
      body.replaceChildren(...facts.map(row));
      if (worst === "failure") element.open = true;
    },
  };
}

function row({ name, value, state, advice }: Fact): HTMLElement {
  const found = h("td", {}, value);
  if (advice) found.append(h("p", {}, advice));
  const head = h("th", { scope: "row" }, name);
  const line = h("tr", { className: state }, h("td", {}, mark(state)), head, found);
  return line;
}

function mark(state: State): HTMLElement {
  const [sign, meaning] = MARKS[state];
  return h("span", { className: `mark ${state}`, role: "img", ariaLabel: meaning }, sign);
}
