import type { InitializeProps, RenderProps } from "@anywidget/types";
import { readerView } from "../lib/reader_view.ts";
import { serveReader } from "../lib/reading.ts";
import { sound } from "../lib/sound.ts";
import type { AudioReaderTraits } from "../lib/traits.ts";

type Traits = AudioReaderTraits;

export default () => {
  const view = readerView();
  return {
    initialize({ model, signal }: InitializeProps<Traits>): void {
      serveReader(model, sound(model), view, signal);
    },
    render({ model, el, signal }: RenderProps<Traits>): void {
      view.render(el, model, signal);
    },
  };
};
