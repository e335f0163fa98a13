import { expect, test } from "vitest";
import { mayLoad } from "./media.ts";

test.each(["https://host/x", "HTTP://host", "blob:https://host/1", "x.mp4", "/x", "?a=b:c"])(
  "%s is loaded",
  (url) => expect(mayLoad(url)).toBe(true),
);

test.each([
  "javascript:alert(1)",
  " java\nscript:alert(1)",
  "data:text/html,x",
  "file:///etc/passwd",
])("%s is not loaded", (url) => expect(mayLoad(url)).toBe(false));
