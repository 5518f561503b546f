/** The JSON envelope of every success: `{statusCode, message, data}` and, for a few lists, keys beside. */

export interface SuccessEnvelope<T> {
  readonly statusCode: number;
  readonly message: string;
  readonly data: T;
}

/**
 * The body of a success. `statusCode` repeats the HTTP status. A route without data answers `data: null`,
 * which satisfies clients that read the key as well as those that don't expect it.
 *
 * @param extra keys that stand beside `data` (see {@link RouteDefinition.extra}).
 */
export function successEnvelope<T>(
  statusCode: number,
  message: string,
  data: T,
  extra: Readonly<Record<string, unknown>> = {},
): SuccessEnvelope<T> {
  return { ...extra, statusCode, message, data };
}

export interface Pagination {
  readonly total: number;
  readonly page: number;
  readonly limit: number;
  readonly totalPages: number;
}

/** The counters of a paged list. `page` is 1-based; an empty list has no pages. */
export function pagination(total: number, page: number, limit: number): Pagination {
  return { total, page, limit, totalPages: Math.ceil(total / limit) };
}

/** How many rows come before a page. */
export function pageOffset(page: number, limit: number): number {
  return (page - 1) * limit;
}
