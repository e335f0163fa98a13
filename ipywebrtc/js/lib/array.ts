/** Opens an ArrayStream: a canvas with the pixels that Python writes, and the sound beside it. */

import { Failure } from "./failure.ts";
import { onAbort, onChange } from "./lifetime.ts";
import type { Opener, Source } from "./live.ts";
import { page, say } from "./page.ts";
import { toRgba } from "./pixels.ts";
import { makeSpeaker, type Speaker } from "./speaker.ts";
import type { ArrayStreamTraits } from "./traits.ts";

/** Milliseconds after which an unchanged picture is drawn again, for users that come late. */
const REPEAT = 500;
/** Milliseconds after which the kernel is told again how far it is, should it not have heard it. */
const TELL = 2000;

type Bytes = DataView | Uint8Array | ArrayBuffer;

interface Message {
  kind?: string;
  number: number;
  width: number;
  height: number;
  channels: number;
  sample_rate: number;
  text: string;
}

export const array: Opener<ArrayStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    const { signal } = attempt;
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    let number = 0;
    let drawn = 0;
    let speaker: Speaker | null = null;
    canvas.width = model.get("width") ?? 1;
    canvas.height = model.get("height") ?? 1;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const stream = canvas.captureStream();
    onAbort(signal, () => {
      for (const track of stream.getTracks()) track.stop();
      tell(false);
    });

    function tell(open = true): void {
      say(model, { kind: "drawn", page: page(), number, open });
    }

    function draw(message: Message, bytes: Uint8Array): void {
      const { width, height, channels } = message;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      context.putImageData(new ImageData(toRgba(bytes, channels), width, height), 0, 0);
      drawn = performance.now();
      number = message.number;
      tell();
    }

    function makeSound(): void {
      const rate = model.get("_sample_rate");
      if (speaker || !rate) return;
      speaker = makeSpeaker(rate, signal);
      for (const track of speaker.stream.getTracks()) stream.addTrack(track);
      attempt.changed();
    }

    const receive = (message: Message, buffers: Bytes[]) => {
      const bytes = buffers?.[0];
      if (message.kind === "picture" && bytes) draw(message, view(bytes));
      if (message.kind === "sound" && bytes) speaker?.play(view(bytes), message.channels);
      if (message.kind === "said") {
        attempt.changed(message.text ? new Failure("MediaError", message.text) : null);
      }
    };
    const repeat = () => {
      if (performance.now() - drawn < REPEAT) return;
      context.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
    };
    model.on("msg:custom", receive);
    onChange(model, ["_sample_rate"], makeSound, signal);
    const timers = [setInterval(repeat, REPEAT), setInterval(tell, TELL)];
    onAbort(signal, () => {
      model.off("msg:custom", receive);
      for (const timer of timers) clearInterval(timer);
    });
    makeSound();
    repeat(); // A canvas sends what is drawn after it is captured.
    tell();
    const still = async () => ({ image: canvas, width: canvas.width, height: canvas.height });
    return { stream, mirrored: false, still };
  },
  quiet: async () => true,
  fleeting: "A stream of arrays",
};

function view(bytes: Bytes): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
