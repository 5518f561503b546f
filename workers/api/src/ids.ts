/**
 * An operation's id: its container's id and 8 more hex digits, so that `GET /operations/{id}` finds the
 * container without a table of its own.
 */
export function operationIdOf(containerId: string, suffix: string): string {
  return containerId + suffix.slice(0, 8);
}
