/** A model for unit tests: traits, listeners, and what was sent to the kernel. */

import type { AnyModel } from "@anywidget/types";

type Listener = (...values: unknown[]) => void;
type Message = Record<string, unknown>;

export interface FakeModel {
  // biome-ignore lint/suspicious/noExplicitAny: it stands in for models of every kind
  model: AnyModel<any>;
  sent: Message[];
  /** Changes a trait as the kernel does. */
  change(name: string, value: unknown): void;
  /** Delivers a custom message of the kernel. */
  receive(message: Message): void;
  listeners(): number;
}

export function fakeModel(traits: Message): FakeModel {
  const state = { ...traits };
  const listeners = new Map<string, Set<Listener>>();
  const sent: Message[] = [];
  const emit = (name: string, ...values: unknown[]) => {
    for (const listener of [...(listeners.get(name) ?? [])]) listener(...values);
  };
  const model = {
    get: (name: string) => state[name],
    on: (name: string, listener: Listener) =>
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener)),
    off: (name: string, listener: Listener) => listeners.get(name)?.delete(listener),
    send: (content: Message) => sent.push(content),
  };
  return {
    model: model as unknown as FakeModel["model"],
    sent,
    change(name, value) {
      state[name] = value;
      emit(`change:${name}`);
    },
    receive: (message) => emit("msg:custom", message),
    listeners: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  };
}
