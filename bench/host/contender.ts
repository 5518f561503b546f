/** What is timed, in the order in which one machine lives through it. */
export const measuredOperations = [
  'create + start',
  'exec',
  'pause',
  'resume',
  'snapshot',
  'copy',
  'kill',
  'restore',
  'start',
  'delete',
] as const;
export type MeasuredOperation = (typeof measuredOperations)[number];

/** One journalled step of an operation, and how long it took. */
export type StepTiming = { readonly name: string; readonly durationMs: number };

/** One way of having machines; each call resolves when its effect is confirmed. */
export interface Contender {
  readonly name: string;
  /** Makes a machine out of an image (`busybox` or `debian/13`) and starts it; gives its id. */
  create(image: string): Promise<string>;
  /** Runs /bin/true inside; absent: there is no such operation. */
  execute?(id: string): Promise<void>;
  /** Whether a shell command inside ends with success, for what has to be waited for. */
  succeeds(id: string, command: string): Promise<boolean>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Holds the disk of the running machine. */
  snapshot(id: string): Promise<void>;
  /** Makes a stopped machine out of that snapshot, and gives its id; absent: not offered. */
  copy?(id: string): Promise<string>;
  kill(id: string): Promise<void>;
  /** Puts the snapshot in the place of the stopped machine's disk. */
  restore(id: string): Promise<void>;
  start(id: string): Promise<void>;
  /** Removes a stopped machine with its snapshots. */
  remove(id: string): Promise<void>;
  /** The steps of what was asked since the last call, for the profile; absent: it does not tell. */
  takeSteps?(): readonly StepTiming[];
  close(): Promise<void>;
}
