/** Reads a `*_json` column that holds an array of strings; anything else there is a broken invariant. */
export function parseStringArray(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new Error('a JSON column does not hold an array of strings');
  }
  return value;
}
