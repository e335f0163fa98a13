import type { InitializeProps, RenderProps } from "@anywidget/types";
import { asset } from "../lib/asset.ts";
import { servePeer } from "../lib/calling.ts";
import { isSaved } from "../lib/kernel.ts";
import { onChange } from "../lib/lifetime.ts";
import styles from "../lib/peer.css";
import type { streamWidget } from "../lib/preview.ts";
import { child } from "../lib/refs.ts";
import { remote } from "../lib/remote.ts";
import { h, makeShell } from "../lib/shell.ts";
import type { StreamTraits, WebRTCPeerTraits } from "../lib/traits.ts";

type Traits = WebRTCPeerTraits;

interface Preview {
  streamWidget: typeof streamWidget;
}

const STATES: Record<string, string> = {
  idle: "not called yet",
  waiting: "waiting for the other side",
  starting: "connecting…",
  connected: "connected",
  ended: "has left",
  error: "not connected",
};
const TRAITS = ["connected", "error", "nickname", "stats", "status"];

export default () => {
  const here = new EventTarget();
  let gone = "";
  return {
    initialize({ model, signal }: InitializeProps<Traits>): void {
      const over = (reason: string) => {
        gone = reason;
        here.dispatchEvent(new Event("over"));
      };
      servePeer(model, over, signal);
      if (isSaved(model)) over("A call was here: run the cell again, with a kernel.");
    },
    async render(props: RenderProps<Traits>): Promise<void> {
      const { model, el, signal } = props;
      const name = h("span", { className: "name" });
      const state = h("span", { className: "state", role: "status" });
      const error = h("p", { className: "error", role: "alert" });
      const picture = h("div");
      const who = h("div", { className: "who" }, name, state);
      const root = makeShell(el, model, styles, signal);
      root.append(h("div", { className: "peer" }, picture, who, error));
      const update = () => {
        name.textContent = model.get("nickname");
        name.hidden = !name.textContent;
        const relayed = model.get("stats").relayed ? ", relayed" : "";
        state.textContent = gone
          ? (STATES.error ?? "")
          : `${STATES[model.get("status")]}${relayed}`;
        error.textContent = gone || model.get("error");
        error.hidden = !error.textContent;
      };
      onChange(model, TRAITS, update, signal);
      here.addEventListener("over", update, { signal });
      update();
      if (isSaved(model)) return;
      const [stream, { streamWidget }] = await Promise.all([
        child<StreamTraits>(model, "stream_remote"),
        asset<Preview>(model, "preview", signal),
      ]);
      if (!stream || signal.aborted) return;
      const view = { ...props, model: stream, el: picture };
      streamWidget(remote).render(view as unknown as RenderProps<StreamTraits>);
    },
  };
};
