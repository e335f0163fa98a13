/** Why a page can't have a camera, microphone or screen, and whether it must ask for one. */

import { Declined, Failure } from "./failure.ts";

export interface Wanted {
  audio: boolean;
  video: boolean;
  display?: boolean;
}

/** "the camera", "the microphone" or both, or "the screen", as the sentences need it. */
export function deviceNames({ audio, video, display }: Wanted): string {
  if (display) return "the screen";
  if (audio && video) return "the camera and the microphone";
  return video ? "the camera" : "the microphone";
}

/** The failure to expect before the browser is even asked, or null. */
export function unavailable(wanted: Wanted): Failure | null {
  const names = deviceNames(wanted);
  if (inVsCode()) {
    return new Failure(
      "PermissionDenied",
      `VS Code blocks ${names} in notebooks (https://github.com/microsoft/vscode/issues/119127): open the notebook in a browser, for example with JupyterLab.`,
    );
  }
  if (!isSecureContext || !navigator.mediaDevices) {
    return new Failure(
      "InsecureContext",
      `Browsers give ${names} only to pages served by https or from localhost, and this one is ${location.origin}: open the notebook by https, or through an ssh tunnel as http://localhost.`,
    );
  }
  if (!allowedByPolicy(wanted)) {
    return new Failure(
      "PermissionDenied",
      `The site around this notebook does not let it use ${names} (Permissions-Policy, or an iframe without allow="${features(wanted).join("; ")}"): open the notebook in a tab of its own, or ask the site's administrator.`,
    );
  }
  if (wanted.display && !navigator.mediaDevices.getDisplayMedia) {
    return new Failure(
      "MediaError",
      "This browser can't share a screen, as those of phones can't: open the notebook in a browser on a computer.",
    );
  }
  return null;
}

/** Whether this is a notebook in VS Code: also in a browser, where its pages come by https. */
function inVsCode(): boolean {
  const theme = document.body?.dataset.vscodeThemeKind; // VS Code sets it for its webviews' styles.
  return location.protocol === "vscode-webview:" || theme !== undefined;
}

/** What a Permissions-Policy calls the devices. */
function features({ audio, video, display }: Wanted): string[] {
  if (display) return ["display-capture"];
  return [...(video ? ["camera"] : []), ...(audio ? ["microphone"] : [])];
}

interface FeaturePolicy {
  allowsFeature(feature: string): boolean;
}

function allowedByPolicy(wanted: Wanted): boolean {
  const policy = (document as { featurePolicy?: FeaturePolicy }).featurePolicy;
  return !policy || features(wanted).every((feature) => policy.allowsFeature(feature));
}

/** Whether the browser would hand out the devices without a prompt. */
export async function granted(wanted: Wanted): Promise<boolean> {
  const states = await Promise.all(features(wanted).map(permission));
  return states.every((state) => state === "granted"); // Else a click is asked for.
}

/** What the browser says of a permission, or null: some do not tell. */
export async function permission(name: string): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return null;
  }
}

/** A rejection of getUserMedia, in words. */
export function explain(error: unknown, wanted: Wanted): Failure {
  const names = deviceNames(wanted);
  const { name, message } = error as DOMException;
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Failure(
        "PermissionDenied",
        `The browser was not allowed to use ${names}: allow it by the icon in the address bar and in the system's privacy settings, then try again.`,
      );
    case "NotFoundError":
      return new Failure(
        "DeviceNotFound",
        `The browser finds no device for ${names}: plug it in, or check the constraints, then try again.`,
      );
    case "NotReadableError":
    case "AbortError":
      return new Failure(
        "DeviceNotFound",
        `The browser could not read from ${names}; another program may hold it: close that program, then try again.`,
      );
    default:
      return new Failure("MediaError", `The browser could not open ${names}: ${message}`);
  }
}

/** A rejection of getDisplayMedia, in words. */
export function explainDisplay(error: unknown): Failure {
  const { name, message } = error as DOMException;
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      // Chromium's words for what macOS and Wayland deny; a cancelled picker has others.
      if (message.includes("system")) {
        return new Failure(
          "PermissionDenied",
          "The system does not let the browser record the screen: allow it in the system's privacy settings, start the browser again, then try once more.",
        );
      }
      return new Declined("Nothing was chosen to be shared: try again, and choose in the picker.", {
        aloud: false,
      });
    case "InvalidStateError":
    case "InvalidAccessError":
      return new Declined(
        "Browsers share a screen only after a click: press the button in the view of this stream.",
        { aloud: true },
      );
    default:
      return new Failure(
        "SourceError",
        `The browser could not record the screen (${message || name}): choose another screen, window or tab.`,
      );
  }
}
