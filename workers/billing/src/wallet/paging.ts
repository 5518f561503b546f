/** What a list's query says of paging. */
interface PageQuery {
  readonly page: number;
  readonly limit: number;
  readonly offset?: number | undefined;
}

/** How many lines to pass over. */
export function offsetOf({ page, limit, offset }: PageQuery): number {
  return offset ?? (page - 1) * limit;
}

/** The counters of a page; one that was asked for by offset is the page on which that line is. */
export function paginationOf(query: PageQuery, total: number) {
  const { limit } = query;
  const page = Math.floor(offsetOf(query) / limit) + 1;
  return { total, page, limit, totalPages: Math.ceil(total / limit) };
}
