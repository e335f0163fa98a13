/** What the Python classes ask for, as the browser takes it. */

export interface Wishes {
  audio?: boolean | MediaTrackConstraints;
  video?: boolean | MediaTrackConstraints;
  /** Stands in the examples of 0.6.0 at the top level, where browsers ignore it. */
  facing_mode?: ConstrainDOMString;
  facingMode?: ConstrainDOMString;
}

/** Puts a misplaced facing mode where it belongs; leaves everything else as it is. */
export function browserConstraints(wishes: Wishes): MediaStreamConstraints {
  const { facing_mode, facingMode = facing_mode, audio = false, ...rest } = wishes;
  if (facingMode === undefined || rest.video === false) {
    return { audio, video: rest.video ?? false };
  }
  const video = typeof rest.video === "object" ? rest.video : {};
  return { audio, video: { facingMode, ...video } };
}

/** The side that the constraints ask for, whichever of the standard's forms they have. */
export function wantedFacing({ video }: MediaStreamConstraints): string | null {
  const wish = typeof video === "object" ? video.facingMode : undefined;
  const flat = Array.isArray(wish) || typeof wish !== "object" ? wish : (wish.exact ?? wish.ideal);
  return (Array.isArray(flat) ? flat[0] : flat) ?? null;
}

export interface Processing {
  echo: boolean;
  noise: boolean;
  gain: boolean;
}

/** What the browser does with the sound of a microphone. */
export function microphoneConstraints({ echo, noise, gain }: Processing): MediaTrackConstraints {
  return { echoCancellation: echo, noiseSuppression: noise, autoGainControl: gain };
}

/** The options of getDisplayMedia; without a surface the user chooses among all. */
export function displayOptions(
  surface: string | null,
  audio: boolean,
  cursor: string | null,
): DisplayMediaStreamOptions {
  const wishes = {
    ...(surface && { displaySurface: surface }),
    ...(cursor && { cursor }),
  };
  // The computer's own sound is no voice in a room: nothing is to be filtered out of it.
  const sound = microphoneConstraints({ echo: false, noise: false, gain: false });
  return { video: surface || cursor ? wishes : true, audio: audio && sound };
}
