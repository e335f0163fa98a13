/** What went wrong, in one sentence that says what to do; `errors.py` has the same names. */

const NAMES = [
  "MediaError",
  "PermissionDenied",
  "DeviceNotFound",
  "InsecureContext",
  "SourceError",
  "UnsupportedFormat",
  "MediaTimeout",
] as const;

export type FailureName = (typeof NAMES)[number];

export class Failure extends Error {
  override readonly name: FailureName;

  constructor(name: FailureName, message: string) {
    super(message);
    this.name = name;
  }
}

/** Nobody's fault: the stream is closed and ready, and who waited for it is told why. */
export class Declined extends Failure {
  /** Whether the stream says it too. */
  readonly aloud: boolean;

  constructor(message: string, { aloud }: { aloud: boolean }) {
    super("MediaError", message);
    this.aloud = aloud;
  }
}

/** Any thrown value as a Failure; what is not foreseen keeps its own words. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // A Failure of another bundle on this page is another class with the same shape.
  const { name, message } = error as Partial<Failure>;
  if (name && message && NAMES.includes(name)) return new Failure(name, message);
  return new Failure("MediaError", `The browser failed unexpectedly: ${message || String(error)}`);
}
