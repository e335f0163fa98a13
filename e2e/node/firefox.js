/**
 * Drives a Firefox, as a line of JSON on the standard input asks: `{"tab", "name", "values"}`.
 *
 * Each line is answered by one: `{"value"}` or `{"error"}`. The Firefox's path is the argument.
 */

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const PREFERENCES = {
  // A camera and a microphone that are not there, and nobody to ask.
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  // The candidates of a call are addresses of this machine, without asking the network for names.
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
};

/** Finds elements by steps, in shadow roots too: a selector, a number, or a button by its label. */
const FIND = `function find(steps) {
  const within = (root, selector) => [
    ...root.querySelectorAll(selector),
    ...[root, ...root.querySelectorAll("*")]
      .filter((element) => element.shadowRoot)
      .flatMap((element) => within(element.shadowRoot, selector)),
  ];
  return steps.reduce((found, { selector, nth, button }) => {
    if (selector) return found.flatMap((element) => within(element, selector));
    if (nth !== undefined) return found.slice(nth, nth + 1);
    return found
      .flatMap((element) => within(element, "button"))
      .filter((element) => element.checkVisibility())
      .filter(({ ariaLabel, textContent }) => (ariaLabel ?? textContent).includes(button));
  }, [document])[0];
}`;

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: PREFERENCES,
});
const tabs = [];

const commands = {
  async open() {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const errors = [];
    page.on("dialog", (dialog) => dialog.accept()); // a notebook with changes is left
    page.on("pageerror", ({ stack, message }) => errors.push(`${message}\n${stack}`));
    page.on("console", (told) => told.type() === "error" && errors.push(told.text()));
    await page.setViewport({ width: 1280, height: 1000 });
    return tabs.push({ context, page, errors }) - 1;
  },
  close: ({ context }) => context.close(),
  goto: async ({ page }, url) => void (await page.goto(url)),
  evaluate: ({ page }, code, value) => page.evaluate(call(code, value)),
  wait: async ({ page }, code, value, timeout) =>
    void (await page.waitForFunction(call(code, value), { timeout, polling: 50 })),
  async click({ page }, steps) {
    const options = { timeout: 10_000, polling: 50 };
    const element = await page.waitForFunction(withElement("element => element", steps), options);
    await element.click();
  },
  element: ({ page }, steps, code) => page.evaluate(withElement(code, steps)),
  screenshot: async ({ page }, path) => void (await page.screenshot({ path })),
  errors: ({ errors }) => errors,
};

function call(code, value) {
  return `(${code})(${JSON.stringify(value)})`;
}

function withElement(code, steps) {
  return `(() => { ${FIND}; return (${code})(find(${JSON.stringify(steps)})); })()`;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { tab, name, values } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[name](tabs[tab], ...values)) ?? null };
  } catch (error) {
    answer = { error: error.stack };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
