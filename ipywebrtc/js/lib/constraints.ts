/** The constraints of a CameraStream as the browser takes them. */

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
