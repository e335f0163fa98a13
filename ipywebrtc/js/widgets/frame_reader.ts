import type { InitializeProps, RenderProps } from "@anywidget/types";
import { frames } from "../lib/frames.ts";
import { readerView } from "../lib/reader_view.ts";
import { serveReader } from "../lib/reading.ts";
import type { FrameReaderTraits } from "../lib/traits.ts";

type Traits = FrameReaderTraits;

export default () => {
  const view = readerView();
  return {
    initialize({ model, signal }: InitializeProps<Traits>): void {
      serveReader(model, frames(model), view, signal);
    },
    render({ model, el, signal }: RenderProps<Traits>): void {
      view.render(el, model, signal);
    },
  };
};
