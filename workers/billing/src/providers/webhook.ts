/** A webhook whose signature was checked. */
export interface VerifiedEvent {
  /** Unique at its provider. */
  readonly eventId: string;
  readonly eventType: string;
  /** Exactly as it was received. */
  readonly body: string;
}
