/** A room: the signs of life that keep its person there, and the view of everybody in it. */

import type { InitializeProps, RenderProps } from "@anywidget/types";
import { every } from "../lib/beat.ts";
import { isSaved, onKernelGone } from "../lib/kernel.ts";
import { onChange } from "../lib/lifetime.ts";
import { page, say, serve } from "../lib/page.ts";
import styles from "../lib/room.css";
import { type Here, roomView } from "../lib/room_view.ts";
import { makeShell } from "../lib/shell.ts";
import type { WebRTCRoomTraits } from "../lib/traits.ts";

type Traits = WebRTCRoomTraits;

/** Milliseconds between two signs of life; `rooms.py` misses the third. */
const BEAT = 5000;

export default () => {
  const here: Here = { gone: false, told: new EventTarget() };

  return {
    initialize({ model, signal }: InitializeProps<Traits>): void {
      const life = new AbortController();
      const both = AbortSignal.any([signal, life.signal]);
      serve(model, {}, both);
      every(BEAT, () => say(model, { kind: "beat", page: page() }), both);
      const end = () => {
        life.abort();
        here.gone = true;
        here.told.dispatchEvent(new Event("told"));
      };
      onKernelGone(model, end, signal);
      if (isSaved(model)) end();
    },
    render({ model, el, signal, host }: RenderProps<Traits>): void {
      // marimo and Colab run a widget that nobody displays only when another one asks for it.
      const asked = new Set<string>();
      const runPeers = () => {
        for (const { peer } of model.get("_people")) {
          if (asked.has(peer)) continue;
          asked.add(peer);
          host.getWidget(peer).catch(() => asked.delete(peer));
        }
      };
      onChange(model, ["_people"], runPeers, signal);
      runPeers();
      roomView(makeShell(el, model, styles, signal), model, here, signal);
    },
  };
};
