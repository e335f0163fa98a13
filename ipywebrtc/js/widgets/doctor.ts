import type { InitializeProps, RenderProps } from "@anywidget/types";
import { examine } from "../lib/doctor/examine.ts";
import { reportView } from "../lib/doctor/view.ts";
import { type Request, serve } from "../lib/page.ts";
import type { DoctorTraits } from "../lib/traits.ts";

export default {
  initialize({ model, signal }: InitializeProps<DoctorTraits>): void {
    const actions = {
      examine: (request: Request, wanted: AbortSignal) => examine(model, request, wanted),
    };
    serve(model, actions, signal);
  },
  render({ model, el, signal }: RenderProps<DoctorTraits>): void {
    reportView(el, model, signal);
  },
};
