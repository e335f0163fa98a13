/** The view of a room: everybody in it, the invitation, and what one can do. */

import type { AnyModel } from "@anywidget/types";
import { type IconName, icon } from "./icons.ts";
import { makeInvitation } from "./invitation.ts";
import { onAbort, onChange } from "./lifetime.ts";
import { type Live, liveOf } from "./live.ts";
import { page } from "./page.ts";
import { child, modelId } from "./refs.ts";
import { remote } from "./remote.ts";
import { makeTile, type Tile } from "./room_tile.ts";
import { h } from "./shell.ts";
import { liveStream } from "./streams.ts";
import type { CameraStreamTraits, RoomPerson, StreamTraits, WebRTCRoomTraits } from "./traits.ts";

type Model = AnyModel<WebRTCRoomTraits>;

/** What the views of one room in this page share. */
export interface Here {
  /** Whether the kernel has ended. */
  gone: boolean;
  /** Fires `told` when something here has changed. */
  told: EventTarget;
}

const STATES = { connecting: "Connecting…", connected: "", reconnecting: "Reconnecting…" };
const ELSEWHERE = "The call is in another tab of this notebook.";

export function roomView(root: ShadowRoot, model: Model, here: Here, signal: AbortSignal): void {
  const stage = h("div", { className: "stage" });
  stage.role = "list";
  stage.ariaLabel = "People in the room";
  const warning = h("p", { className: "warning", role: "status" });
  const frame = h("div", { className: "frame" }, stage, warning);
  const empty = emptyTile(model, signal);
  const bar = makeBar(model, signal);
  const news = h("div", { className: "news", role: "status" });
  root.append(h("div", { className: "room" }, frame, bar.element, news));

  const tiles = new Map<string, { tile: Tile; end: AbortController; name: string }>();
  const own = makeTile(signal);
  stage.append(own.element, empty.element);

  const update = () => {
    const people = here.gone ? [] : model.get("_people");
    const acts = model.get("_page") === page();
    const announced: string[] = [];
    for (const [id, { tile, end, name }] of tiles) {
      if (people.some((person) => person.id === id)) continue;
      end.abort();
      tile.element.remove();
      tiles.delete(id);
      announced.push(`${name} left.`);
    }
    for (const person of people) {
      let known = tiles.get(person.id);
      if (!known) {
        const end = new AbortController();
        const tile = makeTile(AbortSignal.any([end.signal, signal]));
        known = { tile, end, name: person.nickname };
        tiles.set(person.id, known);
        stage.append(tile.element);
        announced.push(`${person.nickname} came in.`);
      }
      known.name = person.nickname;
      showPerson(known.tile, person, model, acts, AbortSignal.any([known.end.signal, signal]));
    }
    stage.append(empty.element);
    const alone = people.length === 0;
    empty.show(alone ? emptyNote(model, here, acts) : null);
    stage.dataset.count = String(Math.max(2, 1 + people.length));
    const error = model.get("error") || (acts || !model.get("_page") ? "" : ELSEWHERE);
    warning.textContent = alone ? "" : error;
    warning.hidden = !warning.textContent;
    if (announced.length) news.textContent = announced.join(" ");
    own.show({
      name: model.get("nickname"),
      note: "",
      audio: bar.enabled("audio"),
      video: bar.enabled("video"),
    });
    bar.update(here.gone);
  };

  followOwn(model, own, bar, update, signal);
  const names = ["_people", "_page", "_inside", "status", "error", "nickname", "room"];
  onChange(model, names, update, signal);
  here.told.addEventListener("told", update, { signal });
  update();
}

async function showPerson(
  tile: Tile,
  person: RoomPerson,
  model: Model,
  acts: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { nickname, audio, video, state } = person;
  const note = STATES[state] || (acts ? "" : "Connected");
  tile.show({ name: nickname, note, audio, video });
  const id = modelId(person.stream);
  tile.element.dataset.stream = id ?? "";
  let live: Live | null = null;
  if (acts && id) {
    const stream = await model.widget_manager.get_model<StreamTraits>(id).catch(() => null);
    if (stream) live = liveOf(stream, remote);
  }
  // Meanwhile the call may have been made anew.
  if (!signal.aborted && tile.element.dataset.stream === (id ?? "")) tile.follow(live);
}

/** Shows our own stream, whichever it is, and lets the bar mute it. */
function followOwn(
  model: Model,
  own: Tile,
  bar: Bar,
  update: () => void,
  signal: AbortSignal,
): void {
  let stop = new AbortController();
  const follow = async () => {
    stop.abort();
    stop = new AbortController();
    const both = AbortSignal.any([stop.signal, signal]);
    const stream = await child<StreamTraits>(model, "stream");
    const live = stream && (await liveStream(model, both).catch(() => null));
    if (both.aborted) return;
    bar.control(stream, live);
    own.follow(live, () => isMirrored(stream, live));
    if (stream) onChange(stream, ["audio_enabled", "video_enabled"], update, both);
    live?.watch(update, both);
    update();
  };
  onChange(model, ["stream"], follow, signal);
  onAbort(signal, () => stop.abort());
  follow();
}

/** As a mirror shows us, which is how people know themselves; others see it as it is. */
function isMirrored(stream: AnyModel<StreamTraits> | null, live: Live | null): boolean {
  const { source } = live ?? {};
  if (!source || stream?.get("_kind") !== "camera") return source?.mirrored ?? false;
  const wish = (stream as unknown as AnyModel<CameraStreamTraits>).get("mirror");
  const [track] = source.stream.getVideoTracks();
  return wish ?? track?.getSettings().facingMode !== "environment";
}

interface Note {
  text: string;
  /** Whether somebody may be invited. */
  invite?: boolean;
  /** Whether one may join. */
  join?: boolean;
}

/** What is said where the others would be. */
function emptyNote(model: Model, here: Here, acts: boolean): Note {
  const error = model.get("error");
  if (here.gone) return { text: "The kernel restarted or ended: run the cell again." };
  if (!model.get("_inside")) return { text: error || "You have left the room.", join: true };
  if (model.get("status") === "error") return { text: error };
  if (model.get("_page") && !acts) return { text: ELSEWHERE };
  if (model.get("status") === "starting" || !acts) return { text: "Connecting…" };
  return { text: "Nobody else is here yet: send them this code.", invite: true };
}

function emptyTile(model: Model, signal: AbortSignal) {
  const text = h("p", { role: "status" });
  const join = h("button", { type: "button" }, "Join again");
  join.addEventListener("click", () => setInside(model, true));
  const invitation = makeInvitation(model, signal);
  const element = h("div", { className: "tile empty" }, text, invitation, join);
  return {
    element,
    show(note: Note | null) {
      element.hidden = note === null;
      text.textContent = note?.text ?? "";
      invitation.hidden = !note?.invite;
      join.hidden = !note?.join;
    },
  };
}

function setInside(model: Model, inside: boolean): void {
  model.set("_inside", inside);
  model.save_changes();
}

type Kind = "audio" | "video";

interface Bar {
  element: HTMLElement;
  /** Takes our stream, which the buttons mute. */
  control(stream: AnyModel<StreamTraits> | null, live: Live | null): void;
  enabled(kind: Kind): boolean;
  update(gone: boolean): void;
}

function makeBar(model: Model, signal: AbortSignal): Bar {
  let stream: AnyModel<StreamTraits> | null = null;
  let live: Live | null = null;
  const toggle = (kind: Kind, name: IconName, label: string) => {
    const trait = `${kind}_enabled` as const;
    const element = h(
      "button",
      { type: "button", className: "control", title: label, ariaLabel: label },
      icon(name),
    );
    element.addEventListener("click", () => {
      stream?.set(trait, !stream.get(trait));
      stream?.save_changes();
    });
    const update = () => {
      const tracks = live?.source?.stream.getTracks() ?? [];
      element.disabled = !tracks.some((track) => track.kind === kind);
      element.ariaPressed = String(stream?.get(trait) === false);
    };
    return { element, update };
  };
  const microphone = toggle("audio", "microphone", "Mute the microphone");
  const camera = toggle("video", "video", "Hide the picture");
  const leave = h("button", { type: "button", className: "leave" }, "Leave");
  leave.addEventListener("click", () => setInside(model, !model.get("_inside")));
  const facts = h("span", { className: "facts" });
  const invitation = makeInvitation(model, signal);
  const buttons = h("div", { className: "buttons" }, microphone.element, camera.element, leave);
  const element = h("div", { className: "bar" }, buttons, facts, invitation);
  return {
    element,
    control(followed, its) {
      stream = followed;
      live = its;
    },
    enabled: (kind) => stream?.get(`${kind}_enabled`) !== false,
    update(gone) {
      microphone.update();
      camera.update();
      const inside = model.get("_inside");
      leave.textContent = inside ? "Leave" : "Join";
      leave.classList.toggle("join", !inside);
      leave.disabled = gone;
      facts.textContent = inside && !gone ? sentence(model) : "";
      invitation.classList.toggle("unneeded", model.get("_people").length === 0);
    },
  };
}

/** `2 others`, or what goes on. */
function sentence(model: Model): string {
  const people = model.get("_people");
  const connected = people.filter(({ state }) => state === "connected").length;
  if (people.length > connected) return connected ? `${connected} of ${people.length}` : "";
  if (connected === 0) return "";
  return connected === 1 ? "1 other" : `${connected} others`;
}
