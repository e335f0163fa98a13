/** Why a page can't have a camera or microphone, and whether it must ask for one. */

import { Failure } from "./failure.ts";

export interface Wanted {
  audio: boolean;
  video: boolean;
}

/** "the camera", "the microphone" or both, as the sentences need it. */
export function deviceNames({ audio, video }: Wanted): string {
  if (audio && video) return "the camera and the microphone";
  return video ? "the camera" : "the microphone";
}

/** The failure to expect before the browser is even asked, or null. */
export function unavailable(wanted: Wanted): Failure | null {
  const names = deviceNames(wanted);
  if (location.protocol === "vscode-webview:") {
    return new Failure(
      "PermissionDenied",
      `VS Code blocks ${names} in notebooks (github.com/microsoft/vscode/issues/119127): open the notebook in a browser, for example with JupyterLab.`,
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
      `The site around this notebook does not let it use ${names} (Permissions-Policy, or an iframe without allow="camera; microphone"): open the notebook in a tab of its own, or ask the site's administrator.`,
    );
  }
  return null;
}

interface FeaturePolicy {
  allowsFeature(feature: string): boolean;
}

function allowedByPolicy({ audio, video }: Wanted): boolean {
  const policy = (document as { featurePolicy?: FeaturePolicy }).featurePolicy;
  if (!policy) return true;
  return (
    (!video || policy.allowsFeature("camera")) && (!audio || policy.allowsFeature("microphone"))
  );
}

/** Whether the browser would hand out the devices without a prompt. */
export async function granted({ audio, video }: Wanted): Promise<boolean> {
  const names = [...(video ? ["camera"] : []), ...(audio ? ["microphone"] : [])];
  try {
    const states = await Promise.all(
      names.map((name) => navigator.permissions.query({ name: name as PermissionName })),
    );
    return states.every(({ state }) => state === "granted");
  } catch {
    return false; // Some browsers do not tell; then a click is asked for.
  }
}

/** A rejection of getUserMedia, in words. */
export function explain(error: unknown, wanted: Wanted): Failure {
  const names = deviceNames(wanted);
  const { name, message, constraint } = error as DOMException & { constraint?: string };
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
    case "OverconstrainedError":
      return new Failure(
        "DeviceNotFound",
        `No device satisfies the constraint ${constraint || "given"}: relax it (for example with "ideal" in place of "exact"), then try again.`,
      );
    default:
      return new Failure("MediaError", `The browser could not open ${names}: ${message}`);
  }
}
