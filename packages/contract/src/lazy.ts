/**
 * Defers building a value until its first use and keeps it afterwards.
 *
 * A worker pays for everything that its modules do when they are first evaluated. The route table names
 * several hundred zod schemas of which one request touches two or three, so each is built on demand.
 *
 * @example
 * export const ContainerId = lazy(() => z.string().regex(/^[0-9a-f]{24}$/));
 * ContainerId().parse('…');
 */
export function lazy<T>(build: () => T): () => T {
  let built: { value: T } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}
